// Package loop starts and stops goroutines: it is where the steps of workers
// and committers are called again and again, and where a bounded number of
// calls run at a time.
package loop

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Group runs loops until it is stopped.
type Group struct {
	ctx    context.Context //nolint:containedctx // it is what the loops end by
	cancel context.CancelFunc
	wait   sync.WaitGroup
	log    *slog.Logger
}

// New returns a group whose loops end when ctx does, or with Stop.
func New(ctx context.Context, log *slog.Logger) *Group {
	ctx, cancel := context.WithCancel(ctx)
	return &Group{ctx: ctx, cancel: cancel, log: log}
}

// Stop ends the loops and waits for them.
func (g *Group) Stop() {
	g.cancel()
	g.wait.Wait()
}

// Go runs f once, with a context that ends with Stop.
func (g *Group) Go(f func(ctx context.Context)) {
	g.wait.Go(func() { f(g.ctx) })
}

// OnReady calls step each time that ready has a token, until stopped.
func (g *Group) OnReady(ready <-chan struct{}, step func(ctx context.Context)) {
	g.Go(func(ctx context.Context) {
		for {
			select {
			case <-ready:
				step(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
}

// Every calls step with a pause of about every between two calls (±10 %), at
// once again while it returns true. After an error the next pause doubles, up to 16
// times every; the error is logged, the first of those without a pause between.
func (g *Group) Every(name string, every time.Duration, step func(ctx context.Context) (more bool, err error)) {
	g.Go(func(ctx context.Context) {
		failures, rushed := 0, false // rushed: the step before failed, and had more to do
		for {
			more, err := safely(ctx, step)
			switch {
			case err == nil || ctx.Err() != nil:
				failures, rushed = 0, false
			default:
				if !rushed {
					g.log.WarnContext(ctx, "a step failed", "worker", name, "error", err)
				}
				if rushed = more; !more {
					failures = min(failures+1, 4)
				}
			}
			pause := every << failures
			pause += time.Duration((rand.Float64() - 0.5) * 0.2 * float64(pause)) //nolint:gosec // jitter
			if more {
				pause = 0
			}
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	})
}

// safely makes a step's panic its error: the next step may go well.
func safely(ctx context.Context, step func(context.Context) (bool, error)) (more bool, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return step(ctx)
}

// Each runs f(0) to f(n-1), at most limit of them at a time, and returns when
// all have ended. With n or limit 1 it starts no goroutine. A panic in one of
// them goes on in the caller, as it would without goroutines.
func Each(n, limit int, f func(i int)) {
	if n <= 1 || limit <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	var broken atomic.Pointer[any]
	for range min(n, limit) {
		wait.Go(func() {
			defer func() {
				if cause := recover(); cause != nil {
					broken.CompareAndSwap(nil, &cause)
				}
			}()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wait.Wait()
	if cause := broken.Load(); cause != nil {
		panic(*cause)
	}
}
