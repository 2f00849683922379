package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"florin/store"
)

const (
	// watchPause lies between two looks at a shard's servers, give or take a fifth.
	watchPause = time.Second
	// clockPause lies between two looks at the clock of one that has no replicas.
	clockPause = 10 * time.Second
	// lookTimeout is how long a server may take to say how it is.
	lookTimeout = time.Second
)

// watch looks at a shard's servers again and again: how far the primary's log is,
// how far its replicas are, and what time it is there.
type watch struct {
	shard  *shard
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	samples []sample // of the primary's log, oldest first
	wrong   error    // what is wrong with this process's clock
	alone   bool     // the primary has no synchronous standby, and should
}

// sample is how far the primary's log was flushed at a time of this process.
type sample struct {
	at    time.Time
	place store.Place
}

func newWatch(sh *shard) *watch { return &watch{shard: sh} }

// start begins to look, at once.
func (w *watch) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.done.Go(func() { w.run(ctx) })
}

func (w *watch) stop() {
	if w == nil || w.cancel == nil {
		return
	}
	w.cancel()
	w.done.Wait()
}

func (w *watch) run(ctx context.Context) {
	pause := watchPause
	if len(w.shard.replicas) == 0 {
		pause = clockPause
	}
	for {
		w.look(ctx)
		fifth := pause / 5
		timer := time.NewTimer(pause - fifth + rand.N(2*fifth)) //nolint:gosec // it spreads processes
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// look looks at all servers once: at the primary first, so that what a replica has
// then is held against a place that is known.
func (w *watch) look(ctx context.Context) {
	_ = w.sample(ctx) // what is not known makes the replicas' lag unknown
	var looking sync.WaitGroup
	for _, r := range w.shard.replicas {
		looking.Go(func() { r.probe(ctx) })
	}
	looking.Wait()
}

// selectMoment asks a primary for its time, how far its log was flushed, and whether
// no standby is there that its commits wait for; who may not see that is not told so.
const selectMoment = `SELECT clock_timestamp(), pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint,
	current_setting('synchronous_standby_names') <> '' AND pg_has_role('pg_monitor', 'USAGE')
		AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))`

type moment struct {
	at    time.Time
	place store.Place
	alone bool // commits wait for a standby that is not there
}

func (r *row) moment() moment { return moment{r.time(), r.place(), r.bool()} }

// sample asks the primary, and returns what is wrong with this process's clock.
func (w *watch) sample(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	var asked, answered time.Time
	clock := w.shard.store.cfg.Clock
	var there moment
	err := w.shard.lend(limited, w.shard.writers, func(c *conn) (err error) {
		asked = clock.Now()
		there, err = one(limited, &reader{c.Conn}, (*row).moment, selectMoment)
		answered = clock.Now()
		return err
	})
	if err != nil {
		return nil //nolint:nilerr // a shard that is away says nothing of the time
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alone = there.alone
	w.wrong = clockError(w.shard.number, there.at, asked, answered)
	w.add(sample{time.Now(), there.place})
	return w.wrong
}

// isAlone tells whether the primary's commits wait for a standby that is not there,
// as it was seen last.
func (w *watch) isAlone() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alone
}

// add keeps a sample, and lets those go that are of no use any more.
func (w *watch) add(s sample) {
	if n := len(w.samples); n > 0 && s.place < w.samples[n-1].place {
		w.samples = nil // another primary, whose log is shorter
	}
	w.samples = append(w.samples, s)
	beyond := s.at.Add(-w.shard.store.cfg.MaxLag)
	for len(w.samples) > 2 && w.samples[1].at.Before(beyond) {
		w.samples = w.samples[1:]
	}
}

// latest returns the furthest place that the primary's log is known to have.
func (w *watch) latest() store.Place {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.samples); n > 0 {
		return w.samples[n-1].place
	}
	return 0
}

// lag returns how old at most the state is that a server with a place shows;
// false when that cannot be told, or is longer than what is remembered.
func (w *watch) lag(place store.Place, now time.Time) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.samples) - 1; i >= 0; i-- {
		if w.samples[i].place <= place {
			return now.Sub(w.samples[i].at), true
		}
	}
	return 0, false
}

// maxClockOff is how far this process's clock may be from a database's.
const maxClockOff = 2 * time.Second

// clockError compares the time of a database with that of this process, which lies
// between asked and answered.
func clockError(shard int, there, asked, answered time.Time) error {
	off, direction := time.Duration(0), ""
	switch {
	case there.Before(asked.Add(-maxClockOff)):
		off, direction = asked.Sub(there), "ahead of"
	case there.After(answered.Add(maxClockOff)):
		off, direction = there.Sub(answered), "behind"
	default:
		return nil
	}
	return fmt.Errorf("%w: it is %s %s the database's of shard %d: set it right",
		ErrClock, off.Round(time.Millisecond), direction, shard)
}

var _ store.Guarded = (*Store)(nil)

// Ready returns ErrClock while this process's clock is not the databases'.
func (s *Store) Ready() error {
	for _, sh := range s.shards {
		if sh.watch == nil {
			continue
		}
		sh.watch.mu.Lock()
		wrong := sh.watch.wrong
		sh.watch.mu.Unlock()
		if wrong != nil {
			return wrong
		}
	}
	return nil
}
