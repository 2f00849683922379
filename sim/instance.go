package sim

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"florin/access"
	"florin/commit"
	"florin/flow"
	"florin/fraud"
	"florin/ident"
	"florin/vault"
	"florin/worker"
)

// instance is one process of the service, from its start until it is killed.
type instance struct {
	w          *world
	slot       int // of system accounts
	life       int
	flow       *flow.Service
	committers []*commit.Committer
	stepping   []bool // a shard's committer is in its Step
	inquirers  []*worker.Inquire
	movers     []*worker.Transfer
	expirers   []*worker.ExpireHolds
	batches    []*worker.Batch
	voiders    []*worker.Expire
	ctx        context.Context //nolint:containedctx // the process's: what its committers end by
	cancel     context.CancelFunc
	working    map[string][]bool // which background work of which shards is under way
	stopping   bool              // it takes no more work
}

func (i *instance) String() string { return fmt.Sprintf("instance %d.%d", i.slot, i.life) }

// boot starts a process in a slot.
func (w *world) boot(slot, life int) {
	i := &instance{
		w: w, slot: slot, life: life,
		stepping: make([]bool, w.cfg.Shards), working: map[string][]bool{},
	}
	i.ctx, i.cancel = context.WithCancel(background())
	last, err := w.disk.LastHigh(background())
	if err != nil {
		panic("sim: the disk is gone: " + err.Error())
	}
	ids := ident.NewSource(0, w.now, newDice(w.cfg.Seed, uint64(streamIDs+100*slot+10_000*life)).Uint64)
	ids.Advance(last)
	for shard := range w.cfg.Shards {
		i.committers = append(i.committers, commit.New(commit.Config{
			Shard: shard, Store: &slotStore{w.store, slot}, Clock: simClock{w}, IDs: ids,
			MaxGroup: w.shape.maxGroup, MaxQueue: w.shape.maxQueue, Pause: w.shape.pause, Alert: w.alert,
			Observe: func(_, commands int) { w.report.Commands += commands },
		}))
	}
	i.flow = flow.New(flow.Config{
		Store: w.store, Commit: &committer{w, i.committers}, Gateways: i.gateways(),
		Vault: fakeVault{}, Scorer: fraud.BlockedCards{fakeVault{}.Fingerprint(vault.AlwaysBlocked): {}},
		Methods: &methodCache{w, map[ident.ID]vault.PaymentMethod{}},
		Clock:   simClock{w}, IDs: ids, Each: w.each, Mode: access.Test,
		InquireAfter: w.shape.inquire, BatchCalls: w.shape.batchCalls, Log: slog.New(slog.DiscardHandler), Alert: w.alert,
		Within: w.within,
	})
	for shard := range w.cfg.Shards {
		i.inquirers = append(i.inquirers, worker.NewInquire(worker.InquireConfig{
			Shard: shard, Store: w.store, Flow: i.flow, Clock: simClock{w}, Each: w.each,
			Limit: w.shape.inquiries, Calls: w.shape.batchCalls,
		}))
		i.movers = append(i.movers, worker.NewTransfer(worker.TransferConfig{
			Shard: shard, Store: w.store, Flow: i.flow, Clock: simClock{w}, Limit: w.shape.inquiries,
		}))
		i.batches = append(i.batches, worker.NewBatch(worker.BatchConfig{
			Shard: shard, Store: w.store, Flow: i.flow, Clock: simClock{w},
		}))
		i.voiders = append(i.voiders, worker.NewExpire(worker.ExpireConfig{
			Shard: shard, Store: w.store, Flow: i.flow, Clock: simClock{w}, Each: w.each, Limit: w.shape.inquiries,
			Calls: w.shape.batchCalls,
		}))
		i.expirers = append(i.expirers, worker.NewExpireHolds(worker.ExpireHoldsConfig{
			Shard: shard, Store: w.store, Flow: i.flow, Clock: simClock{w}, Each: w.each, Limit: w.shape.inquiries,
		}))
	}
	w.instances[slot] = i
	w.say("%s starts", i)
}

// gateways returns the gateways in the order in which this slot tries them.
func (i *instance) gateways() []flow.Gateway {
	var gateways []flow.Gateway
	for n := range i.w.providers {
		gateways = append(gateways, i.w.providers[(n+i.slot)%len(i.w.providers)])
	}
	return gateways
}

