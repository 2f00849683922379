package flow_test

import (
	"sync"
	"testing"
	"time"

	"florin/flow"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/payment"
	"florin/problem"
)

// notice hands a notice of the first gateway in.
func (w *world) notice(t *testing.T, n gateway.Notice) {
	t.Helper()
	n.Gateway = "first"
	if err := w.flow.Notice(t.Context(), n); err != nil {
		t.Fatal(err)
	}
}

// disputeOf is a notice that all of a payment of 100.00 USD is disputed.
func disputeOf(p payment.Payment, status gateway.DisputeStatus) gateway.Notice {
	return gateway.Notice{Operation: p.Attempt, Dispute: &gateway.Dispute{
		Reference: "dp_1", Amount: usd(100_00), Reason: "fraudulent", Status: status,
	}}
}

// A dispute's end may overtake its beginning.
func TestDisputeOutOfOrder(t *testing.T) {
	t.Parallel()
	for _, purpose := range []payment.Purpose{payment.Sale, payment.WalletTopUp} {
		for _, status := range []gateway.DisputeStatus{
			gateway.DisputeWon, gateway.DisputeLost, gateway.DisputeUnderReview,
		} {
			w := newWorld(t)
			r := authorize(7, "pm_card_visa")
			r.Purpose = purpose
			p := w.pay(t, r, payment.Succeeded)
			for range 2 {
				w.notice(t, disputeOf(p, status))
				w.notice(t, disputeOf(p, gateway.DisputeNeedsResponse))
			}
			disputes := w.stored(t, p.ID).Disputes
			if len(disputes) != 1 || string(disputes[0].Status) != string(status) {
				t.Errorf("%s, told as %s first: it is %+v", purpose, status, disputes)
			}
			w.audited(t)
		}
	}
}

// A dispute takes from the wallet what its top-up has brought there, and no more.
func TestDisputeOfATopUpThatIsGone(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*world) payment.Payment{
		"refunded": func(w *world) payment.Payment {
			r := authorize(7, "pm_card_visa")
			r.Purpose = payment.WalletTopUp
			p := w.pay(t, r, payment.Succeeded)
			if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil {
				t.Fatal(err)
			}
			return p
		},
		"approved late and reversed": func(w *world) payment.Payment {
			r := authorize(7, "pm_card_authenticationRequired")
			r.Purpose = payment.WalletTopUp
			p := w.pay(t, r, payment.RequiresAction)
			if _, err := w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID}); err != nil {
				t.Fatal(err)
			}
			if err := w.gateways[0].EndChallenge(t.Context(), p.Attempt, true); err != nil {
				t.Fatal(err)
			}
			w.later(t, time.Minute)
			return w.stored(t, p.ID)
		},
	} {
		w := newWorld(t)
		w.give(t, 7, usd(500_00))
		p := make(w)
		w.wantWallet(t, 7, "USD", 500_00, 0)
		w.notice(t, disputeOf(p, gateway.DisputeNeedsResponse))
		w.wantWallet(t, 7, "USD", 500_00, 0)
		if n := len(w.stored(t, p.ID).Disputes); n != 1 {
			t.Errorf("%s: %d disputes are recorded", name, n)
		}
		w.audited(t)
	}
}

// What a gateway tells of another's operation, and what is no outcome, changes
// nothing and is not asked for again.
func TestNoticeThatIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, 0, simulated.Settings{PendingRate: 1, LateMS: 100_000})
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Processing)
	for _, n := range []gateway.Notice{
		{Gateway: "second", Operation: p.Attempt, Outcome: gateway.Outcome{Status: gateway.Approved, Reference: "x"}},
		{Gateway: "", Operation: p.Attempt, Outcome: gateway.Outcome{Status: gateway.Declined}},
		{Gateway: "first", Operation: p.Attempt},
		{Gateway: "first", Operation: p.Attempt, Outcome: gateway.Outcome{Status: "sold"}},
	} {
		before := w.alerts
		if err := w.flow.Notice(t.Context(), n); err != nil || w.alerts != before+1 {
			t.Errorf("%+v: %v, %d alerts", n, err, w.alerts-before)
		}
		if got := w.stored(t, p.ID); got.Version != p.Version {
			t.Errorf("%+v: it is %s", n, got.Status)
		}
	}
}

