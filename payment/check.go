package payment

import (
	"slices"

	"florin/ident"
	"florin/problem"
)

// Check returns an error when the payment breaks one of the package's
// invariants: a broken program or store, never a caller's fault.
func (p Payment) Check() error {
	if p.Amount.Minor <= 0 || p.Amount.Minor > p.Amount.Currency.MaxMinor() {
		return p.broken("its amount %d is out of range", p.Amount.Minor)
	}
	for _, minor := range []int64{
		p.AuthorizedMinor, p.CapturePendingMinor, p.CapturedMinor,
		p.RefundPendingMinor, p.RefundedMinor,
	} {
		if minor < 0 || minor > p.Amount.Currency.MaxMinor() {
			return p.broken("a sum of %d is out of range", minor)
		}
	}
	if p.DisputedMinor < 0 { // a gateway may report any number of disputes
		return p.broken("a disputed sum of %d", p.DisputedMinor)
	}
	if p.CapturedMinor+p.CapturePendingMinor > p.AuthorizedMinor {
		return p.broken("captured %d + %d of %d", p.CapturedMinor, p.CapturePendingMinor, p.AuthorizedMinor)
	}
	if p.RefundedMinor+p.RefundPendingMinor > p.CapturedMinor {
		return p.broken("refunded %d + %d of %d", p.RefundedMinor, p.RefundPendingMinor, p.CapturedMinor)
	}
	if p.Version < 1 {
		return p.broken("its version is %d", p.Version)
	}
	if err := p.checkAttempts(); err != nil {
		return err
	}
	if err := p.checkAwaited(); err != nil {
		return err
	}
	return p.checkSums()
}

func (p Payment) checkAttempts() error {
	open, standing := 0, 0
	for _, a := range p.Attempts {
		if a.Minor != p.Amount.Minor {
			return p.broken("an attempt at %d of %d", a.Minor, p.Amount.Minor)
		}
		if a.Outcome.Open() && a.Inquiry.At.IsZero() {
			return p.broken("nobody will ask about %s", a.ID.Text(ident.Attempt))
		}
		if a.Outcome.Open() {
			open++
		}
		if a.Stands() {
			standing++
		}
	}
	wantOpen, wantStanding := 0, 0
	switch p.Status {
	case Processing, RequiresAction:
		wantOpen = 1
	case Succeeded, RequiresCapture:
		wantStanding = 1
	case RequiresPaymentMethod, RequiresConfirmation, Declined, Canceled:
	default:
		return p.broken("its status is %q", p.Status)
	}
	if open != wantOpen || standing != wantStanding {
		return p.broken("%s with %d open and %d standing attempts", p.Status, open, standing)
	}
	return nil
}

// checkSums holds what was authorized and captured against the status and the
// captures: what a gateway has charged must have been booked.
func (p Payment) checkSums() error {
	captured := int64(0)
	for _, c := range p.Captures {
		if c.Status == OperationSucceeded {
			captured += c.Minor
		}
	}
	if captured != p.CapturedMinor {
		return p.broken("captured %d, its captures are of %d", p.CapturedMinor, captured)
	}
	switch p.Status {
	case Succeeded, RequiresCapture:
		if p.AuthorizedMinor != p.Amount.Minor {
			return p.broken("%s with %d of %d authorized", p.Status, p.AuthorizedMinor, p.Amount.Minor)
		}
		if p.CaptureMethod == CaptureAutomatic {
			return p.checkAutomatic()
		}
	case Processing, RequiresAction, RequiresPaymentMethod, RequiresConfirmation, Declined, Canceled:
		if captured != 0 || p.CapturePendingMinor != 0 {
			return p.broken("%s with %d captured and %d pending", p.Status, captured, p.CapturePendingMinor)
		}
	}
	return nil
}

// checkAutomatic checks that all was captured, at once and on the charge that
// stands.
func (p Payment) checkAutomatic() error {
	charge, _ := p.Charged()
	if p.CapturedMinor != p.Amount.Minor || len(p.Captures) != 1 || p.Captures[0].Attempt != charge.ID {
		return p.broken("captured %d of %d in %d captures", p.CapturedMinor, p.Amount.Minor, len(p.Captures))
	}
	return nil
}

func (p Payment) broken(detail string, args ...any) error {
	return problem.New(problem.Internal, "payment broken: "+detail, args...)
}

// checkAwaited checks that somebody will ask about whatever is under way, that
// what was authorized ends some day, and that everything is of one of the
// payment's charges.
func (p Payment) checkAwaited() error {
	for _, a := range p.Attempts {
		switch {
		case a.Reversal != nil && a.Reversal.Status == OperationPending && a.Inquiry.At.IsZero():
			return p.broken("nobody will try the reversal of %s again", a.ID.Text(ident.Attempt))
		case p.Status == RequiresCapture && a.Stands() && a.ExpiresAt.IsZero():
			return p.broken("nobody will void %s", a.ID.Text(ident.Attempt))
		}
	}
	for _, c := range p.Captures {
		if err := p.checkOperation(ident.Capture, c.ID, c.Attempt, c.Status, c.Inquiry); err != nil {
			return err
		}
	}
	for _, r := range p.Refunds {
		if err := p.checkOperation(ident.Refund, r.ID, r.Attempt, r.Status, r.Inquiry); err != nil {
			return err
		}
	}
	for _, d := range p.Disputes {
		status := OperationSucceeded
		if d.handingIn() {
			status = OperationPending
		}
		if err := p.checkOperation(ident.Dispute, d.ID, d.Attempt, status, d.Inquiry); err != nil {
			return err
		}
	}
	return nil
}

// checkOperation checks that an operation is of one of the payment's attempts, and
// that somebody will ask about it while it is pending.
func (p Payment) checkOperation(
	kind ident.Kind, id, attempt ident.ID, status OperationStatus, inquiry Inquiry,
) error {
	switch {
	case !slices.ContainsFunc(p.Attempts, func(a Attempt) bool { return a.ID == attempt }):
		return p.broken("%s is of %s, which is none of its attempts", id.Text(kind), attempt.Text(ident.Attempt))
	case status == OperationPending && inquiry.At.IsZero():
		return p.broken("nobody will ask about %s", id.Text(kind))
	}
	return nil
}

// handingIn tells whether evidence was given of which no gateway has been told:
// each time that it was handed in is counted. A dispute that is under review
// without a submission was put there by its gateway.
func (d Dispute) handingIn() bool {
	return d.Status == DisputeUnderReview && !d.Submission.IsZero() && d.Inquiry.Count == 0
}
