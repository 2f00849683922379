package flow_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/event"
	"florin/flow"
	"florin/gateway/simulated"
	"florin/payment"
	"florin/problem"
)

// fromWallet is a confirmed payment of 100.00 USD from the wallet.
func fromWallet(user int64) flow.Authorize { return authorize(user, payment.Wallet) }

// topUp is a confirmed top-up of 100.00 USD by card.
func topUp(user int64) flow.Authorize {
	r := authorize(user, "pm_card_visa")
	r.Purpose = payment.WalletTopUp
	return r
}

func TestPaymentFromWallet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(150_00))
	p := w.pay(t, withKey(fromWallet(7), "k"), payment.Succeeded)
	w.wantWallet(t, 7, "USD", 50_00, 0)
	if got := w.events(t, p.ID); !slices.Equal(got, []event.Type{event.PaymentSucceeded}) {
		t.Errorf("its events are %v", got)
	}
	stored := w.stored(t, p.ID)
	if len(stored.Attempts) != 1 || len(stored.Captures) != 1 || stored.CapturedMinor != 100_00 ||
		stored.Attempts[0].Gateway != payment.Wallet || stored.Attempts[0].Outcome != payment.OutcomeApproved {
		t.Errorf("the payment is %+v", stored)
	}
	again, err := w.flow.Authorize(t.Context(), withKey(fromWallet(7), "k"))
	if err != nil || !again.Replayed || again.Payment.State != p.State {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	w.wantWallet(t, 7, "USD", 50_00, 0)
	if w.open(t) != 0 {
		t.Error("something is open")
	}
}

// A wallet that is short declines; another method, or more in the wallet, then
// works.
func TestShortWalletDeclines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(99_99))
	p := w.pay(t, withKey(fromWallet(7), "k"), payment.Declined)
	if p.Reason != problem.InsufficientFunds {
		t.Errorf("the reason is %s", p.Reason)
	}
	again, err := w.flow.Confirm(t.Context(), flow.Confirm{Payment: p.ID})
	if err != nil || again.Payment.Status != payment.Declined {
		t.Errorf("confirmed again: %+v, %v", again, err)
	}
	w.give(t, 7, usd(1))
	confirm := flow.Confirm{Payment: p.ID, Idempotency: &flow.Idempotency{Scope: "confirm", Key: "c"}}
	done, err := w.flow.Confirm(t.Context(), confirm)
	if err != nil || done.Payment.Status != payment.Succeeded || done.Payment.Gateway != payment.Wallet {
		t.Errorf("with more in it: %+v, %v", done, err)
	}
	repeated, err := w.flow.Confirm(t.Context(), confirm)
	if err != nil || !repeated.Replayed || repeated.Payment.State != done.Payment.State {
		t.Errorf("repeated: %+v, %v", repeated, err)
	}
	w.wantWallet(t, 7, "USD", 0, 0)

	p = w.pay(t, fromWallet(7), payment.Declined)
	done, err = w.flow.Confirm(t.Context(), flow.Confirm{Payment: p.ID, Method: "pm_card_visa"})
	if err != nil || done.Payment.Status != payment.Succeeded || done.Payment.Gateway != "first" {
		t.Errorf("with a card: %+v, %v", done, err)
	}
	first, err := w.flow.Authorize(t.Context(), withKey(fromWallet(7), "k"))
	if err != nil || !first.Replayed || first.Payment.Status != payment.Declined {
		t.Errorf("the first answer is now %+v, %v", first, err)
	}
}

func TestWhatNoWalletPaysFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(1000_00))
	for param, change := range map[string]func(*flow.Authorize){
		"capture_method": func(r *flow.Authorize) { r.CaptureMethod = payment.CaptureManual },
		"payment_method": func(r *flow.Authorize) { r.Purpose = payment.WalletTopUp },
	} {
		for _, confirm := range []bool{true, false} {
			r := fromWallet(7)
			r.Confirm = confirm
			change(&r)
			_, err := w.flow.Authorize(t.Context(), r)
			wantParam(t, err, problem.InvalidParameter, param)
		}
		r := authorize(7, "pm_card_chargeDeclined")
		change(&r)
		declined := w.pay(t, r, payment.Declined)
		_, err := w.flow.Confirm(t.Context(), flow.Confirm{Payment: declined.ID, Method: payment.Wallet})
		wantParam(t, err, problem.InvalidParameter, param)
	}
	w.wantWallet(t, 7, "USD", 1000_00, 0)
}

func wantParam(t testing.TB, err error, code problem.Code, param string) {
	t.Helper()
	wantCode(t, err, code)
	var p *problem.Problem
	if errors.As(err, &p) && p.Param != param {
		t.Errorf("the fault is in %q, want %q", p.Param, param)
	}
}

