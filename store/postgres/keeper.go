package postgres

import (
	"context"
	"sync"
	"time"
)

// keeper does, beside a shard's work, what must be done now and then: it gives
// signs of life for the slot, and forgets old groups.
type keeper struct {
	shard  *shard
	cancel context.CancelFunc
	done   sync.WaitGroup
}

const forgetPause = 10 * time.Second

// forgetGroups deletes groups of more than a day ago, a few at a time, and keeps
// their greatest id.
const forgetGroups = `WITH gone AS (
		DELETE FROM commits WHERE group_id IN (
			SELECT group_id FROM (SELECT group_id, at FROM commits ORDER BY group_id LIMIT 5000) AS first
			WHERE at < now() - interval '1 day')
		RETURNING last_high)
	UPDATE meta SET last_high = greatest(last_high, (SELECT max(last_high) FROM gone))
	WHERE EXISTS (SELECT FROM gone)`

func startKeeper(sh *shard) *keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keeper{shard: sh, cancel: cancel}
	k.done.Go(func() { k.run(ctx) })
	return k
}

func (k *keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepPause)
	defer tick.Stop()
	forgetAt := time.Now().Add(forgetPause)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		k.do(ctx, k.shard.slots.keep)
		if k.shard.store.cfg.Access != ReadWrite {
			continue
		}
		if now := time.Now(); now.After(forgetAt) {
			k.do(ctx, k.forget)
			forgetAt = now.Add(forgetPause)
		}
	}
}

// do does one thing. What fails is done the next time.
func (k *keeper) do(ctx context.Context, what func(context.Context) error) {
	limited, cancel := context.WithTimeout(ctx, keepPause)
	defer cancel()
	_ = what(limited)
}

func (k *keeper) forget(ctx context.Context) error {
	return k.shard.lend(ctx, k.shard.writers, func(c *conn) error {
		_, err := c.Exec(ctx, forgetGroups)
		return err
	})
}

// stop ends it, and gives the slot back where the shard can be reached.
func (k *keeper) stop() {
	if k == nil {
		return
	}
	k.cancel()
	k.done.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = k.shard.slots.give(ctx) // else it is free in a minute
}
