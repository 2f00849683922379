package worker

import (
	"context"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/payment"
)

// BatchWorker works on one batch: flow.Service.
type BatchWorker interface {
	WorkBatch(ctx context.Context, batch ident.ID) error
}

// BatchStore tells what is to be worked on: store.Reader.
type BatchStore interface {
	DueBatches(ctx context.Context, shard int, now time.Time, limit int) ([]payment.Batch, error)
}

// Batch works off the batches of payments that were accepted for later. A pass
// over a batch that is cut off, or fails, is made again: no item is charged
// twice.
type Batch struct{ cfg BatchConfig }

// BatchConfig is what a Batch is made of.
type BatchConfig struct {
	Shard int
	Store BatchStore
	Flow  BatchWorker
	Clock clock.Clock
	// Limit is the most batches of one step; 4 by default.
	Limit int
}

// NewBatch returns the worker of one shard.
func NewBatch(cfg BatchConfig) *Batch {
	if cfg.Limit <= 0 {
		cfg.Limit = 4
	}
	return &Batch{cfg: cfg}
}

// Step makes a pass over each batch that is due now.
func (w *Batch) Step(ctx context.Context) (Progress, error) {
	due, err := w.cfg.Store.DueBatches(ctx, w.cfg.Shard, w.cfg.Clock.Now(), w.cfg.Limit)
	if err != nil {
		return Progress{}, err
	}
	var failures []error
	for _, b := range due {
		if ctx.Err() != nil {
			break
		}
		failures = append(failures, w.cfg.Flow.WorkBatch(ctx, b.ID))
	}
	progress, err := progressOf(failures)
	progress.More = len(due) == w.cfg.Limit && progress.Failed == 0
	return progress, err
}
