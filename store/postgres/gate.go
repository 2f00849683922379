package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

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
	closed  bool
	cancel  context.CancelFunc
	probing sync.WaitGroup
}

// pass returns ErrUnavailable while the gate is shut.
func (g *gate) pass() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, errNoAnswer)
	}
	return nil
}

// shut shuts the gate until a probe has had an answer.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down || g.closed {
		return
	}
	g.down = true
	ctx, cancel := context.WithCancel(context.Background())
	g.cancel = cancel
	g.probing.Go(func() { g.probe(ctx) })
}

// probe asks until there is an answer, and opens the gate.
func (g *gate) probe(ctx context.Context) {
	for {
		err := g.ask(ctx)
		if err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(probePause):
		}
	}
	// What the pools hold may lead to where nothing answers any more.
	g.shard.readers.Reset()
	if g.shard.writers != nil {
		g.shard.writers.Reset()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = false
}

// ask connects anew: what is left in the pools may hang on a server that is gone.
func (g *gate) ask(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, g.shard.store.cfg.Freeze)
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
