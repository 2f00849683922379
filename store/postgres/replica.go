package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"florin/store"
)

// replica is a server that follows a shard's primary, as far as this process knows
// it. It is read from while its last look was good; it begins left out.
//
//	left out ─▶ a look is good ─▶ read from ─▶ a look or a read fails ─▶ left out
type replica struct {
	shard *shard
	at    Replica
	pool  *pgxpool.Pool

	looking sync.Mutex // over the connection that looks
	looks   *pgx.Conn

	mu       sync.Mutex
	up       context.Context //nolint:containedctx // it ends when the replica is left out; nil while it is
	leave    context.CancelFunc
	out      error // why it is left out
	replayed store.Place
	lookedAt time.Time
	told     told
}

var (
	errNotLooked  = errors.New("it was not looked at yet")
	errNoStandby  = errors.New("it is no standby")
	errOldPrimary = errors.New("it does not follow the primary of now")
	errLags       = errors.New("it lags")
)

// newReplica makes the pool of one; it connects when it is used.
func newReplica(sh *shard, at Replica) (*replica, error) {
	own := sh.own()
	conn, err := at.config(own.Shards[sh.number])
	if err != nil {
		return nil, fmt.Errorf("store/postgres: shard %d: replica %s: %w", sh.number, at.server(), err)
	}
	pool, err := pgxpool.ParseConfig(own.Shards[sh.number].DSN)
	if err != nil {
		return nil, fmt.Errorf("store/postgres: shard %d: dsn: %w", sh.number, err)
	}
	r := &replica{shard: sh, at: at, out: errNotLooked}
	pool.ConnConfig = conn
	pool.ConnConfig.ConnectTimeout = lookTimeout
	sh.parameters(pool.ConnConfig, false)
	if !own.Unprepared {
		pool.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	}
	// One more looks.
	pool.MaxConns, pool.MinConns = int32(own.Pool.MaxSize-1), int32(max(own.Pool.MinSize-1, 0))
	pool.PingTimeout = lookTimeout
	pool.AfterConnect = r.examine
	// The context only bounds the start of what it makes in the background.
	r.pool, err = pgxpool.NewWithConfig(context.Background(), pool)
	return r, err
}

func (r Replica) server() string { return net.JoinHostPort(r.Host, strconv.Itoa(r.Port)) }

// examine refuses a connection that leads to another store's or shard's database.
func (r *replica) examine(ctx context.Context, c *pgx.Conn) error {
	found, err := one(ctx, &reader{c}, (*row).about, selectMeta)
	if err != nil {
		return err
	}
	sh := r.shard
	want := marks{shard: sh.number, shards: len(sh.store.cfg.Shards), mode: sh.store.cfg.Mode}
	if err := found.check(want); err != nil {
		return err
	}
	if latest, err := latest(embedded); err != nil || found.schema != latest {
		return errors.Join(err, ErrSchema)
	}
	return sh.store.isOurs(found.marks)
}

// selectView asks a server how it follows. What it receives is not everybody's to
// know; of the last restart it is.
const selectView = `SELECT pg_is_in_recovery(), coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint,
	epoch, timeline, greatest(coalesce((SELECT received_tli FROM pg_stat_wal_receiver), 0),
		(SELECT timeline_id FROM pg_control_checkpoint()))::bigint
	FROM meta`

// view is how a server follows its primary.
type view struct {
	standby  bool
	replayed store.Place
	generation
	received int64 // the timeline that it has from its primary
}

func (r *row) view() view {
	return view{standby: r.bool(), replayed: r.place(), generation: generation{r.int(), r.int()}, received: r.int()}
}

// judge says whether a server with a view follows the primary whose generation is
// latest.
func (v view) judge(latest generation) error {
	switch {
	case !v.standby:
		return errNoStandby
	case v.before(latest):
		return fmt.Errorf("%w: it is at epoch %d, timeline %d, and that is at %d, %d",
			errOldPrimary, v.epoch, v.timeline, latest.epoch, latest.timeline)
	case v.received > latest.timeline:
		return fmt.Errorf("%w: it is on timeline %d, and that on %d", errOldPrimary, v.received, latest.timeline)
	}
	return nil
}

// probe looks at the replica, and leaves it out or takes it in again.
func (r *replica) probe(ctx context.Context) {
	r.looking.Lock()
	defer r.looking.Unlock()
	limited, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	r.look(limited)
}

