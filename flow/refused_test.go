package flow_test

import (
	"testing"

	"florin/commit"
	"florin/flow"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// stuck is a command that waits for ever.
type stuck struct{ commit.Command }

func (stuck) Claim() *store.Claim { return nil }

// TestRepeatedWhileTooMuchWaits: who repeats what was carried out is told so, though
// nothing new is taken; all others are refused.
func TestRepeatedWhileTooMuchWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pay := withKey(authorize(7, "pm_card_visa"), "k")
	p := w.pay(t, pay, payment.Succeeded)
	w.fund(t, 1000, 7)
	move := keyedTransfer(transfer(7, 8, 100), "k")
	moved, err := w.flow.Transfer(t.Context(), move)
	if err != nil {
		t.Fatal(err)
	}
	holding := flow.PlaceHold{
		UserID: 7, Amount: move.Amount, Idempotency: &flow.Idempotency{Scope: "holds", Key: "k"},
	}
	held := w.hold(t, holding)

	cfg := w.cfg
	full := commit.NewSet(commit.Config{Store: w.store, IDs: w.ids, MaxQueue: 1})
	for _, c := range full.Committers() {
		if _, err := c.Enqueue(true, func() {}, stuck{}); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Commit = full
	s := flow.New(cfg)
	result, err := s.Authorize(t.Context(), pay)
	if err != nil || !result.Replayed || result.Payment.ID != p.ID {
		t.Errorf("a payment: %+v, %v", result, err)
	}
	other := withKey(authorize(7, "pm_card_visa"), "k2")
	_, err = s.Authorize(t.Context(), other)
	wantCode(t, err, problem.Overloaded)
	changed := pay
	changed.Idempotency = &flow.Idempotency{Scope: pay.Idempotency.Scope, Key: "k", Digest: [32]byte{1}}
	batch := s.AuthorizeBatch(t.Context(), []flow.Authorize{other, pay, changed})
	wantCode(t, batch[0].Err, problem.Overloaded)
	if batch[1].Err != nil || !batch[1].Replayed || batch[1].Payment.ID != p.ID {
		t.Errorf("in a batch: %+v", batch[1])
	}
	wantCode(t, batch[2].Err, problem.IdempotencyKeyReuse)
	again, err := s.Transfer(t.Context(), move)
	if err != nil || !again.Replayed || again.Transfer.ID != moved.Transfer.ID {
		t.Errorf("a transfer: %+v, %v", again, err)
	}
	moves := s.TransferBatch(t.Context(), []flow.Transfer{move, transfer(7, 8, 100)})
	if moves[0].Err != nil || moves[0].Transfer.ID != moved.Transfer.ID {
		t.Errorf("a transfer in a batch: %+v", moves[0])
	}
	wantCode(t, moves[1].Err, problem.Overloaded)
	hold, replayed, err := s.PlaceHold(t.Context(), holding)
	if err != nil || !replayed || hold.ID != held.ID {
		t.Errorf("a hold: %+v, %v", hold, err)
	}
	_, err = s.Transfer(t.Context(), transfer(7, 8, 100))
	wantCode(t, err, problem.Overloaded)
}
