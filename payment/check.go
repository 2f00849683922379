package payment

import (
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