// What a refund's request was answered stays, also when an inquiry learned it and
// the refund fails later.
func TestRefundIsRepeatedAsItWasTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	w.set(t, 0, simulated.Settings{ErrorAfterRate: 1})
	r := flow.Refund{Payment: p.ID, Idempotency: keyed("k")}
	if _, err := w.flow.Refund(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, time.Minute)
	first, err := w.flow.Refund(t.Context(), r)
	if err != nil || first.Refund.Status != payment.OperationSucceeded {
		t.Fatalf("%+v, %v", first, err)
	}
	w.notice(t, gateway.Notice{Operation: first.Refund.ID, Outcome: gateway.Outcome{
		Status: gateway.Declined, Reason: problem.ExpiredCard,
	}})
	if again, err := w.flow.Refund(t.Context(), r); err != nil || again.Refund != first.Refund {
		t.Errorf("%+v, %v, want %+v", again.Refund, err, first.Refund)
	}
	if now, err := w.flow.RefundByID(t.Context(), first.Refund.ID); err != nil || !now.FailedLater() {
		t.Errorf("it is %+v, %v", now, err)
	}
}

// A challenge that was passed is not opened again by a notice that comes late.
func TestChallengeDoesNotComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_authenticationRequired"), payment.RequiresAction)
	w.notice(t, gateway.Notice{Operation: p.Attempt, Outcome: gateway.Outcome{Status: gateway.Pending}})
	w.notice(t, gateway.Notice{Operation: p.Attempt, Outcome: gateway.Outcome{
		Status: gateway.RequiresAction, RedirectURL: "/x",
	}})
	if got := w.stored(t, p.ID); got.Status != payment.Processing {
		t.Errorf("it is %s", got.Status)
	}
	_, err := w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID})
	wantCode(t, err, problem.WrongState)
}

// An authorization's time is counted from when it was sent.
func TestExpiryOfWhatWasLearnedLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ learned, expires time.Duration }{
		{3 * 24 * time.Hour, sixDays}, {8 * 24 * time.Hour, 9 * 24 * time.Hour},
	} {
		w := newWorld(t)
		w.set(t, 0, simulated.Settings{ErrorAfterRate: 1})
		p := w.pay(t, manual(7), payment.Processing)
		w.set(t, 0, simulated.Settings{})
		w.clock.Advance(c.learned)
		w.later(t, time.Minute)
		a := w.stored(t, p.ID).Attempts[0]
		if late := a.ExpiresAt.Sub(a.ID.Time()) - c.expires; late < 0 || late > 2*time.Minute {
			t.Errorf("learned after %s it expires after %s", c.learned, a.ExpiresAt.Sub(a.ID.Time()))
		}
	}
}

// A hold whose time is over when its turn comes is not captured.
func TestHoldExpiresInTheQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(100))
	h := w.hold(t, flow.PlaceHold{UserID: 7, Amount: usd(50), ExpiresIn: time.Hour})
	var once sync.Once
	hang := func() { once.Do(func() { w.clock.Advance(2 * time.Hour) }) }
	w.begin.Store(&hang)
	_, _, err := w.flow.EndHold(t.Context(), flow.EndHold{UserID: 7, Hold: h.ID, Capture: true})
	wantCode(t, err, problem.WrongState)
	w.wantWallet(t, 7, "USD", 50, 50)
}

// Evidence that lands late is nobody's riddle.
func TestEvidenceThatLandsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, d := w.disputed(t, authorize(7, "pm_card_createDispute"))
	w.set(t, 0, simulated.Settings{ErrorAfterRate: 1, LateMS: 1000})
	before := w.alerts
	if _, err := w.flow.SubmitEvidence(t.Context(), flow.Evidence{Dispute: d.ID, Text: "winning_evidence"}); err != nil {
		t.Fatal(err)
	}
	w.set(t, 0, simulated.Settings{})
	for range 3 {
		w.later(t, time.Minute)
	}
	got, err := w.flow.DisputeByID(t.Context(), d.ID)
	if err != nil || got.Status != payment.DisputeWon || w.alerts != before {
		t.Errorf("it is %s, %v, with %d alerts", got.Status, err, w.alerts-before)
	}
}
