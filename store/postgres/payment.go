package postgres

import (
	"florin/money"
	"florin/payment"
	"florin/problem"
)

// paymentColumns are what (*row).payment reads.
const paymentColumns = `id, user_id, amount, currency, capture_method, purpose, details, status, reason, version,
	payment_method, attempt, gateway, action_url, authorized, capture_pending, captured, refund_pending, refunded,
	disputed, answered_version, answered`

const paymentState = `details jsonb, status text, reason text, version int8, payment_method text, attempt uuid,
	gateway text, action_url text, authorized int8, capture_pending int8, captured int8, refund_pending int8,
	refunded int8, disputed int8, answered_version int8, answered jsonb`

var payments = table[payment.Payment]{
	insert: defineInsert("payments",
		"id uuid, user_id int8, amount int8, currency text, capture_method text, purpose text, "+paymentState),
	update: defineUpdate("payments", 1, "id uuid, "+paymentState),
	bind: func(c *columns, p *payment.Payment) {
		c.id(p.ID)
		c.int(p.UserID)
		c.int(p.Amount.Minor)
		c.text(string(p.Amount.Currency))
		c.text(string(p.CaptureMethod))
		c.text(string(p.Purpose))
		c.paymentState(p)
	},
	rebind: func(c *columns, p *payment.Payment) {
		c.id(p.ID)
		c.paymentState(p)
	},
}

func (c *columns) paymentState(p *payment.Payment) {
	if p.Details.IsZero() {
		c.null()
	} else {
		c.json(p.Details)
	}
	c.text(string(p.Status))
	c.text(string(p.Reason))
	c.int(p.Version)
	c.text(p.PaymentMethod)
	c.id(p.Attempt)
	c.text(p.Gateway)
	c.text(p.ActionURL)
	c.int(p.AuthorizedMinor)
	c.int(p.CapturePendingMinor)
	c.int(p.CapturedMinor)
	c.int(p.RefundPendingMinor)
	c.int(p.RefundedMinor)
	c.int(p.DisputedMinor)
	c.int(p.AnsweredVersion)
	c.state(p.Answered)
}

func (c *columns) state(s *payment.State) {
	if s == nil {
		c.null()
	} else {
		c.json(s)
	}
}

// state reads what columns.state wrote.
func (r *row) state() (s *payment.State) {
	if !r.isNull() {
		s = &payment.State{}
	}
	r.json(s)
	return s
}

// payment reads a row of paymentColumns, without children.
func (r *row) payment() (p payment.Payment) {
	p.ID, p.UserID = r.id(), r.int()
	p.Amount = money.Amount{Minor: r.int(), Currency: money.Currency(r.text())}
	p.CaptureMethod, p.Purpose = payment.CaptureMethod(r.text()), payment.Purpose(r.text())
	r.json(&p.Details)
	p.Status, p.Reason, p.Version = payment.Status(r.text()), problem.Code(r.text()), r.int()
	p.PaymentMethod, p.Attempt, p.Gateway, p.ActionURL = r.text(), r.id(), r.text(), r.text()
	p.AuthorizedMinor, p.CapturePendingMinor, p.CapturedMinor = r.int(), r.int(), r.int()
	p.RefundPendingMinor, p.RefundedMinor, p.DisputedMinor = r.int(), r.int(), r.int()
	p.AnsweredVersion = r.int()
	p.Answered = r.state()
	return p
}

const selectPayment = `SELECT ` + paymentColumns + ` FROM payments WHERE id = $1`
