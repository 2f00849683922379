package flow_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/flow"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/payment"
	"florin/problem"
)

func TestAuthorize(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		method string
		status payment.Status
		reason problem.Code
	}{
		{"pm_card_visa", payment.Succeeded, ""},
		{"pm_card_chargeDeclined", payment.Declined, problem.GenericDecline},
		{"pm_card_chargeDeclinedInsufficientFunds", payment.Declined, problem.InsufficientFunds},
		{"pm_card_radarBlock", payment.Declined, problem.FraudDetected},
	} {
		p := w.pay(t, authorize(7, test.method), test.status)
		if p.Reason != test.reason {
			t.Errorf("%s is declined as %q, want %q", test.method, p.Reason, test.reason)
		}
		if stored := w.stored(t, p.ID); stored.State != p.State {
			t.Errorf("%s is stored as %+v, told as %+v", test.method, stored.State, p.State)
		}
	}
	if _, err := w.flow.Authorize(t.Context(), authorize(7, "pm_card_none")); err == nil {
		t.Error("an unknown payment method is charged")
	}
}

func TestOneKeyChargesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var callers sync.WaitGroup
	var charged, replayed, refused atomic.Int32
	ids := make([]ident.ID, 200)
	for i := range ids {
		callers.Go(func() {
			result, err := w.flow.Authorize(t.Context(), withKey(authorize(7, "pm_card_visa"), "k"))
			switch {
			case problem.Is(err, problem.IdempotencyInProgress):
				refused.Add(1)
			case err != nil:
				t.Error(err)
			case result.Replayed:
				replayed.Add(1)
				ids[i] = result.Payment.ID
			default:
				charged.Add(1)
				ids[i] = result.Payment.ID
			}
		})
	}
	callers.Wait()
	if charged.Load() != 1 {
		t.Errorf("%d charged, %d replayed, %d refused", charged.Load(), replayed.Load(), refused.Load())
	}
	result, err := w.flow.Authorize(t.Context(), withKey(authorize(7, "pm_card_visa"), "k"))
	if err != nil || !result.Replayed || w.charges(t, result.Payment.ID) != 1 {
		t.Fatalf("afterwards: %+v, %v", result, err)
	}
	for _, id := range ids {
		if !id.IsZero() && id != result.Payment.ID {
			t.Error("two payments with one key")
		}
	}
	other := withKey(authorize(7, "pm_card_visa"), "k")
	other.Idempotency.Digest[0] = 1
	_, err = w.flow.Authorize(t.Context(), other)
	wantCode(t, err, problem.IdempotencyKeyReuse)
}

func TestReplayIsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.pay(t, withKey(authorize(7, "pm_card_visa"), "k"), payment.Succeeded)
	if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: first.ID}); err != nil {
		t.Fatal(err)
	}
	if now := w.stored(t, first.ID); now.RefundedMinor != 100_00 {
		t.Fatalf("refunded %d", now.RefundedMinor)
	}
	again, err := w.flow.Authorize(t.Context(), withKey(authorize(7, "pm_card_visa"), "k"))
	if err != nil || !again.Replayed || again.Payment.State != first.State {
		t.Errorf("replayed as %+v (%v), want %+v", again.Payment.State, err, first.State)
	}
}

// TestHangUp: clients that hang up in the middle of a charge change nothing.
func TestHangUp(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, time.Minute)
	w.set(t, 0, simulated.Settings{LatencyMS: 10})
	ctx, hangUp := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	var answered atomic.Int32
	for i := range 1000 {
		callers.Go(func() {
			result, err := w.flow.Authorize(ctx, authorize(int64(1+i%50), "pm_card_visa"))
			if err != nil || result.Payment.Status != payment.Succeeded {
				t.Errorf("%s, %v", result.Payment.Status, err)
			}
			answered.Add(1)
		})
	}
	done := make(chan struct{})
	go func() {
		callers.Wait()
		close(done)
	}()
	for hungUp := false; ; {
		if !hungUp && w.open(t) >= 500 {
			hangUp()
			hungUp = true
		}
		select {
		case <-done:
			hangUp()
			if w.open(t) != 0 {
				t.Errorf("%d operations are left open", w.open(t))
			}
			return
		case <-time.After(5 * time.Millisecond):
			if hungUp {
				w.clock.Advance(10 * time.Millisecond)
			}
		}
	}
}

