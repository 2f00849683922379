// Package worker holds the background steps, a file each: one bounded,
// idempotent batch a call. internal/loop calls them, and so does the simulator.
package worker

import (
	"context"
	"errors"
	"slices"

	"florin/flow"
	"florin/internal/clock"
	"florin/store"
)

// Inquirer settles one open operation: flow.Service.
type Inquirer interface {
	Inquire(ctx context.Context, due store.Due) error
}

// Inquire asks gateways about operations whose outcome is open: those that a
// time-out left unknown, and those that a crash left between their two Txs.
type Inquire struct {
	cfg InquireConfig
}

// InquireConfig is what an Inquire is made of.
type InquireConfig struct {
	Shard int
	Store store.Store
	Flow  Inquirer
	Clock clock.Clock
	// Each runs f(0) to f(n-1), at most limit of them at a time.
	Each func(n, limit int, f func(i int))
	// Limit is the most operations of one step; 200 by default.
	Limit int
	// Calls is how many gateways' answers are awaited at a time; 10 by default.
	Calls int
}

// NewInquire returns the worker of one shard.
func NewInquire(cfg InquireConfig) *Inquire {
	if cfg.Limit <= 0 {
		cfg.Limit = 200
	}
	if cfg.Calls <= 0 {
		cfg.Calls = 10
	}
	return &Inquire{cfg: cfg}
}

// Step asks about what is due now. What a gateway could not answer has been put off,
// and holds nobody up.
func (w *Inquire) Step(ctx context.Context) (Progress, error) {
	due, err := w.cfg.Store.Due(ctx, w.cfg.Shard, w.cfg.Clock.Now(), w.cfg.Limit)
	if err != nil {
		return Progress{}, err
	}
	failures := make([]error, len(due))
	w.cfg.Each(len(due), w.cfg.Calls, func(i int) {
		failures[i] = w.cfg.Flow.Inquire(ctx, due[i])
	})
	progress, err := progressOf(failures)
	comesBack := func(failure error) bool { return failure != nil && !errors.Is(failure, flow.ErrPutOff) }
	progress.More = len(due) == w.cfg.Limit && !slices.ContainsFunc(failures, comesBack)
	return progress, err
}
