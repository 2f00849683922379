package worker

import (
	"context"
	"log/slog"

	"florin/store"
)

// Partition keeps a shard's months: it makes those to come, and closes those that
// are over for long.
type Partition struct {
	cfg PartitionConfig
}

// PartitionConfig is what a Partition is made of.
type PartitionConfig struct {
	Shard int
	Store store.Partitioner
	// Keep is how many months stay in the ledger before the present one; 0 for
	// all.
	Keep int
	Log  *slog.Logger
}

// NewPartition returns the worker of one shard.
func NewPartition(cfg PartitionConfig) *Partition {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Partition{cfg: cfg}
}

// Months is what a Step has done.
type Months struct {
	Made    int
	Closing store.Closing
	More    bool // another month may be to be closed
}

// Step makes the months that are missing, and closes one at most. A month that
// must wait holds those behind it up, and no payment.
func (w *Partition) Step(ctx context.Context) (months Months, err error) {
	if months.Made, err = w.cfg.Store.MakePartitions(ctx, w.cfg.Shard); err != nil {
		return months, err
	}
	if months.Made > 0 {
		w.cfg.Log.InfoContext(ctx, "months were made in the ledger", "shard", w.cfg.Shard, "partitions", months.Made)
	}
	if w.cfg.Keep < 1 {
		return months, nil
	}
	closing, err := w.cfg.Store.CloseMonth(ctx, w.cfg.Shard, w.cfg.Keep)
	if err != nil {
		return months, err
	}
	months.Closing, months.More = closing, closing.Closed()
	switch {
	case closing.Waits != "":
		w.cfg.Log.WarnContext(ctx, "a month cannot be closed yet", "shard", w.cfg.Shard, "month", closing.Month,
			"because", closing.Waits)
	case closing.Closed():
		w.cfg.Log.InfoContext(ctx, "a month was closed", "shard", w.cfg.Shard, "month", closing.Month,
			"transactions", closing.Transactions, "entries", closing.Entries, "accounts", closing.Accounts,
			"objects", closing.Objects)
	}
	return months, nil
}
