package flow_test

import (
	"testing"
	"time"

	"florin/commit"
	"florin/flow"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/internal/clock"
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

// TestLearnedElsewhere: before a confirm can write its outcome another process has
// learned it, a repeat was told of it, and the payment was captured. The confirm is told
// what the repeat was told, then and ever after.
func TestLearnedElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waiting := manual(7)
	waiting.Confirm = false
	p := w.pay(t, waiting, payment.RequiresConfirmation)
	confirm := flow.Confirm{Payment: p.ID, Idempotency: keyed("confirm")}
	other := w.beside(t)
	var repeat flow.Result
	txs := 0
	meanwhile := func() {
		if txs++; txs != 2 { // 1 starts the attempt, 2 writes its outcome
			return
		}
		a := w.stored(t, p.ID).Attempts[0]
		outcome, err := w.gateways[0].Resolve(t.Context(), a.ID)
		if err == nil {
			err = other.Notice(t.Context(), gateway.Notice{Gateway: a.Gateway, Operation: a.ID, Outcome: outcome})
		}
		if err == nil {
			repeat, err = other.Confirm(t.Context(), confirm)
		}
		if err == nil {
			_, err = other.Capture(t.Context(), flow.Capture{Payment: p.ID})
		}
		if err != nil {
			t.Error(err)
		}
	}
	w.begin.Store(&meanwhile)
	first, err := w.flow.Confirm(t.Context(), confirm)
	if err != nil || first.Payment.Status != payment.RequiresCapture || first.Payment.CapturedMinor != 0 {
		t.Errorf("the confirm is told %+v, %v", first.Payment.State, err)
	}
	if !repeat.Replayed || repeat.Payment.State != first.Payment.State {
		t.Errorf("the repeat is told %+v", repeat.Payment.State)
	}
	again, err := w.flow.Confirm(t.Context(), confirm)
	if err != nil || !again.Replayed || again.Payment.State != first.Payment.State {
		t.Errorf("the next repeat is told %+v, %v", again.Payment.State, err)
	}
	if got := w.stored(t, p.ID); got.Status != payment.Succeeded || w.charges(t, p.ID) != 1 {
		t.Errorf("the payment is %s", got.Status)
	}
}

// beside returns the flows of another process on the same store, with committers of
// its own.
func (w *world) beside(t *testing.T) *flow.Service {
	t.Helper()
	cfg := w.cfg
	set := commit.NewSet(commit.Config{Store: w.store, Clock: clock.System{}, IDs: w.ids, Alert: w.alert})
	loops := commits(t, set)
	t.Cleanup(loops.Stop)
	cfg.Commit = set
	return flow.New(cfg)
}
