package payment

import (
	"slices"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// Take is the command that begins a capture.
type Take struct {
	ID    ident.ID
	Minor int64 // 0 for all that is left
	// Final releases what is left afterwards; nil for what Several makes of it:
	// final unless the gateway can capture several times.
	Final *bool
	// Several and Partial are what the gateway can.
	Several, Partial bool
	InquireAt        time.Time
}

// DecideCapture reserves a capture: it is written pending, and no other capture
// can take the same money, whatever becomes of it.
func DecideCapture(p Payment, c Take) (Changes, error) {
	if p.Status != RequiresCapture {
		return Changes{}, wrongState(p, "captured")
	}
	charge, ok := p.Charged()
	if !ok {
		return Changes{}, p.broken("it requires capture and has no approved attempt")
	}
	final := !c.Several
	if c.Final != nil {
		final = *c.Final
	}
	left := p.AuthorizedMinor - p.CapturedMinor - p.CapturePendingMinor
	minor := c.Minor
	if minor == 0 {
		minor = left
	}
	if err := p.mayCapture(c, minor, left, final); err != nil {
		return Changes{}, err
	}
	p.keepAnswer()
	p.CapturePendingMinor += minor
	capture := Capture{
		ID: c.ID, Payment: p.ID, Attempt: charge.ID, UserID: p.UserID, Minor: minor, Final: final,
		Status: OperationPending, Version: 1, Inquiry: Inquiry{At: c.InquireAt},
	}
	p.Captures = append(p.Captures[:len(p.Captures):len(p.Captures)], capture)
	changes := Changes{
		Changed:  true,
		Captures: []Change[Capture]{{Value: capture, New: true}},
		Events:   []event.Event{p.captureEvent(event.CapturePending, capture)},
	}
	return changes.of(p)
}

// mayCapture refuses what is not left, and what the gateway cannot do.
func (p Payment) mayCapture(c Take, minor, left int64, final bool) error {
	for _, other := range p.Captures {
		switch {
		case other.Status == OperationPending && (other.Final || final || !c.Several):
			return problem.New(problem.WrongState, "another capture is under way")
		case other.Status == OperationSucceeded && !c.Several:
			return problem.New(problem.WrongState, "the gateway captures a payment only once")
		}
	}
	switch {
	case minor <= 0 || minor > left:
		err := problem.New(problem.OverCapture, "%s is left to capture",
			money.Amount{Minor: left, Currency: p.Amount.Currency})
		err.Param = "amount"
		return err
	case !c.Partial && minor < p.AuthorizedMinor:
		return problem.Invalid("amount", "must be all that was authorized: the gateway captures no part of it")
	case !c.Several && !final:
		return problem.Invalid("final", "must be true: the gateway captures a payment only once")
	}
	return nil
}

// SettleCapture is the command that records what became of a capture.
type SettleCapture struct {
	Capture   ident.ID
	Status    OperationStatus // pending while nobody knows
	Reason    problem.Code    // of a failure
	Reference string
	At        time.Time
	InquireAt time.Time // when to ask next, while it is pending
	Inquired  bool      // counts one more inquiry
	// Keep keeps the State for the request that made the capture: nobody waits for
	// the answer.
	Keep bool
}

// DecideCaptureOutcome books a capture, or gives back what it reserved.
func DecideCaptureOutcome(p Payment, s SettleCapture) (Changes, error) {
	i := slices.IndexFunc(p.Captures, func(c Capture) bool { return c.ID == s.Capture })
	if i < 0 {
		return Changes{}, problem.New(problem.NotFound, "payment %s has no capture %s",
			p.ID.Text(ident.Payment), s.Capture.Text(ident.Capture))
	}
	switch s.Status {
	case OperationPending, OperationSucceeded, OperationFailed:
	default:
		return Changes{}, problem.New(problem.Internal, "%q is no status of a capture", s.Status)
	}
	capture := p.Captures[i]
	if capture.Status != OperationPending {
		return Changes{Payment: p}, nil
	}
	if capture.AnsweredAt.IsZero() {
		capture.AnsweredAt = s.At
	}
	if s.Inquired {
		capture.Inquiry.Count++
	}
	if s.Reference != "" {
		capture.Reference = s.Reference
	}
	var changes Changes
	if s.Status == OperationPending {
		capture.Inquiry.At = s.InquireAt
	} else {
		p.keepAnswer()
		capture.Status, capture.Reason, capture.Inquiry.At = s.Status, s.Reason, time.Time{}
		capture.Version++
		p.CapturePendingMinor -= capture.Minor
		changes.Changed = true
	}
	switch s.Status {
	case OperationFailed:
		changes.Events = append(changes.Events, p.captureEvent(event.CaptureFailed, capture))
	case OperationSucceeded:
		p.captured(capture, &changes)
	case OperationPending:
	}
	if s.Keep && capture.Status != OperationPending {
		state := p.State
		capture.Told = &state
	}
	p.Captures = slices.Clone(p.Captures)
	p.Captures[i] = capture
	changes.Captures = append(changes.Captures, Change[Capture]{Value: capture})
	return changes.of(p)
}

// captured books a capture that succeeded; the last one ends the payment.
func (p *Payment) captured(capture Capture, changes *Changes) {
	p.CapturedMinor += capture.Minor
	i := slices.IndexFunc(p.Attempts, func(a Attempt) bool { return a.ID == capture.Attempt })
	attempt := p.Attempts[i]
	if p.Status == RequiresCapture && (capture.Final || p.CapturedMinor == p.AuthorizedMinor) {
		p.Status = Succeeded
		attempt.ExpiresAt = time.Time{}
		p.setAttempt(i, attempt, changes)
		p.advance(changes)
	}
	changes.Events = append(changes.Events, p.captureEvent(event.CaptureSucceeded, capture))
	p.bookCapture(capture, attempt.Gateway, changes)
}

// bookCapture posts a capture: to sales, or, of a top-up, to the user's wallet.
func (p *Payment) bookCapture(capture Capture, gateway string, changes *Changes) {
	changes.Transactions = append(changes.Transactions, ledger.NewTransaction(
		ledger.KindCapture, p.UserID, capture.ID, p.ID, ledger.Posting{
			Debit: p.source(gateway), Credit: p.Beneficiary(),
			Amount: money.Amount{Minor: capture.Minor, Currency: p.Amount.Currency},
		}))
}