// Of a batch and of single requests at once, as many succeed as the wallet pays
// for.
func TestConcurrentPaymentsFromWallet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(550_00))
	var callers sync.WaitGroup
	var paid atomic.Int32
	count := func(r flow.Result, err error) {
		switch {
		case err != nil:
			t.Error(err)
		case r.Payment.Status == payment.Succeeded:
			paid.Add(1)
		case r.Payment.Status != payment.Declined:
			t.Errorf("a payment is %s", r.Payment.Status)
		}
	}
	callers.Go(func() {
		for _, r := range w.flow.AuthorizeBatch(t.Context(), slices.Repeat([]flow.Authorize{fromWallet(7)}, 30)) {
			count(r.Result, r.Err)
		}
	})
	for range 30 {
		callers.Go(func() { count(w.flow.Authorize(t.Context(), fromWallet(7))) })
	}
	callers.Wait()
	if paid.Load() != 5 {
		t.Errorf("%d payments were made", paid.Load())
	}
	w.wantWallet(t, 7, "USD", 50_00, 0)
}

func TestRefundToWallet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	r := flow.Refund{
		Payment: p.ID, Minor: 30_00, To: payment.ToWallet, Idempotency: &flow.Idempotency{Scope: "refunds", Key: "k"},
	}
	first, err := w.flow.Refund(t.Context(), r)
	if err != nil || first.Refund.Status != payment.OperationSucceeded || first.Refund.To() != payment.ToWallet {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := w.flow.Refund(t.Context(), r)
	if err != nil || !again.Replayed || again.Refund.ID != first.Refund.ID {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	w.wantWallet(t, 7, "USD", 30_00, 0)
	if got := w.events(t, first.Refund.ID); !slices.Equal(got, []event.Type{event.RefundSucceeded}) {
		t.Errorf("its events are %v", got)
	}
	_, err = w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 70_01, To: payment.ToWallet})
	wantCode(t, err, problem.OverRefund)
	if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil {
		t.Error(err)
	}
	if got := w.stored(t, p.ID); got.RefundedMinor != 100_00 || got.RefundPendingMinor != 0 {
		t.Errorf("the payment is %+v", got.State)
	}
	w.wantWallet(t, 7, "USD", 30_00, 0)
}

func TestRefundOfPaymentFromWallet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(100_00))
	p := w.pay(t, fromWallet(7), payment.Succeeded)
	_, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, To: payment.ToCard})
	wantParam(t, err, problem.InvalidParameter, "to")
	var callers sync.WaitGroup
	var taken atomic.Int32
	for range 40 {
		callers.Go(func() {
			r, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 10_00})
			switch {
			case err == nil && r.Refund.Status == payment.OperationSucceeded:
				taken.Add(1)
			case !problem.Is(err, problem.OverRefund):
				t.Error(r, err)
			}
		})
	}
	callers.Wait()
	if taken.Load() != 10 {
		t.Errorf("%d refunds were made", taken.Load())
	}
	w.wantWallet(t, 7, "USD", 100_00, 0)
}

func TestRefundOfTopUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, topUp(7), payment.Succeeded)
	w.wantWallet(t, 7, "USD", 100_00, 0)
	_, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, To: payment.ToWallet})
	wantParam(t, err, problem.InvalidParameter, "to")

	w.give(t, 7, usd(-30_00))
	_, err = w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID})
	wantCode(t, err, problem.InsufficientFunds)
	if got := w.stored(t, p.ID); got.RefundPendingMinor != 0 || len(got.Refunds) != 0 {
		t.Errorf("a refund that was refused left %+v", got)
	}
	done, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 20_00})
	if err != nil || done.Refund.Status != payment.OperationSucceeded {
		t.Fatalf("%+v, %v", done, err)
	}
	w.wantWallet(t, 7, "USD", 50_00, 0)

	// While the gateway hangs the money cannot be spent; afterwards it is gone.
	w.set(t, 0, simulated.Settings{TimeoutRate: 1})
	hanging, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 40_00})
	if err != nil || hanging.Refund.Status != payment.OperationPending {
		t.Fatalf("%+v, %v", hanging, err)
	}
	w.wantWallet(t, 7, "USD", 10_00, 40_00)
	_, _, err = w.flow.Adjust(t.Context(), flow.Adjust{UserID: 7, Amount: usd(-10_01), TransactionID: "spend"})
	wantCode(t, err, problem.InsufficientFunds)
	w.set(t, 0, simulated.Settings{})
	w.later(t, 10*time.Second)
	w.wantWallet(t, 7, "USD", 10_00, 0)

	// One that the gateway refuses is given back.
	w.set(t, 0, simulated.Settings{DeclineRate: 1})
	failed, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 5_00})
	if err != nil || failed.Refund.Status != payment.OperationFailed {
		t.Errorf("%+v, %v", failed, err)
	}
	w.wantWallet(t, 7, "USD", 10_00, 0)
	if got := w.stored(t, p.ID); got.RefundedMinor != 60_00 || got.RefundPendingMinor != 0 || w.open(t) != 0 {
		t.Errorf("the payment is %+v", got.State)
	}
}
