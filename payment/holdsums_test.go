package payment_test

import (
	"florin/ident"
	"florin/payment"
)

// holdSums: a payment's sums are those of its captures and refunds.
func (tr *trial) holdSums() {
	tr.t.Helper()
	captured, capturing, pending, refunded := int64(0), int64(0), int64(0), int64(0)
	for _, c := range tr.p.Captures {
		switch c.Status {
		case payment.OperationPending:
			capturing += c.Minor
		case payment.OperationSucceeded:
			captured += c.Minor
		case payment.OperationFailed:
		}
		if tr.booked[c.ID] != (c.Status == payment.OperationSucceeded) ||
			c.Inquiry.At.IsZero() == (c.Status == payment.OperationPending) {
			tr.t.Fatalf("%s is %s, booked %v", nameOf(c.ID), c.Status, tr.booked[c.ID])
		}
	}
	for _, r := range tr.p.Refunds {
		switch r.Status {
		case payment.OperationPending:
			pending += r.Amount.Minor
		case payment.OperationSucceeded:
			refunded += r.Amount.Minor
		case payment.OperationFailed:
		}
		if tr.booked[r.ID] != (r.Status == payment.OperationSucceeded) || r.Inquiry.At.IsZero() == (r.Version == 1) {
			tr.t.Fatalf("%s is %s v%d, booked %v, to ask at %s", nameOf(r.ID), r.Status, r.Version, tr.booked[r.ID],
				r.Inquiry.At)
		}
	}
	s := tr.p.State
	if s.CapturedMinor != captured || s.CapturePendingMinor != capturing || s.RefundPendingMinor != pending ||
		s.RefundedMinor != refunded {
		tr.t.Fatalf("%d captured, %d being refunded, %d refunded: the rows say %d, %d and %d",
			s.CapturedMinor, s.RefundPendingMinor, s.RefundedMinor, captured, pending, refunded)
	}
	if refunded+pending > captured || captured+capturing > s.AuthorizedMinor || s.AuthorizedMinor > tr.p.Amount.Minor ||
		tr.p.CaptureMethod == payment.CaptureAutomatic && s.AuthorizedMinor != captured {
		tr.t.Fatalf("%d authorized, %d captured, %d being refunded, %d refunded",
			s.AuthorizedMinor, captured, pending, refunded)
	}
}

// holdStatus: succeeded and canceled are for ever, one attempt at most stands or
// is awaited, and what is open will be asked about.
func (tr *trial) holdStatus(before payment.Payment) {
	tr.t.Helper()
	switch before.Status {
	case payment.Succeeded, payment.Canceled:
		if tr.p.Status != before.Status {
			tr.t.Fatalf("%s became %s", before.Status, tr.p.Status)
		}
	default:
	}
	stands, open := 0, 0
	for _, a := range tr.p.Attempts {
		if a.Stands() {
			stands++
		}
		if a.ExpiresAt.IsZero() == (a.Stands() && tr.p.Status == payment.RequiresCapture) {
			tr.t.Fatalf("%s expires at %v", nameOf(a.ID), a.ExpiresAt)
		}
		if a.Outcome.Open() {
			open++
			if a.ID != tr.p.Attempt {
				tr.t.Fatalf("%s is open, and %s is awaited", nameOf(a.ID), nameOf(tr.p.Attempt))
			}
		}
		reversing := a.Reversal != nil && a.Reversal.Status == payment.OperationPending
		given := a.Outcome == payment.OutcomeDeclined && tr.p.Status == payment.Canceled // a challenge
		if a.Inquiry.At.IsZero() == (a.Outcome.Open() || reversing) && !given {
			tr.t.Fatalf("%s is %s, to ask at %v", nameOf(a.ID), a.Outcome, a.Inquiry.At)
		}
		if a.Minor != tr.p.Amount.Minor || a.Payment != tr.p.ID || a.UserID != userID {
			tr.t.Fatalf("%s is not of this payment: %+v", nameOf(a.ID), a)
		}
	}
	standing := tr.p.Status == payment.Succeeded || tr.p.Status == payment.RequiresCapture
	awaited := tr.p.Status == payment.Processing || tr.p.Status == payment.RequiresAction
	if stands+open > 1 || (stands == 1) != standing || (open == 1) != awaited ||
		(tr.p.ActionURL != "") && tr.p.Status != payment.RequiresAction {
		tr.t.Fatalf("%s with %d standing and %d open attempts", tr.p.Status, stands, open)
	}
}

// holdAnswer: the first final answer is kept for ever.
func (tr *trial) holdAnswer() {
	tr.t.Helper()
	p := tr.p
	if tr.answered.Version == 0 {
		if p.Status == payment.Processing {
			if p.AnsweredVersion != 0 || p.Answered != nil {
				tr.t.Fatalf("answered in v%d while it is open", p.AnsweredVersion)
			}
			return
		}
		tr.answered = p.State
	}
	kept := p.State
	if p.Answered != nil {
		kept = *p.Answered
	}
	if p.AnsweredVersion != tr.answered.Version || kept != tr.answered {
		tr.t.Fatalf("answered as %+v, kept as v%d %+v", tr.answered, p.AnsweredVersion, kept)
	}
}

// holdAtLast: once all is known nothing is open, and the gateways keep just what
// was captured and not given back.
func (tr *trial) holdAtLast() {
	tr.t.Helper()
	kept := int64(0)
	for _, a := range tr.p.Attempts {
		if a.Outcome.Open() || !a.Inquiry.At.IsZero() {
			tr.t.Fatalf("%s is %s, to ask at %v", nameOf(a.ID), a.Outcome, a.Inquiry.At)
		}
	}
	for _, c := range tr.p.Captures {
		if c.Status == payment.OperationSucceeded {
			kept += c.Minor
		}
	}
	for _, r := range tr.p.Refunds {
		if r.Status == payment.OperationSucceeded {
			kept -= r.Amount.Minor
		}
	}
	if tr.p.Status == payment.Processing || tr.p.Status == payment.RequiresAction ||
		tr.p.Status == payment.RequiresCapture || tr.p.CapturePendingMinor != 0 || tr.p.RefundPendingMinor != 0 {
		tr.t.Fatalf("%s, %d being refunded", tr.p.Status, tr.p.RefundPendingMinor)
	}
	if net := tr.p.CapturedMinor - tr.p.RefundedMinor; kept != net {
		tr.t.Fatalf("the gateways keep %d, the payment says %d", kept, net)
	}
	if tr.p.Answered == nil && tr.p.AnsweredVersion != tr.p.Version {
		tr.t.Fatalf("%s was answered in v%d, and that answer is not kept",
			tr.p.ID.Text(ident.Payment), tr.p.AnsweredVersion)
	}
}
