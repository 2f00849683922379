package audit_test

import (
	"testing"

	"florin/ident"
	"florin/store"
)

// claims adds a claim of user 1.
func (w *world) claims(kind ident.Kind, object ident.ID, answer []byte) {
	w.shards[1].claims = append(w.shards[1].claims, store.Claim{
		UserID: 1, Key: "a key", Scope: "some", Kind: kind, Object: object, Answer: answer,
	})
}

var claimSpoilings = func() (list []spoiling) {
	for _, kind := range []ident.Kind{
		ident.Payment, ident.Refund, ident.PaymentMethod, ident.Capture, ident.Dispute, ident.Batch, ident.Hold,
		ident.Payout, ident.Transfer, ident.Transaction,
	} {
		list = append(list, spoiling{"a key that made no " + string(kind), func(w *world) {
			var answer []byte
			if kind != ident.Transfer {
				answer = []byte("{}")
			}
			w.claims(kind, w.ids.New(1), answer)
		}, "consistent"})
	}
	return append(list,
		spoiling{"a key of another kind", func(w *world) {
			w.claims(ident.Capture, w.shards[1].payments[0].ID, nil)
		}, "consistent"},
		spoiling{"a key of another user", func(w *world) {
			w.claims(ident.Batch, w.shards[1].batches[1].ID, nil) // user 5's
		}, "consistent"},
	)
}()

// TestKeysOfWhatWasNotMade: a transfer that was declined has a key and its
// answer, a confirmation that was blocked a key and no attempt.
func TestKeysOfWhatWasNotMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.claims(ident.Transfer, w.ids.New(1), []byte("{}"))
	w.claims(ident.Attempt, w.ids.New(1), []byte("{}"))
	if r := w.audit(); !r.OK {
		t.Errorf("they are named: %+v", r)
	}
}

// TestKeysOfWalletsAndLedger: what keys made is known as what it is.
func TestKeysOfWalletsAndLedger(t *testing.T) {
	t.Parallel()
	w := newWalletWorld(t)
	r := &w.shards[1]
	w.claims(ident.Hold, r.holds[0].ID, []byte("{}"))
	w.claims(ident.Payout, r.payouts[0].ID, []byte("{}"))
	w.claims(ident.Transaction, w.last("adjustment").ID, []byte("{}"))
	w.claims(ident.Batch, r.batches[0].ID, nil)
	w.claims(ident.Capture, r.payments[0].Captures[0].ID, nil)
	w.shards[0].claims = append(w.shards[0].claims, store.Claim{
		Key: "a reference", Kind: ident.Transaction, Object: w.settled().ID,
	})
	if r := w.audit(); !r.OK {
		t.Errorf("they are named: %+v", r)
	}
	w.shards[0].claims[len(w.shards[0].claims)-1].UserID = 4
	if r := w.audit(); r.OK {
		t.Error("a settlement is a user's")
	}
}
