package postgres

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/wallet"
)

// payoutColumns are what (*row).payout reads.
const payoutColumns = `id, user_id, amount, currency, description, metadata, status, version`

var payouts = table[wallet.Payout]{
	insert: defineInsert("payouts", `id uuid, user_id int8, amount int8, currency text, description text,
		metadata jsonb, status text, version int8`),
	update: defineUpdate("payouts", 1, "id uuid, status text, version int8"),
	bind: func(c *columns, p *wallet.Payout) {
		c.id(p.ID)
		c.int(p.UserID)
		c.int(p.Amount.Minor)
		c.text(string(p.Amount.Currency))
		c.text(p.Description)
		c.metadata(p.Metadata)
		c.text(string(p.Status))
		c.int(p.Version)
	},
	rebind: func(c *columns, p *wallet.Payout) {
		c.id(p.ID)
		c.text(string(p.Status))
		c.int(p.Version)
	},
}

// payout reads a row of payoutColumns.
func (r *row) payout() (p wallet.Payout) {
	p.ID, p.UserID = r.id(), r.int()
	p.Amount = money.Amount{Minor: r.int(), Currency: money.Currency(r.text())}
	p.Description = r.text()
	r.json(&p.Metadata)
	p.Status, p.Version = wallet.PayoutStatus(r.text()), r.int()
	return p
}

const selectPayout = `SELECT ` + payoutColumns + ` FROM payouts WHERE id = $1`

// Payout returns a payout, or ErrNotFound.
func (s *Store) Payout(ctx context.Context, id ident.ID) (wallet.Payout, error) {
	return readOne(ctx, s.of(id), (*row).payout, selectPayout, id)
}