// alert takes what the program wants a human to look at. But for what gateways do
// it means that something is broken.
func (w *world) alert(what string, err error) {
	w.say("alert: %s: %v", what, err)
	w.count("alert: " + what)
	switch what {
	case "a gateway approved late; the charge is being reversed",
		"a gateway refuses to take a charge back; it will be asked again",
		"a gateway disputes more than is left of a charge", "a gateway refuses evidence":
	default:
		w.fail("alert: %s: %v", what, err)
	}
}

// kill ends an instance: whatever it was doing has no further effect.
func (w *world) kill(i *instance) {
	w.say("%s is killed", i)
	w.count("kill")
	if w.audit.underWay(false) {
		w.count("kill before a transfer's second step")
	}
	if w.audit.underWay(true) {
		w.count("kill before a transfer's third step")
	}
	if slices.Contains(i.working[storedBatches], true) {
		w.count("kill amid a stored batch")
	}
	for _, t := range slices.Clone(w.tasks) {
		if t.home == i {
			w.end(t)
		}
	}
	w.gone(i)
}

// gone makes room for an instance's successor.
func (w *world) gone(i *instance) {
	i.cancel()
	w.instances[i.slot] = nil
	w.bootAt[i.slot] = w.now().Add(w.faultDice.between(50*time.Millisecond, 15*time.Second))
	w.lives[i.slot]++
}

// stop ends an instance in good order: what has begun goes on to its end, as far
// as that is possible while its committers' context has ended.
func (w *world) stop(i *instance) {
	w.say("%s stops", i)
	w.count("stop")
	i.stopping = true
	i.cancel()
}

// stopped tells whether a stopping instance has come to its end.
func (w *world) stopped(i *instance) bool {
	return i.stopping && !slices.ContainsFunc(w.tasks, func(t *task) bool { return t.home == i })
}

// anyInstance returns one of the instances that take work; nil when none does.
func (w *world) anyInstance() *instance {
	var up []*instance
	for _, i := range w.instances {
		if i != nil && !i.stopping {
			up = append(up, i)
		}
	}
	if len(up) == 0 {
		return nil
	}
	return pick(w.dice, up...)
}

// step spawns a Step of a shard's committer.
func (i *instance) step(shard int) {
	i.stepping[shard] = true
	i.w.spawn(i, fmt.Sprintf("committer %d.%d", i.slot, shard), func() {
		if _, err := i.committers[shard].Step(i.ctx); err != nil {
			i.w.say("step of shard %d: %v", shard, err)
		}
		i.w.report.Groups++
		i.stepping[shard] = false
	})
}

// work spawns a background step of a shard, unless it is under way or broken, and
// again while it has more to do, as the program's loops do.
func (i *instance) work(what string, shard int, broken Break, step func(context.Context) (worker.Progress, error)) {
	if i.working[what] == nil {
		i.working[what] = make([]bool, i.w.cfg.Shards)
	}
	working := i.working[what]
	if working[shard] || i.w.cfg.Break == broken {
		return
	}
	working[shard] = true
	i.w.spawn(i, fmt.Sprintf("%s %d.%d", what, i.slot, shard), func() {
		for more := true; more; {
			progress, err := step(background())
			if progress.Asked > 0 || err != nil {
				i.w.say("%s of shard %d: %d, %d failed, %s", what, shard, progress.Asked, progress.Failed, word(err))
				i.w.count(what)
			}
			more = progress.More && !i.stopping
		}
		working[shard] = false
	})
}

// inquire works on a shard's inquiries.
func (i *instance) inquire(shard int) {
	i.work("inquiries", shard, SkipInquiry, func(ctx context.Context) (worker.Progress, error) {
		progress, err := i.inquirers[shard].Step(ctx)
		i.w.report.Inquiries += progress.Asked
		return progress, err
	})
}

// move works on a shard's pending transfers.
func (i *instance) move(shard int) { i.work("transfers", shard, SkipTransfers, i.movers[shard].Step) }

// expire works on the end of a shard's holds.
func (i *instance) expire(shard int) { i.work("holds", shard, SkipExpiry, i.expirers[shard].Step) }

// void works on the end of a shard's authorizations.
func (i *instance) void(shard int) { i.work("authorizations", shard, SkipVoids, i.voiders[shard].Step) }

// workBatches works on a shard's stored batches.
func (i *instance) workBatches(shard int) {
	i.work(storedBatches, shard, SkipBatches, i.batches[shard].Step)
}

const storedBatches = "stored batches"
