package postgres

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/payment"
)

// disputeColumns are what (*row).dispute reads.
const disputeColumns = `id, payment, attempt, user_id, gateway, reference, amount, currency, reason, wallet, exceeds,
	status, evidence, submission, version, inquire_at, inquiries`

const disputeState = `status text, evidence text, submission uuid, version int8, inquire_at timestamptz, inquiries int4`

var disputes = table[payment.Dispute]{
	insert: defineInsert("disputes", `id uuid, payment uuid, attempt uuid, user_id int8, gateway text, reference text,
		amount int8, currency text, reason text, wallet int8, exceeds bool, `+disputeState),
	update: defineUpdate("disputes", 1, "id uuid, "+disputeState),
	bind: func(c *columns, d *payment.Dispute) {
		c.id(d.ID)
		c.id(d.Payment)
		c.id(d.Attempt)
		c.int(d.UserID)
		c.text(d.Gateway)
		c.text(d.Reference)
		c.int(d.Amount.Minor)
		c.text(string(d.Amount.Currency))
		c.text(d.Reason)
		c.int(d.WalletMinor)
		c.bool(d.Exceeds)
		c.disputeState(d)
	},
	rebind: func(c *columns, d *payment.Dispute) {
		c.id(d.ID)
		c.disputeState(d)
	},
}

func (c *columns) disputeState(d *payment.Dispute) {
	c.text(string(d.Status))
	c.text(d.Evidence)
	c.id(d.Submission)
	c.int(d.Version)
	c.time(d.Inquiry.At)
	c.small(d.Inquiry.Count)
}

// dispute reads a row of disputeColumns.
func (r *row) dispute() (d payment.Dispute) {
	d.ID, d.Payment, d.Attempt = r.id(), r.id(), r.id()
	d.UserID, d.Gateway, d.Reference = r.int(), r.text(), r.text()
	d.Amount = money.Amount{Minor: r.int(), Currency: money.Currency(r.text())}
	d.Reason, d.WalletMinor, d.Exceeds = r.text(), r.int(), r.bool()
	d.Status, d.Evidence, d.Submission = payment.DisputeStatus(r.text()), r.text(), r.id()
	d.Version = r.int()
	d.Inquiry = payment.Inquiry{At: r.time(), Count: r.small()}
	return d
}

const (
	selectDispute  = `SELECT ` + disputeColumns + ` FROM disputes WHERE id = $1`
	selectDisputes = `SELECT ` + disputeColumns + ` FROM disputes WHERE payment = $1 ORDER BY id`
)

// Dispute returns a dispute, or ErrNotFound.
func (s *Store) Dispute(ctx context.Context, id ident.ID) (payment.Dispute, error) {
	return readOne(ctx, s.of(id), (*row).dispute, selectDispute, id)
}
