package payment_test

import (
	"testing"

	"florin/ident"
	"florin/payment"
	"florin/problem"
)

// moneyTaken are the commands of captures.
func moneyTaken() []row {
	part, no, yes := captures(5, 3000, nil), false, true
	once := func(n int, minor int64, final *bool) step {
		return takes(payment.Take{ID: id(ident.Capture, n), Minor: minor, Final: final, Partial: true, InquireAt: after(10)})
	}
	done := captureEnds(5, payment.OperationSucceeded)
	return []row{
		{"capture all", nil, captures(5, 0, nil)},
		{"capture part", nil, part},
		{"capture part for good", nil, captures(5, 3000, &yes)},
		{"capture the rest", []step{part}, captures(6, 0, nil)},
		{"capture too much", nil, captures(5, 5001, nil)},
		{"capture more than the rest", []step{part}, captures(6, 2001, nil)},
		{"capture what nobody has", []step{captures(5, 0, &no)}, captures(6, 0, nil)},
		{"capture less than nothing", nil, captures(5, -1, nil)},
		{"capture beside a final one", []step{captures(5, 3000, &yes)}, captures(6, 1, nil)},
		{"capture for good beside another", []step{part}, captures(6, 1, &yes)},
		{"capture after one that failed", []step{part, captureEnds(5, payment.OperationFailed)}, captures(6, 5000, nil)},
		{"capture once, in part", nil, once(5, 3000, nil)},
		{"capture once, not for good", nil, once(5, 3000, &no)},
		{"capture once, twice", []step{part, done}, once(6, 0, nil)},
		{"capture whole, in part", nil, takes(payment.Take{ID: id(ident.Capture, 5), Minor: 3000, Several: true})},
		{"cap5 succeeded", []step{part}, done},
		{"cap5 succeeded, of all", []step{captures(5, 0, nil)}, done},
		{"cap5 succeeded, for good", []step{captures(5, 3000, &yes)}, done},
		{"cap5 failed", []step{part}, captureEnds(5, payment.OperationFailed)},
		{"cap5 pending", []step{part}, captureEnds(5, payment.OperationPending)},
		{"cap5 succeeded again", []step{part, done}, done},
		{"cap5 failed once succeeded", []step{part, done}, captureEnds(5, payment.OperationFailed)},
		{"cap5 no known status", []step{part}, captureEnds(5, "settled")},
		{"cap9 succeeded", nil, captureEnds(9, payment.OperationSucceeded)},
		{"cancel while capturing", []step{part}, cancels},
		{"cancel once captured", []step{part, done}, cancels},
		{"refund of a part captured", []step{part, done}, refunds(1, 0)},
		{"refund of more than that", []step{part, done}, refunds(1, 3001)},
	}
}

// claimed are the commands of disputes.
func claimed() []row {
	open := disputes(1, 2000)
	return []row{
		{"disputed", nil, open},
		{"disputed again", []step{open}, disputes(1, 2000)},
		{"disputed a second time", []step{open}, disputes(2, 3000)},
		{"disputed beyond what is left", []step{refunds(1, 4000)}, open},
		{"disputed by nothing", nil, disputes(1, 0)},
		{"refund of what is disputed", []step{open}, refunds(1, 3001)},
		{"dp1 evidence", []step{open}, submits(1)},
		{"dp1 evidence again", []step{open, submits(1)}, submits(1)},
		{"dp1 evidence handed in", []step{open, submits(1)}, submitted(1, true)},
		{"dp1 evidence not handed in", []step{open, submits(1)}, submitted(1, false)},
		{"dp1 under review", []step{open}, disputeEnds(1, payment.DisputeUnderReview)},
		{"dp1 won", []step{open}, disputeEnds(1, payment.DisputeWon)},
		{"dp1 won with evidence", []step{open, submits(1)}, disputeEnds(1, payment.DisputeWon)},
		{"dp1 lost", []step{open}, disputeEnds(1, payment.DisputeLost)},
		{"dp1 lost once won", []step{open, disputeEnds(1, payment.DisputeWon)}, disputeEnds(1, payment.DisputeLost)},
		{"dp1 needs response", []step{open}, disputeEnds(1, payment.DisputeNeedsResponse)},
		{"dp1 no known status", []step{open}, disputeEnds(1, "settled")},
		{"dp9 won", nil, disputeEnds(9, payment.DisputeWon)},
	}
}

// What is authorized is captured once, however it is cut.
func TestCapturesEndWithTheAuthorization(t *testing.T) {
	t.Parallel()
	p := standing(t)[payment.RequiresCapture]
	for n, minor := range []int64{1000, 3000, 1000} {
		if p.Status != payment.RequiresCapture {
			t.Fatalf("%s before capture %d", p.Status, n)
		}
		p = followed(t, p, captures(5+n, minor, nil), captureEnds(5+n, payment.OperationSucceeded))
	}
	if p.Status != payment.Succeeded || p.CapturedMinor != 5000 || p.Version != 4 || !p.Attempts[1].ExpiresAt.IsZero() {
		t.Errorf("%+v", p.State)
	}
	if _, err := captures(9, 1, nil)(p); problem.CodeOf(err) != problem.WrongState {
		t.Errorf("one more: %v", err)
	}
}

// A challenge that was given up and is passed all the same is a late approval.
func TestCanceledChallengeThatIsPassed(t *testing.T) {
	t.Parallel()
	p := followed(t, standing(t)[payment.RequiresAction], cancels)
	if p.Status != payment.Canceled || p.Attempts[1].Inquiry.At != after(40) {
		t.Fatalf("%s, to ask at %v", p.Status, p.Attempts[1].Inquiry.At)
	}
	still := followed(t, p, inquired(2, payment.OutcomeRequiresAction))
	if a := still.Attempts[1]; a.Outcome != payment.OutcomeDeclined || a.Inquiry.At.IsZero() ||
		still.Version != p.Version {
		t.Errorf("asked once: %+v", a)
	}
	if a := followed(t, still, declines(2, payment.Start{})).Attempts[1]; !a.Inquiry.At.IsZero() {
		t.Errorf("given up by the gateway: %+v", a)
	}
	late := followed(t, still, approves(2))
	if a := late.Attempts[1]; late.Status != payment.Canceled || a.Reversal == nil || a.Reversal.Rest {
		t.Errorf("passed: %s, %+v", late.Status, a)
	}
}

// What a gateway reports of a dispute is never refused, and says when it exceeds
// what was left.
func TestDisputesExceed(t *testing.T) {
	t.Parallel()
	p := followed(t, standing(t)[payment.Succeeded], refunds(1, 4000), refundEnds(1, payment.OperationSucceeded))
	p = followed(t, p, disputes(1, 1000), disputes(2, 5000))
	if p.Disputes[0].Exceeds || !p.Disputes[1].Exceeds || p.DisputedMinor != 6000 {
		t.Errorf("%d disputed, %+v", p.DisputedMinor, p.Disputes)
	}
	if _, err := refunds(2, 1)(p); problem.CodeOf(err) != problem.OverRefund {
		t.Errorf("refunded beside them: %v", err)
	}
	p = followed(t, p, disputeEnds(2, payment.DisputeWon), disputeEnds(1, payment.DisputeWon))
	if p.DisputedMinor != 0 || p.RefundableMinor() != 1000 {
		t.Errorf("%d disputed, %d left", p.DisputedMinor, p.RefundableMinor())
	}
}
