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
		ident.Capture, "capture", c.ID, c.Payment, c.UserID, c.Version, string(c.Status),
		money.Amount{Minor: c.Minor, Currency: p.Amount.Currency}, string(c.Reason),
	})
}

func (r Refund) event(kind event.Type) event.Event {
	return childEvent(kind, child{
		ident.Refund, "refund", r.ID, r.Payment, r.UserID, r.Version, string(r.Status), r.Amount, string(r.Reason),
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
		ident.Dispute, "dispute", d.ID, d.Payment, d.UserID, d.Version, string(d.Status), d.Amount, d.Reason,
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
