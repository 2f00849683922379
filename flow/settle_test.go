package flow_test

import (
	"testing"
	"time"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/payment"
	"florin/problem"
)

// TestStale: an attempt that waited too long is not sent, since an inquiry could
// find that nothing was charged before it arrives; another takes its place.
func TestStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := func() {
		w.begin.Store(nil)
		w.clock.Advance(1500 * time.Millisecond) // of the 2 s that a charge may take
	}
	w.begin.Store(&slow)
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	if len(p.Attempts) != 2 || p.Attempts[0].Reason != problem.NotCharged ||
		p.Attempts[1].Outcome != payment.OutcomeApproved {
		t.Fatalf("the attempts are %+v", p.Attempts)
	}
	outcome, err := w.gateways[0].Resolve(t.Context(), p.Attempts[0].ID)
	if err != nil || outcome.Status != gateway.NotFound {
		t.Errorf("the gateway has heard of the attempt that waited: %+v, %v", outcome, err)
	}
	if n := w.charges(t, p.ID); n != 1 {
		t.Errorf("%d charges stand", n)
	}
}

// TestLateAnswer: a call that is answered after an inquiry has found that nothing
// was charged is reversed by that call, at once.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, 5*time.Second)
	w.set(t, 0, simulated.Settings{LatencyMS: 60_000})
	told := make(chan payment.Payment, 1)
	go func() {
		result, err := w.flow.Authorize(t.Context(), authorize(7, "pm_card_visa"))
		if err != nil {
			t.Error(err)
		}
		told <- result.Payment
	}()
	for w.clock.Waiting() == 0 { // until the call is out, and sleeps by the world's clock
		time.Sleep(time.Millisecond)
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, 10*time.Second)
	w.later(t, 25*time.Second)
	if w.open(t) != 0 {
		t.Fatal("the inquiry does not find that nothing was charged")
	}
	w.clock.Advance(time.Minute)
	p := w.stored(t, (<-told).ID)
	late := p.Attempts[0]
	if p.Status != payment.Declined || late.Outcome != payment.OutcomeApproved ||
		late.Reversal == nil || late.Reversal.Status != payment.OperationSucceeded {
		t.Errorf("the payment is %s, its attempt %+v", p.Status, late)
	}
	if n := w.charges(t, p.ID); n != 0 {
		t.Errorf("%d charges stand", n)
	}
}
