package postgres

import (
	"florin/payment"
	"florin/problem"
)

// captureColumns are what (*row).capture reads.
const captureColumns = `id, payment, attempt, user_id, amount, final, status, reason, reference, answered_at, version,
	inquire_at, inquiries, told`

const captureState = `status text, reason text, reference text, answered_at timestamptz, version int8,
	inquire_at timestamptz, inquiries int4, told jsonb`

var captures = table[payment.Capture]{
	insert: defineInsert("captures",
		"id uuid, payment uuid, attempt uuid, user_id int8, amount int8, final bool, "+captureState),
	update: defineUpdate("captures", 1, "id uuid, "+captureState),
	bind: func(c *columns, v *payment.Capture) {
		c.id(v.ID)
		c.id(v.Payment)
		c.id(v.Attempt)
		c.int(v.UserID)
		c.int(v.Minor)
		c.bool(v.Final)
		c.captureState(v)
	},
	rebind: func(c *columns, v *payment.Capture) {
		c.id(v.ID)
		c.captureState(v)
	},
}

func (c *columns) captureState(v *payment.Capture) {
	c.text(string(v.Status))
	c.text(string(v.Reason))
	c.text(v.Reference)
	c.time(v.AnsweredAt)
	c.int(v.Version)
	c.time(v.Inquiry.At)
	c.small(v.Inquiry.Count)
	c.state(v.Told)
}

// capture reads a row of captureColumns.
func (r *row) capture() (v payment.Capture) {
	v.ID, v.Payment, v.Attempt = r.id(), r.id(), r.id()
	v.UserID, v.Minor, v.Final = r.int(), r.int(), r.bool()
	v.Status, v.Reason, v.Reference = payment.OperationStatus(r.text()), problem.Code(r.text()), r.text()
	v.AnsweredAt, v.Version = r.time(), r.int()
	v.Inquiry = payment.Inquiry{At: r.time(), Count: r.small()}
	v.Told = r.state()
	return v
}

const selectCaptures = `SELECT ` + captureColumns + ` FROM captures WHERE payment = $1 ORDER BY id`
