package main

import (
	"context"

	"florin/store"
	"florin/worker"
)

// months keeps the months of each shard's ledger, where the store has some.
func (n *node) months() []repeated {
	months, ok := n.store.(store.Partitioner)
	if !ok {
		return nil
	}
	return n.perShard("months", monthsPause, func(shard int) func(ctx context.Context) (bool, error) {
		w := worker.NewPartition(worker.PartitionConfig{
			Shard: shard, Store: months, Keep: n.cfg.Partitions.KeepMonths, Log: n.log,
		})
		return func(ctx context.Context) (bool, error) {
			done, err := w.Step(ctx)
			return done.More, err
		}
	})
}
