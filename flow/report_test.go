package flow_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/flow"
	"florin/money"
	"florin/payment"
)

// TestReport adds up payments of several shards.
func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for user := int64(1); user <= 4; user++ {
		p := w.pay(t, authorize(user, "pm_card_visa"), payment.Succeeded)
		if user < 3 {
			if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 10_00}); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.pay(t, authorize(5, "pm_card_chargeDeclined"), payment.Declined)
	manual := authorize(6, "pm_card_visa")
	manual.CaptureMethod = payment.CaptureManual
	w.pay(t, manual, payment.RequiresCapture)
	now := w.clock.Now()
	got, err := w.flow.Report(t.Context(), flow.ReportQuery{
		From: now.Add(-time.Hour), To: now.Add(time.Hour), ByGateway: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []flow.ReportLine{{
		Gateway: "first", Currency: "USD", Payments: 6, Approved: 5, Declined: 1, Volume: money.NewSum(400_00),
		Declines: []flow.ReasonCount{{Reason: "generic_decline", Count: 1}}, Refunds: 2, Refunded: money.NewSum(20_00),
	}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b money.Sum) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, q := range map[string]flow.ReportQuery{
		"backwards": {From: now, To: now}, "too long": {From: now, To: now.Add(flow.MaxReport + 1)},
	} {
		if _, err := w.flow.Report(t.Context(), q); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
