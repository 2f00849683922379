package payment

import (
	"slices"
	"time"

	"florin/ident"
	"florin/problem"
)

// Cancel is the command that ends a payment.
type Cancel struct {
	// Reversal is the id of the void of what was authorized.
	Reversal ident.ID
	// InquireAt is when the void is tried again, should it fail, and when the
	// gateway is asked about a challenge that was given up.
	InquireAt time.Time
	// NoVoid: the gateway cannot take an authorization back.
	NoVoid bool
}

// DecideCancel ends a payment that no gateway works on and of which nothing was
// captured. What was authorized is voided; a challenge that somebody still passes
// is a late approval.
func DecideCancel(p Payment, c Cancel) (Changes, error) {
	var changes Changes
	switch p.Status {
	case RequiresPaymentMethod, RequiresConfirmation, Declined:
		p.keepAnswer()
	case RequiresAction:
		i := slices.IndexFunc(p.Attempts, func(a Attempt) bool { return a.ID == p.Attempt })
		if i < 0 {
			return Changes{}, p.broken("it has no attempt that requires action")
		}
		p.keepAnswer()
		attempt := p.Attempts[i]
		attempt.Outcome, attempt.Reason = OutcomeDeclined, problem.AuthenticationFail
		attempt.Inquiry.At = c.InquireAt
		p.setAttempt(i, attempt, &changes)
	case RequiresCapture:
		if p.CapturedMinor+p.CapturePendingMinor > 0 {
			return Changes{}, problem.New(problem.WrongState,
				"a payment of which something is captured cannot be canceled; a final capture releases the rest")
		}
		if c.NoVoid {
			return Changes{}, problem.New(problem.WrongState,
				"the gateway cannot take an authorization back; what is not captured lapses by itself")
		}
		p.keepAnswer()
		p.reverse(Reversal{ID: c.Reversal, Status: OperationPending}, c.InquireAt, &changes)
	case Processing, Succeeded, Canceled:
		return Changes{}, wrongState(p, "canceled")
	}
	p.Status, p.Reason = Canceled, ""
	p.advance(&changes)
	return changes.of(p)
}

// reverse begins to take back the charge that stands.
func (p *Payment) reverse(reversal Reversal, inquireAt time.Time, changes *Changes) {
	i := slices.IndexFunc(p.Attempts, Attempt.Stands)
	attempt := p.Attempts[i]
	attempt.Reversal, attempt.Inquiry, attempt.ExpiresAt = &reversal, Inquiry{At: inquireAt}, time.Time{}
	p.setAttempt(i, attempt, changes)
}

// Expire is the command that ends an authorization which is due to be voided.
type Expire struct {
	Attempt   ident.ID
	Reversal  ident.ID
	InquireAt time.Time
	// Again is when to come back while a capture is under way.
	Again time.Time
}

// DecideExpire voids what was authorized and is not captured: the payment is
// canceled, or has succeeded with the part that was captured.
func DecideExpire(p Payment, e Expire) (Changes, error) {
	i := slices.IndexFunc(p.Attempts, func(a Attempt) bool { return a.ID == e.Attempt })
	if i < 0 {
		return Changes{}, problem.New(problem.NotFound, "payment %s has no attempt %s",
			p.ID.Text(ident.Payment), e.Attempt.Text(ident.Attempt))
	}
	if p.Status != RequiresCapture || !p.Attempts[i].Stands() {
		return Changes{Payment: p}, nil
	}
	var changes Changes
	if p.CapturePendingMinor > 0 {
		attempt := p.Attempts[i]
		attempt.ExpiresAt = e.Again
		p.setAttempt(i, attempt, &changes)
		return changes.of(p)
	}
	p.keepAnswer()
	reversal := Reversal{ID: e.Reversal, Status: OperationPending, Rest: p.CapturedMinor > 0}
	p.reverse(reversal, e.InquireAt, &changes)
	p.Status = Canceled
	if reversal.Rest {
		p.Status = Succeeded
	}
	p.advance(&changes)
	return changes.of(p)
}
