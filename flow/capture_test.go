package flow_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"florin/flow"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// manual is a payment of 100.00 USD that is to be captured.
func manual(user int64) flow.Authorize {
	r := authorize(user, "pm_card_visa")
	r.CaptureMethod = payment.CaptureManual
	return r
}

func keyed(scope string) *flow.Idempotency { return &flow.Idempotency{Scope: scope, Key: "k"} }

// staleStore reads a payment as it was.
type staleStore struct {
	store.Store
	payment payment.Payment
}

func (s staleStore) Payment(context.Context, ident.ID) (payment.Payment, error) {
	return s.payment, nil
}

// TestCaptureOfWhatIsJustAuthorized: what the gateway can is that of the one that has
// authorized the payment by the time of the capture, not when it was read.
func TestCaptureOfWhatIsJustAuthorized(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := authorize(7, "pm_card_visa")
	r.CaptureMethod, r.Confirm = payment.CaptureManual, false
	before := w.pay(t, r, payment.RequiresConfirmation)
	if _, err := w.flow.Confirm(t.Context(), flow.Confirm{Payment: before.ID}); err != nil {
		t.Fatal(err)
	}
	cfg := w.cfg
	cfg.Store = staleStore{w.store, before}
	got, err := flow.New(cfg).Capture(t.Context(), flow.Capture{Payment: before.ID, Minor: 30_00})
	if err != nil || got.Capture.Final || got.Payment.Status != payment.RequiresCapture {
		t.Errorf("%+v, %v", got, err)
	}
	w.audited(t)
}

func TestCaptureInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, manual(7), payment.RequiresCapture)
	w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 0, ledger.Receivable("first"): 0})
	first := flow.Capture{Payment: p.ID, Minor: 30_00, Idempotency: keyed("capture")}
	got, err := w.flow.Capture(t.Context(), first)
	if err != nil || got.Capture.Status != payment.OperationSucceeded || got.Payment.Status != payment.RequiresCapture ||
		got.Payment.CapturedMinor != 30_00 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 30_00, ledger.Receivable("first"): -30_00})
	_, err = w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID, Minor: 70_01})
	wantCode(t, err, problem.OverCapture)
	refund, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 10_00})
	if err != nil || refund.Refund.Status != payment.OperationSucceeded {
		t.Fatalf("%+v, %v", refund, err)
	}
	last, err := w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID, Minor: 20_00, Final: new(true)})
	if err != nil || last.Payment.Status != payment.Succeeded || last.Payment.CapturedMinor != 50_00 {
		t.Fatalf("%+v, %v", last, err)
	}
	again, err := w.flow.Capture(t.Context(), first)
	if err != nil || !again.Replayed || again.Payment.State != got.Payment.State || again.Capture != got.Capture {
		t.Errorf("replayed as %+v, %v", again, err)
	}
	other := first
	other.Idempotency = &flow.Idempotency{Scope: "capture", Key: "k", Digest: [32]byte{1}}
	_, err = w.flow.Capture(t.Context(), other)
	wantCode(t, err, problem.IdempotencyKeyReuse)
	_, err = w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID})
	wantCode(t, err, problem.WrongState)
	w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 40_00, ledger.Receivable("first"): -40_00})
	if report := w.audited(t); report.Totals.Captures != 2 || w.open(t) != 0 {
		t.Errorf("%+v, %d open", report.Totals, w.open(t))
	}
}

// TestUnknownCapture: a capture whose answer was lost is settled once, whether or
// not it took effect.
func TestUnknownCapture(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]simulated.Settings{
		"an error before": {ErrorBeforeRate: 1},
		"an error after":  {ErrorAfterRate: 1},
		"no answer":       {TimeoutRate: 1},
		"later":           {TimeoutRate: 1, LateMS: 5000},
		"down":            {Down: true},
		"pending":         {PendingRate: 1, LateMS: 5000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.pay(t, manual(7), payment.RequiresCapture)
			w.set(t, 0, settings)
			capture := flow.Capture{Payment: p.ID, Idempotency: keyed("capture")}
			got, err := w.flow.Capture(t.Context(), capture)
			if err != nil || got.Capture.Status != payment.OperationPending ||
				got.Payment.Status != payment.RequiresCapture || got.Payment.CapturePendingMinor != 100_00 {
				t.Fatalf("%+v, %v", got, err)
			}
			_, err = w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID})
			wantCode(t, err, problem.WrongState)
			_, err = w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID, Minor: 1})
			if err == nil {
				t.Error("captured beside it")
			}
			w.set(t, 0, simulated.Settings{})
			w.later(t, 10*time.Second)
			w.later(t, 30*time.Second)
			stored := w.stored(t, p.ID)
			if stored.Status != payment.Succeeded || stored.CapturedMinor != 100_00 || w.open(t) != 0 {
				t.Errorf("%+v, %d open", stored.State, w.open(t))
			}
			again, err := w.flow.Capture(t.Context(), capture)
			if err != nil || !again.Replayed || again.Capture.Status != payment.OperationSucceeded ||
				again.Capture.ID != got.Capture.ID {
				t.Errorf("replayed as %+v, %v", again, err)
			}
			if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 1_00}); err != nil {
				t.Fatal(err)
			}
			later, err := w.flow.Capture(t.Context(), capture)
			if err != nil || later.Payment.State != again.Payment.State || later.Payment.CapturedMinor != 100_00 {
				t.Errorf("after a refund it is replayed as %+v, %v", later, err)
			}
			w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 99_00})
			w.audited(t)
		})
	}
}

func TestCaptureRefusedByTheGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, manual(7), payment.RequiresCapture)
	w.set(t, 0, simulated.Settings{DeclineRate: 1})
	got, err := w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID})
	if err != nil || got.Capture.Status != payment.OperationFailed || got.Capture.Reason != problem.GenericDecline ||
		got.Payment.Status != payment.RequiresCapture || got.Payment.CapturePendingMinor != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	w.set(t, 0, simulated.Settings{})
	if got, err = w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID}); err != nil ||
		got.Payment.Status != payment.Succeeded {
		t.Errorf("%+v, %v", got, err)
	}
	w.audited(t)
}

func TestCancelAuthorization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, manual(7), payment.RequiresCapture)
	w.set(t, 0, simulated.Settings{ErrorBeforeRate: 1})
	for range 2 {
		result, err := w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID, Idempotency: keyed("cancel")})
		if err != nil || result.Payment.Status != payment.Canceled {
			t.Fatalf("%+v, %v", result.Payment.State, err)
		}
	}
	if w.charges(t, p.ID) != 1 || w.open(t) != 1 {
		t.Errorf("%d charges, %d open", w.charges(t, p.ID), w.open(t))
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, 30*time.Second)
	if w.charges(t, p.ID) != 0 || w.open(t) != 0 {
		t.Errorf("the authorization was not voided: %d charges, %d open", w.charges(t, p.ID), w.open(t))
	}
	_, err := w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID})
	wantCode(t, err, problem.WrongState)
	w.audited(t)
}

// voidless is a gateway that cannot take an authorization back.
type voidless struct {
	flow.Gateway
	t *testing.T
}

// Capabilities implements flow.Gateway.
func (v voidless) Capabilities() gateway.Capabilities {
	can := v.Gateway.Capabilities()
	can.Void = false
	return can
}

// Void implements flow.Gateway.
func (v voidless) Void(context.Context, gateway.Void) (gateway.Outcome, error) {
	v.t.Error("it is asked to void an authorization")
	return gateway.Outcome{}, gateway.ErrNotSent
}

// TestNoVoid: what a gateway cannot void is not canceled, and lapses by itself.
func TestNoVoid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, g := range w.cfg.Gateways {
		w.cfg.Gateways[i] = voidless{g, t}
	}
	w.flow = flow.New(w.cfg)
	p := w.pay(t, manual(7), payment.RequiresCapture)
	_, err := w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID})
	wantCode(t, err, problem.WrongState)
	if got := w.stored(t, p.ID); got.Status != payment.RequiresCapture {
		t.Errorf("it is %s", got.Status)
	}
	part := w.pay(t, manual(8), payment.RequiresCapture)
	if _, err := w.flow.Capture(t.Context(), flow.Capture{Payment: part.ID, Minor: 1, Final: new(bool)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		payment payment.Payment
		status  payment.Status
	}{{p, payment.Canceled}, {part, payment.Succeeded}} {
		if err := w.flow.Expire(t.Context(), store.Due{Payment: c.payment.ID, Operation: c.payment.Attempt}); err != nil {
			t.Fatal(err)
		}
		if got := w.stored(t, c.payment.ID); got.Status != c.status || w.open(t) != 0 {
			t.Errorf("when it has expired it is %s, %d open", got.Status, w.open(t))
		}
	}
}

