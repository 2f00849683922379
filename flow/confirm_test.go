package flow_test

import (
	"testing"
	"time"

	"florin/flow"
	"florin/gateway/simulated"
	"florin/payment"
	"florin/problem"
)

// TestRepeatedConfirm: a repeated confirm is answered with its own outcome,
// whoever learned that, and whatever another confirm or a refund did since.
func TestRepeatedConfirm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := authorize(7, "pm_card_visa")
	open.Confirm = false
	p := w.pay(t, open, payment.RequiresConfirmation)
	confirm := func(key, method string) payment.Payment {
		t.Helper()
		result, err := w.flow.Confirm(t.Context(), flow.Confirm{
			Payment: p.ID, Method: method, Idempotency: &flow.Idempotency{Scope: "confirm", Key: key},
		})
		if err != nil {
			t.Fatal(err)
		}
		return result.Payment
	}
	w.set(t, 0, simulated.Settings{ErrorBeforeRate: 1})
	if got := confirm("a", "pm_card_visa"); got.Status != payment.Processing {
		t.Fatalf("the first confirm is %s", got.Status)
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, 10*time.Second)
	w.later(t, 30*time.Second)
	first := confirm("a", "pm_card_visa")
	if first.Status != payment.Declined || first.Reason != problem.NotCharged {
		t.Fatalf("it was not charged, and is told as %s (%s)", first.Status, first.Reason)
	}
	w.set(t, 0, simulated.Settings{ErrorAfterRate: 1})
	if got := confirm("b", "pm_card_mastercard"); got.Status != payment.Processing {
		t.Fatalf("the second confirm is %s", got.Status)
	}
	if again := confirm("a", "pm_card_visa"); again.State != first.State {
		t.Errorf("while another is open it is told as %+v, at first as %+v", again.State, first.State)
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, time.Minute)
	second := confirm("b", "pm_card_mastercard")
	if second.Status != payment.Succeeded || second.CapturedMinor != second.Amount.Minor {
		t.Fatalf("the second confirm is %+v", second.State)
	}
	if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]payment.State{"a": first.State, "b": second.State} {
		got := confirm(key, map[string]string{"a": "pm_card_visa", "b": "pm_card_mastercard"}[key])
		got.Version, want.Version = 0, 0
		if got.State != want {
			t.Errorf("confirm %s is told as %+v, at first as %+v", key, got.State, want)
		}
	}
}