func TestUnknownIsAskedAbout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		settings simulated.Settings
		want     payment.Status
		charges  int
	}{
		{"error after it was charged", simulated.Settings{ErrorAfterRate: 1}, payment.Succeeded, 1},
		{"error before it was charged", simulated.Settings{ErrorBeforeRate: 1}, payment.Declined, 0},
		{"no answer", simulated.Settings{TimeoutRate: 1}, payment.Succeeded, 1},
		{"no answer, charged 5 s later", simulated.Settings{TimeoutRate: 1, LateMS: 5000}, payment.Succeeded, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.set(t, 0, test.settings)
			p := w.pay(t, withKey(authorize(7, "pm_card_visa"), "k"), payment.Processing)
			w.set(t, 0, simulated.Settings{})
			again, err := w.flow.Authorize(t.Context(), withKey(authorize(7, "pm_card_visa"), "k"))
			if err != nil || again.Payment.ID != p.ID || again.Payment.Status != payment.Processing {
				t.Errorf("repeated while open: %+v, %v", again.Payment.State, err)
			}
			w.later(t, 10*time.Second)
			w.later(t, 20*time.Second)
			if got := w.stored(t, p.ID); got.Status != test.want || w.charges(t, p.ID) != test.charges || w.open(t) != 0 {
				t.Errorf("%s with %d charges, %d open", got.Status, w.charges(t, p.ID), w.open(t))
			}
			final, err := w.flow.Authorize(t.Context(), withKey(authorize(7, "pm_card_visa"), "k"))
			if err != nil || final.Payment.Status != test.want {
				t.Errorf("repeated at last: %+v, %v", final.Payment.State, err)
			}
		})
	}
}

// TestLateLanding: a charge that lands after another gateway has approved is
// taken back.
func TestLateLanding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, 0, simulated.Settings{TimeoutRate: 1, LateMS: 120_000})
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Processing)
	w.later(t, 10*time.Second)
	w.later(t, 20*time.Second)
	if got := w.stored(t, p.ID); got.Status != payment.Declined || got.Reason != problem.NotCharged {
		t.Fatalf("%s (%s)", got.Status, got.Reason)
	}
	w.set(t, 0, simulated.Settings{Down: true})
	result, err := w.flow.Confirm(t.Context(), flow.Confirm{Payment: p.ID})
	if err != nil || result.Payment.Status != payment.Succeeded || result.Payment.Gateway != "second" {
		t.Fatalf("%+v, %v", result.Payment.State, err)
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, 2*time.Minute)
	w.later(t, time.Minute)
	got := w.stored(t, p.ID)
	if got.Status != payment.Succeeded || w.charges(t, p.ID) != 1 || w.open(t) != 0 {
		t.Errorf("%s with %d charges, %d open", got.Status, w.charges(t, p.ID), w.open(t))
	}
	late := got.Attempts[0]
	if late.Outcome != payment.OutcomeApproved || late.Reversal == nil ||
		late.Reversal.Status != payment.OperationSucceeded {
		t.Errorf("the late attempt is %+v", late)
	}
	if w.alerts == 0 {
		t.Error("nobody was alerted")
	}
}

func TestNextGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, 0, simulated.Settings{Down: true})
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	if p.Gateway != "second" || len(w.stored(t, p.ID).Attempts) != 2 {
		t.Errorf("charged by %s", p.Gateway)
	}
	w.set(t, 1, simulated.Settings{Down: true})
	p = w.pay(t, authorize(7, "pm_card_visa"), payment.Declined)
	if p.Reason != problem.NotCharged {
		t.Errorf("declined as %s", p.Reason)
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var requests []flow.Authorize
	for i := range 1000 {
		r := authorize(int64(i+1), "pm_card_visa")
		switch i % 10 {
		case 3:
			r.Method = "pm_card_chargeDeclined"
		case 5:
			r.Method = "pm_card_none"
		}
		requests = append(requests, withKey(r, fmt.Sprint("k", i)))
	}
	first := w.flow.AuthorizeBatch(t.Context(), requests)
	again := w.flow.AuthorizeBatch(t.Context(), requests)
	for i, result := range first {
		switch i % 10 {
		case 3:
			if result.Payment.Reason != problem.GenericDecline {
				t.Errorf("item %d: %+v, %v", i, result.Payment.State, result.Err)
			}
		case 5:
			wantCode(t, result.Err, problem.InvalidParameter)
		default:
			if result.Err != nil || result.Payment.Status != payment.Succeeded || result.Payment.UserID != int64(i+1) {
				t.Errorf("item %d: %+v, %v", i, result.Payment.State, result.Err)
			}
		}
		if i%10 != 5 && (!again[i].Replayed || again[i].Payment.State != result.Payment.State) {
			t.Errorf("item %d again: %+v", i, again[i])
		}
	}
}
