package commit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"florin/ident"
	"florin/problem"
	"florin/store"
)

// run commits a group and returns every command's answer, errAgain for those in
// again. It tries again what may be tried again.
func (c *Committer) run(
	ctx context.Context, group []item, release func(),
) (answers []error, again []item, committed bool) {
	for conflicts := 0; ; conflicts++ {
		answers, again, err := c.try(ctx, group)
		switch {
		case err == nil:
			c.cfg.Observe(c.cfg.Shard, len(group))
			return answers, again, true
		case errors.Is(err, store.ErrConflict) && conflicts < maxConflicts:
			_ = c.cfg.Clock.Sleep(ctx, retryPause)
			continue
		case errors.Is(err, store.ErrRefused) && len(group) > 1:
			release()
			answers, again = c.runSingly(ctx, group)
			return answers, again, false
		case errors.Is(err, store.ErrRefused):
			c.cfg.Alert("a command was refused by the store", err)
			err = problem.New(problem.Internal, "the store refused the request").With(err)
		case errors.Is(err, errNotCommitted) && conflicts < maxConflicts:
			_ = c.cfg.Clock.Sleep(ctx, retryPause)
			continue
		case errors.Is(err, store.ErrCommitUnknown):
			c.cfg.Log.Error("commit unknown; nobody can be told", "shard", c.cfg.Shard, "commands", len(group), "error", err)
			err = unknown(err)
		default:
			c.tell(len(group), err)
			err = unavailable(err)
		}
		answers = make([]error, len(group))
		for i := range answers {
			answers[i] = err
		}
		return answers, nil, false
	}
}

// failurePause lies between two lines of a shard's failed groups: while it is away
// every request makes one.
const failurePause = time.Second

// tell logs that a group has failed.
func (c *Committer) tell(commands int, err error) {
	if held, ok := c.failures.Take(c.cfg.Clock.Now(), failurePause); ok {
		c.cfg.Log.Error("group failed", "shard", c.cfg.Shard, "commands", commands, "error", err, "lines_left_out", held)
	}
}

// runSingly commits each command of a group in a Tx of its own.
func (c *Committer) runSingly(ctx context.Context, group []item) (answers []error, again []item) {
	answers = make([]error, len(group))
	for i := range group {
		one, queued, _ := c.run(ctx, group[i:i+1], func() {})
		answers[i] = one[0]
		again = append(again, queued...)
	}
	return answers, again
}

// try runs a group once. An error means that nothing was committed.
func (c *Committer) try(ctx context.Context, group []item) (answers []error, again []item, err error) {
	tx, err := c.cfg.Store.Begin(ctx, c.cfg.Shard)
	if err != nil {
		return nil, nil, err
	}
	defer tx.Rollback()
	answers = make([]error, len(group))
	claims := claimsOf(group)
	keys, state, err := claims.take(ctx, tx, group, answers)
	if err != nil {
		return nil, nil, err
	}
	view := c.scratch.view(keys, state, c.cfg.IDs, tx.Slot())
	view.changes.Released = claims.lost(answers)
	for i := range group {
		if answers[i] != nil {
			continue
		}
		answers[i] = c.decide(view, &group[i])
		if answers[i] == nil {
			continue
		}
		view.changes.Released = claims.release(i, view.changes.Released)
		if errors.Is(answers[i], errAgain) {
			again = append(again, group[i])
		}
	}
	view.changes.Group = c.cfg.IDs.New(int64(c.cfg.Shard))
	if err := tx.Write(ctx, view.changes); err != nil {
		return nil, nil, err
	}
	if err := tx.Commit(ctx); err != nil {
		if !errors.Is(err, store.ErrCommitUnknown) {
			return nil, nil, err
		}
		if err := c.lookUp(ctx, view.changes.Group); err != nil {
			return nil, nil, err
		}
	}
	return answers, again, nil
}

