package sim

import (
	"context"
	"errors"
	"slices"

	"florin/ledger"
	"florin/store"
)

// simTx is a Tx whose every step parks, and may fail.
type simTx struct {
	s       *simStore
	shard   int
	tx      store.Tx
	won     []store.Claim
	changes store.Changes
}

// step parks, and draws whether the Tx fails here; err is what it fails with.
func (t *simTx) step(ctx context.Context, what string, p float64, err error) error {
	w := t.s.w
	w.pause()
	switch {
	case t.s.away(t.shard) || canceled(ctx) != nil:
		err = errAway
	case !w.hit(p):
		return nil
	}
	w.say("%s on shard %d: %v", what, t.shard, err)
	t.Rollback()
	return err
}

// Slot implements store.Tx.
func (t *simTx) Slot() int { return t.tx.Slot() }

// Claim implements store.Tx.
func (t *simTx) Claim(ctx context.Context, claims []store.Claim) ([]*store.Claim, error) {
	if err := t.step(ctx, "claim", t.s.w.faults.claim, errConflict); err != nil {
		return nil, err
	}
	holders, err := t.tx.Claim(background(), claims)
	if err != nil {
		return nil, err
	}
	for i, holder := range holders {
		if holder == nil {
			t.won = append(t.won, claims[i])
		}
	}
	return holders, nil
}

// oneTripTx claims and loads at once.
type oneTripTx struct{ *simTx }

// ClaimAndLoad implements store.OneTrip.
func (t oneTripTx) ClaimAndLoad(
	ctx context.Context, claims []store.Claim, keys store.Keys,
) (holders []*store.Claim, state store.State, err error) {
	if holders, err = t.Claim(ctx, claims); err == nil {
		state, err = t.Load(ctx, keys)
	}
	return holders, state, err
}

// Load implements store.Tx.
func (t *simTx) Load(ctx context.Context, keys store.Keys) (store.State, error) {
	if err := t.step(ctx, "load", t.s.w.faults.load, pick(t.s.w.faultDice, errConflict, errAway)); err != nil {
		return store.State{}, err
	}
	return t.tx.Load(background(), keys)
}

// Write implements store.Tx.
func (t *simTx) Write(ctx context.Context, changes *store.Changes) error {
	if err := t.step(ctx, "write", t.s.w.faults.write, errConflict); err != nil {
		return err
	}
	if len(changes.Payments) > 1 && t.s.w.hit(t.s.w.faults.refuse) { // then there are several commands
		t.s.w.say("write on shard %d: refused", t.shard)
		t.Rollback()
		return errRefused
	}
	t.changes = *changes
	t.damage()
	for _, released := range t.changes.Released {
		t.won = slices.DeleteFunc(t.won, released.Same)
	}
	err := t.tx.Write(background(), &t.changes)
	if err != nil {
		t.s.w.say("write on shard %d: %v", t.shard, err)
	}
	return err
}

// Commit implements store.Tx.
func (t *simTx) Commit(context.Context) error {
	w, f := t.s.w, &t.s.w.faults
	if err := t.step(background(), "commit", f.commitConflict, errConflict); err != nil {
		return err
	}
	switch {
	case w.hit(f.commitLost):
		w.say("commit on shard %d: away", t.shard)
		t.Rollback()
		return errAway
	case w.hit(f.commitUnknownNo):
		w.say("commit on shard %d: unknown, not done", t.shard)
		t.Rollback()
		return errUnknown
	case w.broken(LoseCommit, 0.05):
		w.say("commit on shard %d: broken: lost", t.shard)
		t.Rollback()
		return nil
	case w.broken(AckBeforeCommit, 0.05):
		w.say("commit on shard %d: broken: later", t.shard)
		w.spawn(w.running.home, "commit", func() {
			defer t.Rollback()
			w.pause()
			_ = t.commit()
		})
		return nil
	}
	defer t.Rollback()
	if err := t.commit(); err != nil {
		w.say("commit on shard %d: %v", t.shard, err)
		return err
	}
	w.pause() // it is durable, and nobody knows yet
	if w.hit(f.commitUnknownOK) {
		w.say("commit on shard %d: unknown, done", t.shard)
		return errUnknown
	}
	return nil
}

// commit makes it durable, before the auditor's eyes.
func (t *simTx) commit() error {
	if err := t.tx.Commit(background()); err != nil {
		return err
	}
	t.release()
	t.s.w.say("commit on shard %d: %d payments, %d attempts, %d refunds, %d events", t.shard,
		len(t.changes.Payments), len(t.changes.Attempts), len(t.changes.Refunds), len(t.changes.Events))
	t.s.w.audit.committed(t.shard, t.won, &t.changes)
	return nil
}

// Rollback implements store.Tx.
func (t *simTx) Rollback() {
	t.tx.Rollback()
	t.release()
}

// release lets the shard's next Tx begin.
func (t *simTx) release() {
	if t.s.writers[t.shard] == t {
		t.s.writers[t.shard] = nil
	}
}

// damage does to the changes what the run's Break says.
func (t *simTx) damage() {
	w, c := t.s.w, &t.changes
	if len(c.Events) > 0 && w.broken(ForgetEvent, 0.02) {
		w.say("write on shard %d: broken: an event less", t.shard)
		c.Events = c.Events[:len(c.Events)-1]
	}
	if len(t.won) > 0 && w.broken(ForgetClaim, 0.2) {
		w.say("write on shard %d: broken: no claims", t.shard)
		c.Released = slices.Clone(t.won)
	}
	if w.cfg.Break == ForgetReservation {
		c.Payments = slices.Clone(c.Payments)
		for i := range c.Payments {
			c.Payments[i].Value.RefundPendingMinor = 0
		}
	}
	if len(c.Transactions) > 0 && w.broken(WrongBalance, 0.05) {
		w.say("write on shard %d: broken: a unit too much", t.shard)
		c.Transactions = slices.Clone(c.Transactions)
		entries := append([]ledger.Entry(nil), c.Transactions[0].Entries...)
		entries[0].Minor++
		c.Transactions[0].Entries = entries
	}
}

// word is how the trace tells an error.
func word(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, store.ErrNotFound):
		return "none"
	default:
		return err.Error()
	}
}