// look looks at the replica; the caller holds looking.
func (r *replica) look(ctx context.Context) {
	seen, err := r.ask(ctx)
	if err == nil {
		err = seen.judge(r.shard.generation())
	}
	if err == nil {
		longest := r.shard.store.cfg.MaxLag
		if lag, ok := r.shard.watch.lag(seen.replayed, time.Now()); !ok || lag > longest {
			err = fmt.Errorf("%w by more than %s", errLags, longest)
		}
	}
	r.set(seen.replayed, err)
}

func (r *replica) ask(ctx context.Context) (seen view, err error) {
	if r.looks == nil || r.looks.IsClosed() {
		if r.looks, err = pgx.ConnectConfig(ctx, r.pool.Config().ConnConfig); err != nil {
			return seen, briefly(err)
		}
		if err := r.examine(ctx, r.looks); err != nil {
			r.hangUp()
			return seen, err
		}
	}
	return one(ctx, &reader{r.looks}, (*row).view, selectView)
}

// hangUp ends the connection that looks.
func (r *replica) hangUp() {
	if r.looks == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	_ = r.looks.Close(ctx)
	r.looks = nil
}

// set keeps what a look has found.
func (r *replica) set(replayed store.Place, err error) {
	if err != nil {
		r.fail(err)
		return
	}
	r.mu.Lock()
	r.replayed, r.lookedAt, r.out = replayed, time.Now(), nil
	if r.up == nil {
		r.up, r.leave = context.WithCancel(context.Background())
	}
	r.mu.Unlock()
	r.tell(nil)
}

// fail leaves the replica out, and ends the reads that are under way there: they
// go to another server.
func (r *replica) fail(err error) {
	r.leaveOut(err)
	r.tell(err)
}

func (r *replica) leaveOut(err error) {
	r.mu.Lock()
	r.out, r.lookedAt = err, time.Now()
	leave := r.leave
	r.up, r.leave = nil, nil
	r.mu.Unlock()
	if leave != nil {
		leave()
		renew(r.pool)
	}
}

// state returns the context of the time for which the replica is read from, and
// how far it was at the last look; nil while it is left out.
func (r *replica) state() (up context.Context, replayed store.Place, lookedAt time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.up, r.replayed, r.lookedAt
}

// why returns why the replica is left out, nil when it is not.
func (r *replica) why() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out
}

const (
	// lookAgain is how old a look must be, at least, before a read asks for another.
	lookAgain = 5 * time.Millisecond
	// lookPatience is how long a read waits for a look.
	lookPatience = 200 * time.Millisecond
	// lendPatience is how long a read waits for a connection to a replica.
	lendPatience = 500 * time.Millisecond
)

// has tells whether the replica has the log up to a place, after another look if
// need be.
func (r *replica) has(least store.Place) bool {
	up, replayed, lookedAt := r.state()
	if up == nil {
		return false
	}
	if replayed >= least {
		return true
	}
	if time.Since(lookedAt) < lookAgain || !r.looking.TryLock() {
		return false
	}
	defer r.looking.Unlock()
	ctx, cancel := context.WithTimeout(up, lookPatience)
	defer cancel()
	r.look(ctx)
	up, replayed, _ = r.state()
	return up != nil && replayed >= least
}

// lend lends a connection to f. When the replica is left out meanwhile, the
// connection ends. lost tells that it did, or that there was none.
func (r *replica) lend(ctx context.Context, f func(*conn) error) (lost bool, err error) {
	up, _, _ := r.state()
	if up == nil {
		return true, r.why()
	}
	limited, cancel := context.WithTimeout(ctx, lendPatience)
	pooled, err := r.pool.Acquire(limited)
	cancel()
	if err != nil {
		stat := r.pool.Stat()
		if ctx.Err() == nil && stat.AcquiredConns() < stat.MaxConns() {
			r.fail(err)
		}
		return true, err
	}
	c := &conn{pooled.Conn(), pooled}
	defer c.release()
	line := c.PgConn().Conn()
	end := context.AfterFunc(up, func() { _ = line.Close() })
	defer end()
	err = f(c)
	if err != nil && c.IsClosed() && ctx.Err() == nil {
		r.fail(err)
		return true, err
	}
	return false, err
}

// close ends all connections.
func (r *replica) close() {
	r.leaveOut(errors.New("the store is closed"))
	r.looking.Lock()
	defer r.looking.Unlock()
	r.hangUp()
	r.pool.Close()
}
