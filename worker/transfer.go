package worker

import (
	"context"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/store"
	"florin/wallet"
)

// Driver takes pending transfers on to their end: flow.Service.
type Driver interface {
	DriveTransfers(ctx context.Context, transfers []wallet.Transfer) error
}

// Transfer drives the transfers that were left pending: by a crash between their
// steps, or while the receiver's shard was away.
type Transfer struct {
	cfg TransferConfig
	// at is where the next step goes on: who cannot be driven now holds nobody up.
	at ident.ID
	// failed is an error of the steps since it began anew.
	failed error
}

// TransferConfig is what a Transfer is made of.
type TransferConfig struct {
	Shard int // the senders'
	Store store.Store
	Flow  Driver
	Clock clock.Clock
	// Grace is how long a transfer is left to the flow that made it; 10 s by
	// default.
	Grace time.Duration
	// Limit is the most transfers of one step; 500 by default.
	Limit int
}

// NewTransfer returns the worker of one shard.
func NewTransfer(cfg TransferConfig) *Transfer {
	if cfg.Grace <= 0 {
		cfg.Grace = 10 * time.Second
	}
	if cfg.Limit <= 0 {
		cfg.Limit = 500
	}
	return &Transfer{cfg: cfg}
}

// Step drives the next transfers that are pending for too long, oldest first, and
// begins anew behind the last. What fails is pending still; the last step tells.
func (w *Transfer) Step(ctx context.Context) (Progress, error) {
	before := w.cfg.Clock.Now().Add(-w.cfg.Grace)
	pending, err := w.cfg.Store.PendingTransfers(ctx, w.cfg.Shard, w.at, before, w.cfg.Limit)
	if err != nil {
		return Progress{}, err
	}
	progress := Progress{Asked: len(pending), More: len(pending) == w.cfg.Limit}
	if len(pending) > 0 {
		if err := w.cfg.Flow.DriveTransfers(ctx, pending); err != nil {
			w.failed = err
		}
	}
	if progress.More {
		w.at = pending[len(pending)-1].ID
		return progress, nil
	}
	err, w.at, w.failed = w.failed, ident.ID{}, nil
	return progress, err
}
