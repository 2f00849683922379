package worker

import (
	"context"

	"florin/internal/clock"
	"florin/store"
)

// Expirer ends one authorization: flow.Service.
type Expirer interface {
	Expire(ctx context.Context, due store.Due) error
}

// Expire voids what was authorized and is not captured in time.
type Expire struct {
	cfg ExpireConfig
}

// ExpireConfig is what an Expire is made of.
type ExpireConfig struct {
	Shard int
	Store store.Store
	Flow  Expirer
	Clock clock.Clock
	// Each runs f(0) to f(n-1), at most limit of them at a time.
	Each func(n, limit int, f func(i int))
	// Limit is the most authorizations of one step; 200 by default.
	Limit int
	// Calls is how many gateways' answers are awaited at a time; 10 by default.
	Calls int
}

// NewExpire returns the worker of one shard.
func NewExpire(cfg ExpireConfig) *Expire {
	if cfg.Limit <= 0 {
		cfg.Limit = 200
	}
	if cfg.Calls <= 0 {
		cfg.Calls = 10
	}
	return &Expire{cfg: cfg}
}

// Step ends what has expired now. What fails comes again with the next step.
func (w *Expire) Step(ctx context.Context) (Progress, error) {
	due, err := w.cfg.Store.Expiring(ctx, w.cfg.Shard, w.cfg.Clock.Now(), w.cfg.Limit)
	if err != nil {
		return Progress{}, err
	}
	failures := make([]error, len(due))
	w.cfg.Each(len(due), w.cfg.Calls, func(i int) { failures[i] = w.cfg.Flow.Expire(ctx, due[i]) })
	progress, err := progressOf(failures)
	progress.More = len(due) == w.cfg.Limit && progress.Failed == 0
	return progress, err
}