// union collects what the group reads, without those that are answered.
func union(group []item, answers []error, slot int) store.Keys {
	var keys store.Keys
	for i, it := range group {
		if answers[i] != nil {
			continue
		}
		it.command.Keys(&keys)
		if it.extra != nil {
			keys.Payments = append(keys.Payments, it.extra.Payments...)
			keys.Methods = append(keys.Methods, it.extra.Methods...)
			keys.Accounts = append(keys.Accounts, it.extra.Accounts...)
			keys.APIKeys = append(keys.APIKeys, it.extra.APIKeys...)
			keys.Transfers = append(keys.Transfers, it.extra.Transfers...)
			keys.Received = append(keys.Received, it.extra.Received...)
			keys.Batches = append(keys.Batches, it.extra.Batches...)
			keys.Holds = append(keys.Holds, it.extra.Holds...)
		}
	}
	for i := range keys.Accounts {
		if _, user := keys.Accounts[i].Name.UserID(); !user {
			keys.Accounts[i].Slot = slot
		}
	}
	keys.Payments = distinct(keys.Payments)
	keys.Methods = distinct(keys.Methods)
	keys.Accounts = distinct(keys.Accounts)
	keys.APIKeys = distinct(keys.APIKeys)
	keys.Transfers = distinct(keys.Transfers)
	keys.Received = distinct(keys.Received)
	keys.Batches = distinct(keys.Batches)
	keys.Holds = distinct(keys.Holds)
	return keys
}

func distinct[K comparable](keys []K) []K {
	if len(keys) < 2 {
		return keys
	}
	seen := make(map[K]struct{}, len(keys))
	kept := keys[:0]
	for _, key := range keys {
		if _, ok := seen[key]; !ok {
			seen[key] = struct{}{}
			kept = append(kept, key)
		}
	}
	return kept
}

// decide runs one command's decision on the view.
func (c *Committer) decide(view *View, it *item) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = problem.New(problem.Internal, "a decision broke").With(fmt.Errorf("panic: %v", broken))
			c.cfg.Alert("a decision panicked", err)
		}
	}()
	decision, err := it.command.Decide(view)
	if err == nil {
		err = view.apply(&decision)
	}
	var need *NeedKeys
	if !errors.As(err, &need) {
		if err != nil && problem.Is(err, problem.Internal) {
			c.cfg.Alert("a decision found something broken", err)
		}
		return err
	}
	if it.needs++; it.needs > maxNeeds {
		err = problem.New(problem.Internal, "a decision never has all its keys").With(need)
		c.cfg.Alert("a decision never has all its keys", err)
		return err
	}
	if it.extra == nil {
		it.extra = &store.Keys{}
	}
	it.extra.Payments = append(it.extra.Payments, need.Payments...)
	it.extra.Methods = append(it.extra.Methods, need.Methods...)
	it.extra.Accounts = append(it.extra.Accounts, need.Accounts...)
	it.extra.APIKeys = append(it.extra.APIKeys, need.APIKeys...)
	it.extra.Transfers = append(it.extra.Transfers, need.Transfers...)
	it.extra.Received = append(it.extra.Received, need.Received...)
	it.extra.Batches = append(it.extra.Batches, need.Batches...)
	it.extra.Holds = append(it.extra.Holds, need.Holds...)
	return errAgain
}

// errNotCommitted: the store says that the group was not committed after all.
var errNotCommitted = errors.New("commit: the group was not committed")

// lookUp asks the store, until it answers, what became of a commit; for Patience at
// most, where there is one.
func (c *Committer) lookUp(ctx context.Context, group ident.ID) error {
	began := c.cfg.Clock.Now()
	for {
		committed, err := c.cfg.Store.Committed(ctx, c.cfg.Shard, group)
		switch {
		case err == nil && committed:
			return nil
		case err == nil:
			return errNotCommitted
		}
		if c.cfg.Patience > 0 && c.cfg.Clock.Now().Sub(began) >= c.cfg.Patience {
			return fmt.Errorf("%w: %w", store.ErrCommitUnknown, err)
		}
		c.cfg.Log.Warn("commit unknown; asking again", "shard", c.cfg.Shard, "error", err)
		if c.cfg.Clock.Sleep(ctx, retryPause) != nil {
			return fmt.Errorf("%w: the process is stopping", store.ErrCommitUnknown)
		}
	}
}
