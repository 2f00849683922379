package postgres

import (
	"context"

	"florin/ident"
	"florin/vault"
)

// methodColumns are what (*row).method reads.
const methodColumns = `id, user_id, brand, last4, exp_month, exp_year, fingerprint, sealed, version, deleted_at`

const methodState = `brand text, last4 text, exp_month int4, exp_year int4, fingerprint text, sealed bytea,
	version int8, deleted_at timestamptz`

var methods = table[vault.PaymentMethod]{
	insert: defineInsert("payment_methods", "id uuid, user_id int8, "+methodState),
	update: defineUpdate("payment_methods", 1, "id uuid, "+methodState),
	bind: func(c *columns, m *vault.PaymentMethod) {
		c.id(m.ID)
		c.int(m.UserID)
		c.methodState(m)
	},
	rebind: func(c *columns, m *vault.PaymentMethod) {
		c.id(m.ID)
		c.methodState(m)
	},
}

func (c *columns) methodState(m *vault.PaymentMethod) {
	c.text(string(m.Brand))
	c.text(m.Last4)
	c.small(m.ExpMonth)
	c.small(m.ExpYear)
	c.text(m.Fingerprint)
	c.bytes(m.Sealed)
	c.int(m.Version)
	c.time(m.DeletedAt)
}

// method reads a row of methodColumns.
func (r *row) method() (m vault.PaymentMethod) {
	m.ID, m.UserID = r.id(), r.int()
	m.Brand, m.Last4 = vault.Brand(r.text()), r.text()
	m.ExpMonth, m.ExpYear = r.small(), r.small()
	m.Fingerprint, m.Sealed = r.text(), r.bytes()
	m.Version, m.DeletedAt = r.int(), r.time()
	return m
}

const (
	selectMethod  = `SELECT ` + methodColumns + ` FROM payment_methods WHERE id = $1`
	selectMethods = `SELECT ` + methodColumns + ` FROM payment_methods WHERE id = ANY($1)`
)

// Method returns a payment method, deleted or not, or ErrNotFound.
func (s *Store) Method(ctx context.Context, id ident.ID) (vault.PaymentMethod, error) {
	return readOne(ctx, s.of(id), (*row).method, selectMethod, id)
}

// FindMethods returns those of a shard's payment methods that are there.
func (s *Store) FindMethods(ctx context.Context, shard int, ids []ident.ID) ([]vault.PaymentMethod, error) {
	wanted := make([][16]byte, len(ids))
	for i := range ids {
		wanted[i] = ids[i]
	}
	return readAll(ctx, s.shards[shard], (*row).method, selectMethods, wanted)
}
