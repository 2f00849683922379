package payment_test

import (
	"errors"
	"testing"

	"florin/payment"
	"florin/problem"
)

// What is disputed cannot be refunded too; a dispute may even exceed what is
// left, and then nothing can.
func TestRefundOfWhatIsDisputed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		disputed, refunded, pending int64
		left                        int64
	}{
		{0, 0, 0, 5000},
		{2000, 0, 0, 3000},
		{2000, 1000, 500, 1500},
		{5000, 0, 0, 0},
		{3000, 2000, 0, 0},
		{5000, 4000, 0, -4000},
	} {
		p := clone(standing(t)[payment.Succeeded])
		p.DisputedMinor, p.RefundedMinor, p.RefundPendingMinor = c.disputed, c.refunded, c.pending
		if got := p.RefundableMinor(); got != c.left {
			t.Errorf("%+v: %d are left", c, got)
		}
		for _, minor := range []int64{c.left + 1, 5001, 1<<63 - 1, -1, -1 << 63} {
			if minor == 0 {
				continue // means all that is left
			}
			_, err := refunds(1, minor)(p)
			var refusal *problem.Problem
			if minor <= c.left && minor > 0 || !errors.As(err, &refusal) || refusal.Code != problem.OverRefund ||
				refusal.Param != "amount" {
				t.Errorf("%+v, refund of %d: got %v", c, minor, err)
			}
		}
		changes, err := refunds(1, 0)(p)
		if (err == nil) != (c.left > 0) || (err == nil && changes.Refunds[0].Value.Amount.Minor != c.left) {
			t.Errorf("%+v, refund of all: got %v", c, err)
		}
	}
}

// A refund goes to the gateway that charged, and not to one that was reversed.
func TestRefundGoesToTheChargeThatStands(t *testing.T) {
	t.Parallel()
	p := followed(t, standing(t)[payment.Succeeded], approves(1))
	charge, ok := p.Charged()
	if !ok || charge.ID != attempt(2) {
		t.Fatalf("%s is said to stand", nameOf(charge.ID))
	}
	r := followed(t, p, refunds(1, 0)).Refunds[0]
	if r.Attempt != charge.ID || r.Gateway != "beta" || r.Payment != p.ID || r.UserID != userID ||
		r.Amount != p.Amount {
		t.Errorf("got %+v", r)
	}
	for status, p := range standing(t) {
		_, ok := p.Charged()
		if want := status == payment.Succeeded || status == payment.RequiresCapture; ok != want {
			t.Errorf("%s: a charge stands: %v", status, ok)
		}
	}
}
