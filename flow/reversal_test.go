package flow_test

import (
	"testing"
	"time"

	"florin/gateway/simulated"
	"florin/payment"
)

// TestReversalThatIsRefused: under the id that a gateway has refused it would
// refuse the reversal for ever, so the next try has another.
func TestReversalThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, 0, simulated.Settings{TimeoutRate: 1, LateMS: 120_000})
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Processing)
	w.later(t, 10*time.Second)
	w.later(t, 20*time.Second)
	w.set(t, 0, simulated.Settings{DeclineRate: 1})
	w.later(t, 2*time.Minute)
	refused := w.stored(t, p.ID).Attempts[0]
	if refused.Reversal == nil || refused.Reversal.Status != payment.OperationPending || w.open(t) != 1 {
		t.Fatalf("the late attempt is %+v", refused)
	}
	w.later(t, time.Minute) // again refused
	again := w.stored(t, p.ID).Attempts[0]
	if again.Reversal.ID == refused.Reversal.ID {
		t.Error("a refused reversal is tried again under its id")
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, 10*time.Minute)
	got := w.stored(t, p.ID).Attempts[0]
	if got.Reversal.Status != payment.OperationSucceeded || w.charges(t, p.ID) != 0 || w.open(t) != 0 {
		t.Errorf("the late attempt is %+v, with %d charges", got, w.charges(t, p.ID))
	}
}
