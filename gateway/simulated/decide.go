package simulated

import (
	"time"

	"florin/gateway"
	"florin/money"
	"florin/problem"
)

// decide says what becomes of a new request.
func (b *book) decide(r request, now time.Time) Entry {
	e := Entry{
		Operation: r.operation, Kind: r.kind, Amount: r.amount, Last4: r.last4.String(),
		At: time.UnixMilli(now.UnixMilli()).UTC(),
	}
	refusal := r.refusal
	if r.kind == KindCharge {
		e.Payment = r.parent
		if r.amount.Minor <= 0 {
			refusal = problem.GatewayRejected
		}
	} else {
		refusal = b.takeBack(r, &e)
	}
	if refusal == "" && r.unlucky {
		refusal = problem.GenericDecline
	}
	e.Outcome = gateway.Outcome{Status: gateway.Approved, Reason: refusal, Reference: Reference(r.operation)}
	if refusal != "" {
		e.Outcome.Status = gateway.Declined
		if r.kind == KindVoid {
			e.Amount.Minor = 0
		}
	}
	return e
}

// takeBack holds a refund or a void against its charge, fills in what the charge
// says, and returns why it cannot be; "" if it can.
func (b *book) takeBack(r request, e *Entry) problem.Code {
	e.Charge = r.parent
	charge := b.find(r.parent)
	if charge == nil || charge.kind != KindCharge[0] {
		return problem.GatewayRejected
	}
	currency := money.Currency(charge.currency[:])
	left := charge.minor - charge.returned
	e.Payment = charge.parent
	if r.kind == KindVoid {
		e.Amount = money.Amount{Minor: left, Currency: currency}
	}
	switch {
	case charge.reason != 0,
		r.reference != "" && r.reference != Reference(r.parent),
		r.kind == KindRefund && r.amount.Minor <= 0,
		e.Amount.Currency != currency,
		e.Amount.Minor > left:
		return problem.GatewayRejected
	}
	return ""
}