// TestCaptureRacesCancel: of a capture and a cancel at once exactly one wins,
// each time.
func TestCaptureRacesCancel(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, time.Minute)
	const races = 1000
	var captured, canceled int
	ids := make([]ident.ID, races)
	var racing sync.WaitGroup
	for i := range races {
		ids[i] = w.pay(t, manual(int64(1+i)), payment.RequiresCapture).ID
	}
	type outcome struct{ captured, canceled bool }
	outcomes := make([]outcome, races)
	for i, id := range ids {
		racing.Go(func() {
			result, err := w.flow.Capture(t.Context(), flow.Capture{Payment: id})
			outcomes[i].captured = err == nil && result.Capture.Status == payment.OperationSucceeded
			if err != nil {
				wantCode(t, err, problem.WrongState)
			}
		})
		racing.Go(func() {
			_, err := w.flow.Cancel(t.Context(), flow.Cancel{Payment: id})
			outcomes[i].canceled = err == nil
			if err != nil {
				wantCode(t, err, problem.WrongState)
			}
		})
	}
	racing.Wait()
	for i, o := range outcomes {
		p := w.stored(t, ids[i])
		switch {
		case o.captured == o.canceled:
			t.Errorf("race %d: captured %v, canceled %v", i, o.captured, o.canceled)
		case o.captured && p.Status == payment.Succeeded:
			captured++
		case o.canceled && p.Status == payment.Canceled:
			canceled++
		default:
			t.Errorf("race %d: %+v and %s", i, o, p.Status)
		}
	}
	t.Logf("%d captured, %d canceled", captured, canceled)
	if captured+canceled != races || w.open(t) != 0 {
		t.Errorf("%d captured, %d canceled, %d open", captured, canceled, w.open(t))
	}
	w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: int64(captured) * 100_00})
	w.audited(t)
}

const sixDays = 6 * 24 * time.Hour

func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := w.pay(t, manual(7), payment.RequiresCapture)
	part := w.pay(t, manual(8), payment.RequiresCapture)
	done := w.pay(t, manual(9), payment.RequiresCapture)
	for id, minor := range map[ident.ID]int64{part.ID: 30_00, done.ID: 0} {
		if _, err := w.flow.Capture(t.Context(), flow.Capture{Payment: id, Minor: minor}); err != nil {
			t.Fatal(err)
		}
	}
	w.later(t, sixDays-time.Second)
	if got := w.stored(t, whole.ID); got.Status != payment.RequiresCapture {
		t.Fatalf("%s before its time", got.Status)
	}
	w.later(t, 2*time.Second)
	w.later(t, time.Minute)
	if got := w.stored(t, whole.ID); got.Status != payment.Canceled || w.charges(t, whole.ID) != 0 {
		t.Errorf("not captured: %s, %d charges", got.Status, w.charges(t, whole.ID))
	}
	got := w.stored(t, part.ID)
	if got.Status != payment.Succeeded || got.CapturedMinor != 30_00 || got.Attempts[0].Reversal == nil ||
		got.Attempts[0].Reversal.Status != payment.OperationSucceeded || !got.Attempts[0].Reversal.Rest {
		t.Errorf("captured in part: %+v, %+v", got.State, got.Attempts)
	}
	if got := w.stored(t, done.ID); got.Status != payment.Succeeded || got.Attempts[0].Reversal != nil {
		t.Errorf("captured: %+v", got.State)
	}
	refund, err := w.flow.Refund(t.Context(), flow.Refund{Payment: part.ID})
	if err != nil || refund.Refund.Amount.Minor != 30_00 || refund.Refund.Status != payment.OperationSucceeded {
		t.Errorf("refunded: %+v, %v", refund, err)
	}
	if w.open(t) != 0 {
		t.Errorf("%d open", w.open(t))
	}
	w.audited(t)
}

// TestExpiryWaitsForACapture: what is being captured is not voided.
func TestExpiryWaitsForACapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, manual(7), payment.RequiresCapture)
	w.later(t, sixDays-time.Second)
	w.set(t, 0, simulated.Settings{PendingRate: 1, LateMS: 60_000})
	if _, err := w.flow.Capture(t.Context(), flow.Capture{Payment: p.ID, Minor: 30_00}); err != nil {
		t.Fatal(err)
	}
	w.later(t, 2*time.Second)
	if got := w.stored(t, p.ID); got.Status != payment.RequiresCapture || got.CapturePendingMinor != 30_00 {
		t.Fatalf("%+v", got.State)
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, time.Minute)
	w.later(t, time.Minute)
	w.later(t, time.Minute)
	if got := w.stored(t, p.ID); got.Status != payment.Succeeded || got.CapturedMinor != 30_00 || w.open(t) != 0 {
		t.Errorf("%+v, %d open", got.State, w.open(t))
	}
	w.audited(t)
}
