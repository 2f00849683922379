package worker

import (
	"context"

	"florin/internal/clock"
	"florin/store"
	"florin/wallet"
)

// HoldExpirer ends one hold whose time is over: flow.Service.
type HoldExpirer interface {
	ExpireHold(ctx context.Context, h wallet.Hold) error
}

// ExpireHolds gives holds back whose time is over.
type ExpireHolds struct {
	cfg ExpireHoldsConfig
}

// ExpireHoldsConfig is what an ExpireHolds is made of.
type ExpireHoldsConfig struct {
	Shard int
	Store store.Store
	Flow  HoldExpirer
	Clock clock.Clock
	// Each runs f(0) to f(n-1), at most limit of them at a time.
	Each func(n, limit int, f func(i int))
	// Limit is the most holds of one step; 200 by default.
	Limit int
	// Together is how many are committed at a time; 20 by default.
	Together int
}

// NewExpireHolds returns the worker of one shard.
func NewExpireHolds(cfg ExpireHoldsConfig) *ExpireHolds {
	if cfg.Limit <= 0 {
		cfg.Limit = 200
	}
	if cfg.Together <= 0 {
		cfg.Together = 20
	}
	return &ExpireHolds{cfg: cfg}
}

// Step ends what is due now. What fails stays due.
func (w *ExpireHolds) Step(ctx context.Context) (Progress, error) {
	due, err := w.cfg.Store.DueHolds(ctx, w.cfg.Shard, w.cfg.Clock.Now(), w.cfg.Limit)
	if err != nil {
		return Progress{}, err
	}
	failures := make([]error, len(due))
	w.cfg.Each(len(due), w.cfg.Together, func(i int) { failures[i] = w.cfg.Flow.ExpireHold(ctx, due[i]) })
	progress, err := progressOf(failures)
	progress.More = len(due) == w.cfg.Limit && progress.Failed == 0
	return progress, err
}
