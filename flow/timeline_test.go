package flow_test

import (
	"slices"
	"testing"

	"florin/event"
	"florin/flow"
	"florin/payment"
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded) // another's events are not among them
	if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil {
		t.Fatal(err)
	}
	told, events, err := w.flow.Timeline(t.Context(), p.ID)
	if err != nil || told.RefundedMinor != 100_00 {
		t.Fatalf("%+v, %v", told, err)
	}
	var types []event.Type
	for _, e := range events {
		types = append(types, e.Type)
	}
	for i, want := range []event.Type{event.PaymentProcessing, event.PaymentSucceeded, event.CaptureSucceeded} {
		if i >= len(types) || types[i] != want {
			t.Errorf("the events are %v", types)
			break
		}
	}
	if !slices.Contains(types, event.RefundPending) || !slices.Contains(types, event.RefundSucceeded) {
		t.Errorf("the events are %v", types)
	}
}
