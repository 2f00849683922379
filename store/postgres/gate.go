package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/store"
)

// probePause lies between two probes of a shard that gives no answer.
const probePause = time.Second

// gate keeps callers from a shard that gives no answer: they are told at once,
// while a probe finds out when it is back.
type gate struct {
	shard *shard

	mu      sync.Mutex
	down    bool
	why     error // it is down
	closed  bool
	shutter context.CancelFunc // ends opened
	opened  context.Context    //nolint:containedctx // for as long as the gate stays open
	doubt   *doubt             // the present one, if any
	cancel  context.CancelFunc
	probing sync.WaitGroup
}

// doubt is a question whether the shard answers.
type doubt struct {
	done chan struct{}
	err  error // nil: it does; good once done is closed
}

// whileOpen returns a context that also ends when the gate shuts.
func (g *gate) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(g.untilShut(), cancel)
	return ctx, func() { stop(); cancel() }
}

// untilShut returns a context that ends when the gate shuts; it has ended where the
// gate is shut now.
func (g *gate) untilShut() context.Context {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == nil {
		g.opened, g.shutter = context.WithCancel(context.Background())
		if g.down {
			g.shutter()
		}
	}
	return g.opened
}

// watch looks after what takes long on a connection: as long as it goes on, the
// shard is asked now and then on another one. Where it gives no answer there either,
// the gate is shut. The connection is ended when the gate shuts, and when another
// server has become the primary; not once stop was called.
func (g *gate) watch(c *conn) (stop func()) {
	w := &watched{conn: c.Conn, ended: make(chan struct{})}
	unshut := context.AfterFunc(g.untilShut(), w.cut)
	pause := g.patience()
	timer := time.AfterFunc(pause, func() {
		for !w.isOver() {
			switch {
			case g.isSilent():
				if !w.isOver() {
					g.shut(errNoAnswer)
				}
				return
			case !g.shard.hosts.leadsTo(c.PgConn().Conn().RemoteAddr().String()):
				w.cut()
				return
			}
			select {
			case <-w.ended:
			case <-time.After(pause):
			}
		}
	})
	return func() {
		w.end()
		unshut()
		timer.Stop()
	}
}

// watched is a connection that is looked after until it is given back.
type watched struct {
	conn  *pgx.Conn
	ended chan struct{}

	mu   sync.Mutex
	over bool
}

func (w *watched) isOver() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

func (w *watched) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.over = true
		close(w.ended)
	}
}

// cut ends the connection, unless it was given back.
func (w *watched) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		cut(w.conn)
	}
}

// suspect asks, in the background, whether the shard answers, and shuts the gate if
// it does not: one call alone may wait for something else, as a COMMIT does for a
// synchronous standby.
func (g *gate) suspect() {
	go func() {
		if g.isSilent() {
			g.shut(errNoAnswer)
		}
	}()
}

// patience is two fifths of what a shard has to answer: in as much again it is asked
// once more, and there is time left to tell.
func (g *gate) patience() time.Duration { return g.shard.store.cfg.Freeze * 2 / 5 }

// isSilent asks whether the shard answers, once for all who want to know it at the
// same time. Whoever says why not has answered.
func (g *gate) isSilent() bool {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return false
	}
	d := g.doubt
	if d == nil {
		d = &doubt{done: make(chan struct{})}
		g.doubt = d
		g.probing.Go(func() {
			d.err = g.ask(context.Background(), g.patience())
			g.mu.Lock()
			g.doubt = nil
			g.mu.Unlock()
			close(d.done)
		})
	}
	g.mu.Unlock()
	<-d.done
	switch {
	case d.err == nil, isAnswer(d.err):
		return false
	case errors.Is(d.err, ErrSchema), errors.Is(d.err, ErrMarks), errors.Is(d.err, ErrFilling):
		return false
	}
	return true
}

// pass returns ErrUnavailable, and why, while the gate is shut.
func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down {
		why := strings.TrimPrefix(g.why.Error(), store.ErrUnavailable.Error()+": ")
		return fmt.Errorf("%w: %s", store.ErrUnavailable, why) // whatever else it was, it is that now
	}
	return nil
}

// shut shuts the gate until a probe has had an answer.
func (g *gate) shut(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down || g.closed {
		return
	}
	g.down, g.why = true, why
	if g.shutter != nil {
		g.shutter()
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.cancel = cancel
	g.probing.Go(func() { g.probe(ctx) })
}

// probe asks until there is an answer, and opens the gate.
func (g *gate) probe(ctx context.Context) {
	for {
		err := g.ask(ctx, g.shard.store.cfg.Freeze)
		if err == nil || stateOf(err) == stateTooMany { // it is there, and some of what it has given is ours
			break
		}
		g.mu.Lock()
		g.why = err
		g.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(probePause):
		}
	}
	// What the pools hold may lead to where nothing answers any more.
	renew(g.shard.readers)
	if g.shard.writers != nil {
		renew(g.shard.writers)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down, g.opened, g.shutter = false, nil, nil
}

// ask connects anew: what is left in the pools may hang on a server that is gone.
func (g *gate) ask(ctx context.Context, within time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return g.shard.connect(limited, func(context.Context, *conn) error { return nil })
}

// close ends the probing.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	if g.cancel != nil {
		g.cancel()
	}
	g.mu.Unlock()
	g.probing.Wait()
}
