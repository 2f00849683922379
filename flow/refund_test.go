package flow_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/flow"
	"florin/gateway/simulated"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

func TestConcurrentRefunds(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]simulated.Settings{
		"answered": {}, "hanging": {TimeoutRate: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
			w.set(t, 0, settings)
			var callers sync.WaitGroup
			var taken atomic.Int32
			for range 100 {
				callers.Go(func() {
					_, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 10_00})
					switch {
					case err == nil:
						taken.Add(1)
					case !problem.Is(err, problem.OverRefund):
						t.Error(err)
					}
				})
			}
			callers.Wait()
			w.set(t, 0, simulated.Settings{})
			w.later(t, 10*time.Second)
			got := w.stored(t, p.ID)
			if taken.Load() != 10 || got.RefundedMinor != 100_00 || w.open(t) != 0 {
				t.Errorf("%d refunds, %d refunded, %d open", taken.Load(), got.RefundedMinor, w.open(t))
			}
		})
	}
}

func TestRefundThatNeverArrivedIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	w.set(t, 0, simulated.Settings{ErrorBeforeRate: 1})
	refund := flow.Refund{Payment: p.ID, Idempotency: &flow.Idempotency{Scope: "refunds", Key: "k"}}
	first, err := w.flow.Refund(t.Context(), refund)
	if err != nil || first.Refund.Status != payment.OperationPending {
		t.Fatalf("%+v, %v", first, err)
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, 10*time.Second)
	again, err := w.flow.Refund(t.Context(), refund)
	if err != nil || !again.Replayed || again.Refund.Status != payment.OperationSucceeded {
		t.Errorf("%+v, %v", again, err)
	}
	if again.Refund.ID != first.Refund.ID || w.stored(t, p.ID).RefundedMinor != 100_00 {
		t.Error("refunded under another id, or not at all")
	}
}

func TestRefundRefusedByTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	w.set(t, 0, simulated.Settings{DeclineRate: 1})
	result, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID})
	if err != nil || result.Refund.Status != payment.OperationFailed {
		t.Fatalf("%+v, %v", result, err)
	}
	w.set(t, 0, simulated.Settings{})
	if result, err = w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil ||
		result.Refund.Status != payment.OperationSucceeded {
		t.Errorf("what failed is not given back: %+v, %v", result, err)
	}
	_, err = w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID})
	wantCode(t, err, problem.OverRefund)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unconfirmed := authorize(7, "pm_card_visa")
	unconfirmed.Confirm = false
	p := w.pay(t, unconfirmed, payment.RequiresConfirmation)
	key := &flow.Idempotency{Scope: "cancel", Key: "k"}
	for range 2 {
		result, err := w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID, Idempotency: key})
		if err != nil || result.Payment.Status != payment.Canceled {
			t.Fatalf("%+v, %v", result.Payment.State, err)
		}
	}
	_, err := w.flow.Confirm(t.Context(), flow.Confirm{Payment: p.ID})
	wantCode(t, err, problem.WrongState)

	w.set(t, 0, simulated.Settings{TimeoutRate: 1})
	p = w.pay(t, authorize(7, "pm_card_visa"), payment.Processing)
	_, err = w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID})
	wantCode(t, err, problem.WrongState)
}

func TestConfirmAfterDecline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, withKey(authorize(7, "pm_card_chargeDeclined"), "create"), payment.Declined)
	confirm := flow.Confirm{
		Payment: p.ID, Method: "pm_card_visa", Idempotency: &flow.Idempotency{Scope: "confirm", Key: "k"},
	}
	first, err := w.flow.Confirm(t.Context(), confirm)
	if err != nil || first.Payment.Status != payment.Succeeded {
		t.Fatalf("%+v, %v", first.Payment.State, err)
	}
	if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil {
		t.Fatal(err)
	}
	again, err := w.flow.Confirm(t.Context(), confirm)
	if err != nil || !again.Replayed || again.Payment.State != first.Payment.State {
		t.Errorf("replayed as %+v, %v", again.Payment.State, err)
	}
	created, err := w.flow.Authorize(t.Context(), withKey(authorize(7, "pm_card_chargeDeclined"), "create"))
	if err != nil || created.Payment.State != p.State {
		t.Errorf("the first request is answered %+v, %v", created.Payment.State, err)
	}
	list, err := w.flow.Payments(t.Context(), store.PaymentQuery{Page: store.Page{Limit: 10}})
	if err != nil || len(list) != 1 || w.charges(t, p.ID) != 1 {
		t.Errorf("%d payments, %d charges, %v", len(list), w.charges(t, p.ID), err)
	}
}
