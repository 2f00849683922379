package payment

import (
	"strconv"

	"florin/event"
	"florin/ident"
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
	data := make([]byte, 0, 192)
	data = append(data, `{"id":"`...)
	data = c.ID.Append(data, ident.Capture)
	data = append(data, `","object":"capture","status":"`...)
	data = append(data, c.Status...)
	data = append(data, `","payment":"`...)
	data = append(c.Payment.Append(data, ident.Payment), '"')
	data = appendNumber(data, "user_id", c.UserID)
	data = appendNumber(data, "amount", c.Minor)
	data = appendWord(data, "currency", string(p.Amount.Currency))
	if c.Reason != "" {
		data = appendWord(data, "reason", string(c.Reason))
	}
	return event.Event{
		Type: kind, Kind: ident.Capture, Object: c.ID, Version: c.Version, UserID: c.UserID,
		Data: append(data, '}'),
	}
}

func (r Refund) event(kind event.Type) event.Event {
	data := make([]byte, 0, 256)
	data = append(data, `{"id":"`...)
	data = r.ID.Append(data, ident.Refund)
	data = append(data, `","object":"refund","status":"`...)
	data = append(data, r.Status...)
	data = append(data, `","payment":"`...)
	data = append(r.Payment.Append(data, ident.Payment), '"')
	data = appendNumber(data, "user_id", r.UserID)
	data = appendNumber(data, "amount", r.Amount.Minor)
	data = appendWord(data, "currency", string(r.Amount.Currency))
	if r.Reason != "" {
		data = appendWord(data, "reason", string(r.Reason))
	}
	return event.Event{
		Type: kind, Kind: ident.Refund, Object: r.ID, Version: r.Version, UserID: r.UserID,
		Data: append(data, '}'),
	}
}

// disputeEvents names the event with which a dispute reaches a status.
var disputeEvents = map[DisputeStatus]event.Type{
	DisputeNeedsResponse: event.DisputeCreated,
	DisputeUnderReview:   event.DisputeUnderReview,
	DisputeWon:           event.DisputeWon,
	DisputeLost:          event.DisputeLost,
}

func (d Dispute) event(kind event.Type) event.Event {
	data := make([]byte, 0, 256)
	data = append(data, `{"id":"`...)
	data = d.ID.Append(data, ident.Dispute)
	data = append(data, `","object":"dispute","status":"`...)
	data = append(data, d.Status...)
	data = append(data, `","payment":"`...)
	data = append(d.Payment.Append(data, ident.Payment), '"')
	data = appendNumber(data, "user_id", d.UserID)
	data = appendNumber(data, "amount", d.Amount.Minor)
	data = appendWord(data, "currency", string(d.Amount.Currency))
	data = appendWord(data, "reason", d.Reason)
	return event.Event{
		Type: kind, Kind: ident.Dispute, Object: d.ID, Version: d.Version, UserID: d.UserID,
		Data: append(data, '}'),
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
