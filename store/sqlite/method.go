package sqlite

import (
	"context"
	"errors"

	"florin/ident"
	"florin/store"
	"florin/vault"
)

const methodColumns = `id, id_low, user_id, brand, last4, exp_month, exp_year, fingerprint, sealed, version, deleted_at`

var (
	methods = table[vault.PaymentMethod]{
		defineInsert("payment_methods", methodColumns), (*tx).bindMethod, (*conn).updateMethod,
	}
	updateMethod = define(`UPDATE payment_methods SET brand = ?, last4 = ?, exp_month = ?, exp_year = ?,
		fingerprint = ?, sealed = ?, version = ?, deleted_at = ? WHERE id = ? AND id_low = ?`)
	selectMethod = define(`SELECT ` + methodColumns + ` FROM payment_methods WHERE id = ? AND id_low = ?`)
	allMethods   = define(`SELECT ` + methodColumns + ` FROM payment_methods ORDER BY id`)
)

func (t *tx) bindMethod(s *stmt, m *vault.PaymentMethod) error {
	s.bindID(m.ID)
	s.bindInt(m.UserID)
	s.bindMethodState(m)
	return nil
}

func (c *conn) updateMethod(m *vault.PaymentMethod) error {
	s, err := c.query(updateMethod)
	if err != nil {
		return err
	}
	s.bindMethodState(m)
	s.bindID(m.ID)
	return s.runOne()
}

// bindMethodState binds the columns from brand on.
func (s *stmt) bindMethodState(m *vault.PaymentMethod) {
	s.bindText(string(m.Brand))
	s.bindText(m.Last4)
	s.bindInt(int64(m.ExpMonth))
	s.bindInt(int64(m.ExpYear))
	s.bindText(m.Fingerprint)
	s.bindBlob(m.Sealed)
	s.bindInt(m.Version)
	s.bindInt(millis(m.DeletedAt))
}

// method reads a row of methodColumns.
func (s *stmt) method() (m vault.PaymentMethod, err error) {
	m.ID, m.UserID = s.id(), s.int()
	m.Brand, m.Last4 = vault.Brand(s.text()), s.text()
	m.ExpMonth, m.ExpYear = int(s.int()), int(s.int())
	m.Fingerprint, m.Sealed = s.text(), s.bytes()
	m.Version, m.DeletedAt = s.int(), s.time()
	return m, nil
}

func (c *conn) method(id ident.ID) (vault.PaymentMethod, error) {
	return one(c, selectMethod, id, (*stmt).method)
}

// method reads a payment method inside the Tx: every charge asks for one.
func (t *tx) method(id ident.ID) (vault.PaymentMethod, error) {
	if m, ok := t.sh.recent.method(id); ok {
		return m, nil
	}
	m, err := t.sh.writer.method(id)
	if err == nil && t.sh.caching() {
		t.sh.recent.putMethod(m)
	}
	return m, err
}

// Method returns a payment method, deleted or not, or ErrNotFound.
func (s *Store) Method(ctx context.Context, id ident.ID) (m vault.PaymentMethod, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		m, err = c.method(id)
		return err
	})
	return m, err
}

// FindMethods returns those of a shard's payment methods that are there.
func (s *Store) FindMethods(ctx context.Context, shard int, ids []ident.ID) (found []vault.PaymentMethod, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		for _, id := range ids {
			switch m, err := c.method(id); {
			case err == nil:
				found = append(found, m)
			case !errors.Is(err, store.ErrNotFound):
				return err
			}
		}
		return nil
	})
	return found, err
}

// Methods lists a user's payment methods that are not deleted, newest first.
func (s *Store) Methods(ctx context.Context, userID int64, page store.Page) ([]vault.PaymentMethod, error) {
	q := newSelection(methodColumns, "payment_methods", page)
	q.and("user_id = ?", userID)
	q.and("deleted_at = 0")
	return list(ctx, s.shards[ident.Shard(userID, len(s.shards))], q, (*stmt).method)
}
