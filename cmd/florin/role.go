package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"florin/internal/loop"
	"florin/worker"
)

// role is something that a process can be for. Every process that has one
// answers HTTP and commits.
type role struct {
	name  string
	steps []repeated
}

// repeated is a worker's step, run again and again; at once again while it
// returns more.
type repeated struct {
	name  string
	every time.Duration
	run   func(ctx context.Context) (more bool, err error)
}

// How often steps run.
const (
	inquirePause  = time.Second
	transferPause = time.Second
	keysPause     = 5 * time.Second // a key that was revoked stops working within 10 s
	batchPause    = 250 * time.Millisecond
	feedPause     = 25 * time.Millisecond
	expirePause   = 10 * time.Second
	monthsPause   = time.Hour // what failed is tried again within the day
)

// roles is the table of all that serve can run.
func (n *node) roles() []role {
	return []role{
		{name: "payments", steps: slices.Concat(
			n.perShard("inquire", inquirePause, n.inquire),
			n.perShard("transfer", transferPause, n.transfer),
			n.perShard("batch", batchPause, n.workBatches),
			n.perShard("expire holds", inquirePause, n.expireHolds),
			n.perShard("expire", expirePause, n.expire),
			n.months(),
			[]repeated{{"keys", keysPause, n.renewKeys}},
			[]repeated{{"feed", feedPause, n.follow}},
		)},
	}
}

// roleNames lists the roles in the table.
func roleNames() []string {
	var names []string
	for _, r := range (&node{}).roles() {
		names = append(names, r.name)
	}
	return names
}

// checkRoles refuses a role that there is not.
func checkRoles(wanted []string) error {
	for _, name := range wanted {
		if known := roleNames(); !slices.Contains(known, name) {
			return fmt.Errorf("--roles: %q is none of %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// work starts the steps of the wanted roles; of all when none is named.
func (n *node) work(wanted []string) {
	n.working = loop.New(context.Background(), n.log)
	for _, r := range n.roles() {
		if len(wanted) > 0 && !slices.Contains(wanted, r.name) {
			continue
		}
		for _, s := range r.steps {
			n.working.Every(s.name, s.every, n.safely(s))
		}
	}
}

// perShard makes a step for each shard.
func (n *node) perShard(
	name string, every time.Duration, of func(shard int) func(ctx context.Context) (bool, error),
) []repeated {
	if n.store == nil {
		return nil
	}
	var steps []repeated
	for shard := range n.store.Shards() {
		steps = append(steps, repeated{fmt.Sprintf("%s %d", name, shard), every, of(shard)})
	}
	return steps
}

// renewKeys takes over the keys as they are stored now, or goes on with those
// that it has. It returns no error, which would make its pause longer than a
// revocation may take.
func (n *node) renewKeys(ctx context.Context) (bool, error) {
	if err := n.reloadKeys(ctx); err != nil && ctx.Err() == nil {
		n.log.WarnContext(ctx, "going on with the API keys of before", "error", err)
	}
	return false, nil
}

// workBatches works off a shard's batches.
func (n *node) workBatches(shard int) func(ctx context.Context) (bool, error) {
	w := worker.NewBatch(worker.BatchConfig{Shard: shard, Store: n.store, Flow: n.flow, Clock: n.clock})
	return func(ctx context.Context) (bool, error) {
		progress, err := w.Step(ctx)
		return progress.More, err
	}
}

// follow reads new events for the streams, while there are any.
func (n *node) follow(ctx context.Context) (bool, error) { return n.feed.Step(ctx) }

// safely makes a step's panic an error: one payment that breaks a worker must not
// stop all others.
func (n *node) safely(r repeated) func(ctx context.Context) (bool, error) {
	return func(ctx context.Context) (more bool, err error) {
		defer func() {
			if broken := recover(); broken != nil {
				more, err = false, fmt.Errorf("panic: %v", broken)
				n.alert("the worker "+r.name+" panicked", fmt.Errorf("%w\n%s", err, debug.Stack()))
			}
		}()
		return r.run(ctx)
	}
}

// inquire asks the gateways about a shard's open operations.
func (n *node) inquire(shard int) func(ctx context.Context) (bool, error) {
	w := worker.NewInquire(worker.InquireConfig{
		Shard: shard, Store: n.store, Flow: n.flow, Clock: n.clock, Each: loop.Each,
	})
	return func(ctx context.Context) (bool, error) {
		progress, err := w.Step(ctx)
		return progress.More, err
	}
}

// transfer drives a shard's transfers that were left pending.
func (n *node) transfer(shard int) func(ctx context.Context) (bool, error) {
	w := worker.NewTransfer(worker.TransferConfig{Shard: shard, Store: n.store, Flow: n.flow, Clock: n.clock})
	return func(ctx context.Context) (bool, error) {
		progress, err := w.Step(ctx)
		return progress.More, err
	}
}

// expire voids a shard's authorizations that nobody has captured in time.
func (n *node) expire(shard int) func(ctx context.Context) (bool, error) {
	w := worker.NewExpire(worker.ExpireConfig{
		Shard: shard, Store: n.store, Flow: n.flow, Clock: n.clock, Each: loop.Each,
	})
	return func(ctx context.Context) (bool, error) {
		progress, err := w.Step(ctx)
		return progress.More, err
	}
}
