package main

import (
	"context"

	"florin/internal/loop"
	"florin/worker"
)

// expireHolds gives a shard's holds back whose time is over.
func (n *node) expireHolds(shard int) func(ctx context.Context) (bool, error) {
	w := worker.NewExpireHolds(worker.ExpireHoldsConfig{
		Shard: shard, Store: n.store, Flow: n.flow, Clock: n.clock, Each: loop.Each,
	})
	return func(ctx context.Context) (bool, error) {
		progress, err := w.Step(ctx)
		return progress.More, err
	}
}
