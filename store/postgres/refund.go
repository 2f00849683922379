package postgres

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
)

// refundColumns are what (*row).refund reads.
const refundColumns = `id, payment, attempt, user_id, gateway, amount, currency, status, reason, reference, answered_at,
	version, inquire_at, inquiries`

const refundState = `status text, reason text, reference text, answered_at timestamptz, version int8,
	inquire_at timestamptz, inquiries int4`

var refunds = table[payment.Refund]{
	insert: defineInsert("refunds",
		"id uuid, payment uuid, attempt uuid, user_id int8, gateway text, amount int8, currency text, "+refundState),
	update: defineUpdate("refunds", 1, "id uuid, "+refundState),
	bind: func(c *columns, r *payment.Refund) {
		c.id(r.ID)
		c.id(r.Payment)
		c.id(r.Attempt)
		c.int(r.UserID)
		c.text(r.Gateway)
		c.int(r.Amount.Minor)
		c.text(string(r.Amount.Currency))
		c.refundState(r)
	},
	rebind: func(c *columns, r *payment.Refund) {
		c.id(r.ID)
		c.refundState(r)
	},
}

func (c *columns) refundState(r *payment.Refund) {
	c.text(string(r.Status))
	c.text(string(r.Reason))
	c.text(r.Reference)
	c.time(r.AnsweredAt)
	c.int(r.Version)
	c.time(r.Inquiry.At)
	c.small(r.Inquiry.Count)
}

// refund reads a row of refundColumns.
func (r *row) refund() (v payment.Refund) {
	v.ID, v.Payment, v.Attempt = r.id(), r.id(), r.id()
	v.UserID, v.Gateway = r.int(), r.text()
	v.Amount = money.Amount{Minor: r.int(), Currency: money.Currency(r.text())}
	v.Status, v.Reason, v.Reference = payment.OperationStatus(r.text()), problem.Code(r.text()), r.text()
	v.AnsweredAt, v.Version = r.time(), r.int()
	v.Inquiry = payment.Inquiry{At: r.time(), Count: r.small()}
	return v
}

const (
	selectRefund  = `SELECT ` + refundColumns + ` FROM refunds WHERE id = $1`
	selectRefunds = `SELECT ` + refundColumns + ` FROM refunds WHERE payment = $1 ORDER BY id`
)

// Refund returns a refund, or ErrNotFound.
func (s *Store) Refund(ctx context.Context, id ident.ID) (r payment.Refund, err error) {
	return readOne(ctx, s.of(id), (*row).refund, selectRefund, id)
}
