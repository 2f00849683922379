package payment_test

import (
	"testing"

	"florin/ident"
	"florin/money"
	"florin/payment"
)

// TestReversalNamesWhatWasTried: two may try a reversal at once; only what is
// still the present operation gives way to another, and what was done stands.
func TestReversalNamesWhatWasTried(t *testing.T) {
	t.Parallel()
	first, second, third := ident.ID{1}, ident.ID{2}, ident.ID{3}
	reversal := func(r payment.Reversal, c payment.Reverse) payment.Reversal {
		t.Helper()
		c.Attempt, c.InquireAt = ident.ID{9}, after(20)
		p := payment.Payment{
			Amount: money.Amount{Minor: 1, Currency: "USD"},
			State:  payment.State{Status: payment.Declined, Version: 1},
			Attempts: []payment.Attempt{{
				ID: c.Attempt, Minor: 1, Outcome: payment.OutcomeApproved, Reversal: &r, Inquiry: payment.Inquiry{At: after(10)},
			}},
		}
		changes, err := payment.DecideReversal(p, c)
		if err != nil {
			t.Fatal(err)
		}
		return *changes.Payment.Attempts[0].Reversal
	}
	pending := payment.Reversal{ID: first, Status: payment.OperationPending}
	if got := reversal(pending, payment.Reverse{Reversal: first, Again: second}); got.ID != second {
		t.Errorf("a refused reversal becomes %+v", got)
	}
	if got := reversal(pending, payment.Reverse{Reversal: first}); got != pending {
		t.Errorf("a reversal without an answer becomes %+v", got)
	}
	moved := payment.Reversal{ID: second, Status: payment.OperationPending}
	if got := reversal(moved, payment.Reverse{Reversal: first, Again: third}); got != moved {
		t.Errorf("a reversal that was tried under an old id becomes %+v", got)
	}
	done := payment.Reversal{ID: first, Status: payment.OperationSucceeded}
	if got := reversal(moved, payment.Reverse{Reversal: first, Done: true}); got != done {
		t.Errorf("a reversal that was done under an old id becomes %+v", got)
	}
	if got := reversal(done, payment.Reverse{Reversal: second, Again: third}); got != done {
		t.Errorf("a reversal that is done becomes %+v", got)
	}
}
