package payment

import (
	"strconv"

	"florin/event"
	"florin/ident"
	"florin/money"
)

// eventTypes names the event with which a payment reaches a status.
var eventTypes = map[Status]event.Type{
	RequiresPaymentMethod: event.PaymentCreated,
	RequiresConfirmation:  event.PaymentCreated,
	RequiresAction:        event.PaymentRequiresAction,
	Processing:            event.PaymentProcessing,
	RequiresCapture:       event.PaymentAuthorized,
	Succeeded:             event.PaymentSucceeded,
	Declined:              event.PaymentDeclined,
	Canceled:              event.PaymentCanceled,
}

// event returns the event of the payment's present version.
func (p Payment) event(kind event.Type) event.Event {
	data := make([]byte, 0, 288)
	data = append(data, `{"id":"`...)
	data = p.ID.Append(data, ident.Payment)
	data = append(data, `","object":"payment","status":"`...)
	data = append(data, p.Status...)
	data = appendNumber(append(data, '"'), "user_id", p.UserID)
	data = appendNumber(data, "amount", p.Amount.Minor)
	data = appendWord(data, "currency", string(p.Amount.Currency))
	if p.CapturedMinor != 0 {
		data = appendNumber(data, "amount_captured", p.CapturedMinor)
	}
	if p.RefundedMinor != 0 {
		data = appendNumber(data, "amount_refunded", p.RefundedMinor)
	}
	if p.Reason != "" {
		data = appendWord(data, "reason", string(p.Reason))
	}
	if !p.Attempt.IsZero() {
		data = append(data, `,"attempt":"`...)
		data = append(p.Attempt.Append(data, ident.Attempt), '"')
		data = appendWord(data, "gateway", p.Gateway)
	}
	return event.Event{
		Type: kind, Kind: ident.Payment, Object: p.ID, Version: p.Version, UserID: p.UserID,
		Data: append(data, '}'),
	}
}

// lateEvent returns the event of the payment's present version, which an attempt
// made that need not be the latest.
func (p Payment) lateEvent(kind event.Type, late Attempt) event.Event {
	e := p.event(kind)
	data := append(e.Data[:len(e.Data)-1], `,"late_attempt":"`...)
	data = append(late.ID.Append(data, ident.Attempt), '"')
	e.Data = append(appendWord(data, "late_gateway", late.Gateway), '}')
	return e
}

func (p Payment) captureEvent(kind event.Type, c Capture) event.Event {
	return childEvent(kind, child{
		kind: ident.Capture, object: "capture", id: c.ID, payment: c.Payment, userID: c.UserID, version: c.Version,
		status: string(c.Status), amount: money.Amount{Minor: c.Minor, Currency: p.Amount.Currency},
		reason: string(c.Reason),
	})
}

func (r Refund) event(kind event.Type) event.Event {
	return childEvent(kind, child{
		kind: ident.Refund, object: "refund", id: r.ID, payment: r.Payment, userID: r.UserID, version: r.Version,
		status: string(r.Status), amount: r.Amount, reason: string(r.Reason),
	})
}

// disputeEvents names the event with which a dispute reaches a status.
var disputeEvents = map[DisputeStatus]event.Type{
	DisputeNeedsResponse: event.DisputeCreated,
	DisputeUnderReview:   event.DisputeUnderReview,
	DisputeWon:           event.DisputeWon,
	DisputeLost:          event.DisputeLost,
}

func (d Dispute) event(kind event.Type) event.Event {
	return childEvent(kind, child{
		kind: ident.Dispute, object: "dispute", id: d.ID, payment: d.Payment, userID: d.UserID, version: d.Version,
		status: string(d.Status), amount: d.Amount, reason: d.Reason,
	})
}

// child is what captures, refunds and disputes tell alike.
type child struct {
	kind            ident.Kind
	object          string
	id, payment     ident.ID
	userID, version int64
	status          string
	amount          money.Amount
	reason          string // "" for none
}

// childEvent returns the event of its present version.
func childEvent(kind event.Type, c child) event.Event {
	data := make([]byte, 0, 256)
	data = append(data, `{"id":"`...)
	data = append(c.id.Append(data, c.kind), '"')
	data = appendWord(data, "object", c.object)
	data = appendWord(data, "status", c.status)
	data = append(data, `,"payment":"`...)
	data = append(c.payment.Append(data, ident.Payment), '"')
	data = appendNumber(data, "user_id", c.userID)
	data = appendNumber(data, "amount", c.amount.Minor)
	data = appendWord(data, "currency", string(c.amount.Currency))
	if c.reason != "" {
		data = appendWord(data, "reason", c.reason)
	}
	return event.Event{
		Type: kind, Kind: c.kind, Object: c.id, Version: c.version, UserID: c.userID, Data: append(data, '}'),
	}
}

// appendWord appends a member whose value needs no escaping: codes, names of
// gateways (letters, digits, "_" and "-") and statuses.
func appendWord(data []byte, name, value string) []byte {
	data = append(data, `,"`...)
	data = append(data, name...)
	data = append(data, `":"`...)
	data = append(data, value...)
	return append(data, '"')
}

func appendNumber(data []byte, name string, value int64) []byte {
	data = append(data, `,"`...)
	data = append(data, name...)
	data = append(data, `":`...)
	return strconv.AppendInt(data, value, 10)
}
