package flow_test

import (
	"testing"
	"time"

	"florin/flow"
	"florin/gateway/simulated"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
)

func TestChallenge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method string
		passes bool
		status payment.Status
		reason problem.Code
	}{
		{"pm_card_authenticationRequired", true, payment.Succeeded, ""},
		{"pm_card_authenticationRequired", false, payment.Declined, problem.AuthenticationFail},
		{"pm_card_authenticationRequiredOnSetup", true, payment.Succeeded, ""},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", true, payment.Declined, problem.InsufficientFunds},
	} {
		w := newWorld(t)
		r := withKey(authorize(7, test.method), "k")
		r.Details.ReturnURL = "https://shop.example/back"
		p := w.pay(t, r, payment.RequiresAction)
		if p.ActionURL != simulated.ChallengePath("first", p.Attempt) {
			t.Errorf("%s leads to %q", test.method, p.ActionURL)
		}
		if err := w.gateways[0].EndChallenge(t.Context(), p.Attempt, test.passes); err != nil {
			t.Fatal(err)
		}
		got := w.stored(t, p.ID)
		if got.Status != test.status || got.Reason != test.reason || got.ActionURL != "" || w.open(t) != 0 {
			t.Errorf("%s, passed %v: %+v, %d open", test.method, test.passes, got.State, w.open(t))
		}
		again, err := w.flow.Authorize(t.Context(), r)
		if err != nil || !again.Replayed || again.Payment.State != p.State {
			t.Errorf("replayed as %+v, %v", again.Payment.State, err)
		}
		w.audited(t)
	}
}

func TestOffSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for method, status := range map[string]payment.Status{
		"pm_card_authenticationRequired":                   payment.Declined,
		"pm_card_authenticationRequiredOnSetup":            payment.Declined,
		"pm_card_authenticationRequiredSetupForOffSession": payment.Succeeded,
		"pm_card_visa": payment.Succeeded,
	} {
		r := authorize(7, method)
		r.Details.OffSession = true
		if p := w.pay(t, r, status); status == payment.Declined && p.Reason != problem.AuthenticationFail {
			t.Errorf("%s is declined as %s", method, p.Reason)
		}
	}
}

func TestChallengeThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_authenticationRequired"), payment.RequiresAction)
	w.later(t, 30*time.Minute)
	if got := w.stored(t, p.ID); got.Status != payment.RequiresAction {
		t.Fatalf("%s before its time", got.Status)
	}
	w.later(t, 30*time.Minute+20*time.Second)
	w.later(t, 2*time.Second)
	got := w.stored(t, p.ID)
	if got.Status != payment.Declined || got.Reason != problem.AuthenticationFail || w.open(t) != 0 {
		t.Errorf("%+v, %d open", got.State, w.open(t))
	}
	if err := w.gateways[0].EndChallenge(t.Context(), p.Attempt, true); err != nil {
		t.Fatal(err)
	}
	if w.charges(t, p.ID) != 0 {
		t.Error("a challenge that has lapsed was passed")
	}
	again, err := w.flow.Confirm(t.Context(), flow.Confirm{Payment: p.ID, Method: "pm_card_visa"})
	if err != nil || again.Payment.Status != payment.Succeeded {
		t.Errorf("confirmed again: %+v, %v", again.Payment.State, err)
	}
	w.audited(t)
}

// TestChallengeThatCameLate lapses in its time too: the gateway's hour begins when
// the charge arrives.
func TestChallengeThatCameLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.gateways[0].Listen(nil)
	w.set(t, 0, simulated.Settings{ErrorAfterRate: 1, LateMS: 14_000})
	p := w.pay(t, authorize(7, "pm_card_authenticationRequired"), payment.Processing)
	w.set(t, 0, simulated.Settings{})
	w.later(t, 15*time.Second)
	if got := w.stored(t, p.ID); got.Status != payment.RequiresAction {
		t.Fatalf("it is %s", got.Status)
	}
	w.later(t, 59*time.Minute)
	for range 36 {
		w.later(t, 5*time.Second)
	}
	if got := w.stored(t, p.ID); got.Status != payment.Declined || w.open(t) != 0 {
		t.Errorf("%+v, %d open", got.State, w.open(t))
	}
	w.audited(t)
}

// TestCanceledChallenge: whoever passes a challenge that was given up is not
// charged, even when the gateway's notice is lost.
func TestCanceledChallenge(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"told": true, "not told": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.pay(t, authorize(7, "pm_card_authenticationRequired"), payment.RequiresAction)
			result, err := w.flow.Cancel(t.Context(), flow.Cancel{Payment: p.ID})
			if err != nil || result.Payment.Status != payment.Canceled {
				t.Fatalf("%+v, %v", result.Payment.State, err)
			}
			if !told {
				w.gateways[0].Listen(nil)
			}
			if err := w.gateways[0].EndChallenge(t.Context(), p.Attempt, true); err != nil {
				t.Fatal(err)
			}
			w.later(t, time.Minute)
			got := w.stored(t, p.ID)
			if got.Status != payment.Canceled || w.charges(t, p.ID) != 0 || w.open(t) != 0 {
				t.Errorf("%s, %d charges, %d open", got.Status, w.charges(t, p.ID), w.open(t))
			}
			w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 0})
			w.audited(t)
		})
	}
}

// TestPendingCharge: a gateway that will tell later tells by notice, or is asked.
func TestPendingCharge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, 0, simulated.Settings{PendingRate: 1, LateMS: 5000})
	good := w.pay(t, authorize(7, "pm_card_visa"), payment.Processing)
	bad := w.pay(t, authorize(8, "pm_card_chargeDeclined"), payment.Processing)
	later := manual(9)
	auth := w.pay(t, later, payment.Processing)
	w.clock.Advance(6 * time.Second) // no worker asks
	for id, want := range map[payment.Status]payment.Payment{
		payment.Succeeded: good, payment.Declined: bad, payment.RequiresCapture: auth,
	} {
		if got := w.stored(t, want.ID); got.Status != id {
			t.Errorf("%s, want %s", got.Status, id)
		}
	}
	if w.open(t) != 0 {
		t.Errorf("%d open", w.open(t))
	}
	w.audited(t)
}
