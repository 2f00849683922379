package simulated

import (
	"time"

	"florin/gateway"
	"florin/money"
	"florin/problem"
)

// decide says what becomes of a new request.
func (b *book) decide(r request, now time.Time) Entry {
	now = time.UnixMilli(now.UnixMilli()).UTC()
	e := Entry{
		Operation: r.operation, Kind: r.kind, Amount: r.amount, Last4: r.last4.String(), At: now,
		Authorize: r.flags&toCapture != 0, Final: r.flags&isFinal != 0, Rest: r.flags&isRest != 0, Later: r.followUp,
	}
	refusal, wrong := r.refusal, problem.Code("")
	switch r.kind {
	case KindCharge:
		e.Payment = r.parent
		if r.amount.Minor <= 0 {
			wrong = problem.GatewayRejected
		}
	case KindEvidence:
		wrong = b.answer(r, &e)
	default:
		wrong = b.takeBack(r, &e)
	}
	if wrong != "" {
		refusal = wrong
	} else if refusal == "" && r.unlucky {
		refusal = problem.GenericDecline
	}
	e.Outcome = gateway.Outcome{Reference: Reference(r.operation)}
	switch {
	case wrong == "" && r.challenge && !r.unlucky:
		e.Outcome.Status, e.Outcome.RedirectURL = gateway.RequiresAction, b.challengeURL(r.operation)
		e.Then, e.Due, e.ReturnURL = refusal, now.Add(challengeLife), r.returnURL
	case wrong == "" && (r.pends || b.refundsOf(r) == refundsPend):
		e.Outcome.Status, e.Then, e.Due = gateway.Pending, refusal, now.Add(later(r.late))
	case refusal != "":
		e.Outcome.Status, e.Outcome.Reason = gateway.Declined, refusal
		if r.kind == KindVoid {
			e.Amount.Minor = 0
		}
	default:
		e.Outcome.Status = gateway.Approved
		if b.goesOn(r) {
			e.Due = now.Add(later(r.late))
		}
	}
	return e
}

// challengeLife is how long a cardholder has to authenticate.
const challengeLife = time.Hour

// later is when something that comes later does, unless LateMS says.
func later(d time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return time.Second
}

// refundsOf tells what the refunds of a charge do; "" for nothing special, or
// when the request has come back to be ended.
func (b *book) refundsOf(r request) string {
	if r.kind != KindRefund || r.ends {
		return ""
	}
	return b.words[b.find(r.parent).later]
}

// goesOn tells whether something follows an approval: the failure of a refund, a
// dispute of what was captured, or a dispute's end.
func (b *book) goesOn(r request) bool {
	switch r.kind {
	case KindRefund:
		return b.refundsOf(r) == refundsFail
	case KindCharge:
		return r.flags&toCapture == 0 && isDispute(r.followUp)
	case KindCapture:
		return isDispute(b.words[b.find(r.parent).later])
	case KindEvidence:
		return r.followUp != ""
	default:
		return false
	}
}

func isDispute(word string) bool { return word != "" && word != refundsPend && word != refundsFail }

// takeBack holds a capture, a refund or a void against its charge, fills in what
// the charge says, and returns why it cannot be; "" if it can.
func (b *book) takeBack(r request, e *Entry) problem.Code {
	e.Charge = r.parent
	charge := b.find(r.parent)
	if charge == nil || charge.kind != KindCharge.letter() {
		return problem.GatewayRejected
	}
	currency := money.Currency(charge.currency[:])
	e.Payment = charge.parent
	left := charge.left(r)
	if r.kind == KindVoid {
		e.Amount = money.Amount{Minor: left, Currency: currency}
	}
	switch {
	case charge.reason != 0 || charge.state != ended,
		r.reference != "" && r.reference != Reference(r.parent),
		r.kind != KindVoid && r.amount.Minor <= 0,
		e.Amount.Currency != currency,
		e.Amount.Minor > left:
		return problem.GatewayRejected
	}
	return ""
}

// left returns how much of a charge a capture, refund or void can have.
func (charge *record) left(r request) int64 {
	taken, reserved := charge.minor, int64(0)
	if charge.flags&toCapture != 0 {
		taken = charge.captured
		if charge.flags&closed == 0 {
			reserved = charge.minor - charge.captured
		}
	}
	switch {
	case r.kind == KindCapture || r.flags&isRest != 0:
		return reserved
	case r.kind == KindVoid:
		return max(taken+reserved-charge.returned, 0)
	default:
		return taken - charge.returned
	}
}

// answer holds evidence against what it is about.
func (b *book) answer(r request, e *Entry) problem.Code {
	e.Charge = r.parent
	about := b.find(r.parent)
	if about == nil || !isDispute(b.words[b.disputed(about).later]) {
		return problem.GatewayRejected
	}
	e.Payment = b.disputed(about).parent
	e.Amount = money.Amount{Minor: about.minor, Currency: money.Currency(about.currency[:])}
	return ""
}

// disputed returns the charge of what is disputed: itself, or a capture of it.
func (b *book) disputed(about *record) *record {
	if about.kind == KindCapture.letter() {
		return b.find(about.parent)
	}
	return about
}
