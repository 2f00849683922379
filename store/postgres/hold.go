package postgres

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/wallet"
)

// holdColumns are what (*row).hold reads.
const holdColumns = `id, user_id, amount, currency, reason, metadata, expires_at, captured, status, version`

const holdState = "captured int8, status text, version int8"

var holds = table[wallet.Hold]{
	insert: defineInsert("holds", `id uuid, user_id int8, amount int8, currency text, reason text, metadata jsonb,
		expires_at timestamptz, `+holdState),
	update: defineUpdate("holds", 1, "id uuid, "+holdState),
	bind: func(c *columns, h *wallet.Hold) {
		c.id(h.ID)
		c.int(h.UserID)
		c.int(h.Amount.Minor)
		c.text(string(h.Amount.Currency))
		c.text(h.Reason)
		c.metadata(h.Metadata)
		c.time(h.ExpiresAt)
		c.holdState(h)
	},
	rebind: func(c *columns, h *wallet.Hold) {
		c.id(h.ID)
		c.holdState(h)
	},
}

func (c *columns) holdState(h *wallet.Hold) {
	c.int(h.CapturedMinor)
	c.text(string(h.Status))
	c.int(h.Version)
}

// hold reads a row of holdColumns.
func (r *row) hold() (h wallet.Hold) {
	h.ID, h.UserID = r.id(), r.int()
	h.Amount = money.Amount{Minor: r.int(), Currency: money.Currency(r.text())}
	h.Reason = r.text()
	r.json(&h.Metadata)
	h.ExpiresAt, h.CapturedMinor = r.time(), r.int()
	h.Status, h.Version = wallet.HoldStatus(r.text()), r.int()
	return h
}

const selectHold = `SELECT ` + holdColumns + ` FROM holds WHERE id = $1`

// Hold returns a hold, or ErrNotFound.
func (s *Store) Hold(ctx context.Context, id ident.ID) (wallet.Hold, error) {
	return readOne(ctx, s.of(id), (*row).hold, selectHold, id)
}
