package postgres

import (
	"context"
	"errors"
	"math/rand/v2"

	"florin/store"
)

// stateCanceled is a statement that took too long; on a replica, one that replay
// had to be done with has another.
const stateCanceled = "57014"

// from lends a connection to f: one to the primary, or, where the context allows
// it, to a replica that has what the context wants. What fails on a replica, or is
// not there, is asked of the next one and then of the primary. f may be called
// again, as lend's.
func (sh *shard) from(ctx context.Context, f func(*conn) error) error {
	stale := store.StalenessOf(ctx)
	if stale == nil || len(sh.replicas) == 0 {
		return sh.lend(ctx, sh.readers, f)
	}
	for _, r := range sh.choices(stale) {
		if !r.has(stale.At(sh.number)) {
			continue
		}
		stale.Choose(sh.number, r)
		_, err := r.lend(ctx, f)
		switch {
		case err == nil, ctx.Err() != nil, stateOf(err) == stateCanceled:
			return err
		case errors.Is(err, store.ErrNotFound):
		default:
			continue
		}
		break
	}
	stale.Choose(sh.number, (*replica)(nil))
	return sh.lend(ctx, sh.readers, f)
}

// choices lists the replicas that may be read from, in the order in which they are
// tried. Once a server has answered for a context it stays, or the primary follows:
// no read goes back in time.
func (sh *shard) choices(stale *store.Staleness) []*replica {
	if chosen, ok := stale.Chosen(sh.number); ok {
		if r, _ := chosen.(*replica); r != nil {
			return []*replica{r}
		}
		return nil
	}
	sh.mu.Lock()
	refused := sh.refused
	sh.mu.Unlock()
	if refused != nil {
		return nil
	}
	var up []*replica
	for _, r := range sh.replicas {
		if usable, _, _ := r.state(); usable != nil {
			up = append(up, r)
		}
	}
	return byWeight(up, rand.IntN)
}

// byWeight puts replicas in an order by chance, in which each comes first as often
// as its part of the weights says. below returns a number from 0 to below another.
func byWeight(list []*replica, below func(int) int) []*replica {
	for first := range list {
		sum := 0
		for _, r := range list[first:] {
			sum += max(r.at.Weight, 1)
		}
		drawn := below(sum)
		for i, r := range list[first:] {
			if drawn -= max(r.at.Weight, 1); drawn < 0 {
				list[first], list[first+i] = r, list[first]
				break
			}
		}
	}
	return list
}
