package payment

import "florin/problem"

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
	return p.checkAttempts()
}

func (p Payment) checkAttempts() error {
	open, standing := 0, 0
	for _, a := range p.Attempts {
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

func (p Payment) broken(detail string, args ...any) error {
	return problem.New(problem.Internal, "payment broken: "+detail, args...)
}
