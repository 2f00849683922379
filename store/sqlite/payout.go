package sqlite

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

const payoutColumns = `id, id_low, user_id, amount, currency, description, metadata, status, version`

var (
	payouts      = table[wallet.Payout]{defineInsert("payouts", payoutColumns), (*tx).bindPayout, (*conn).updatePayout}
	updatePayout = define(`UPDATE payouts SET status = ?, version = ? WHERE id = ? AND id_low = ?`)
	selectPayout = define(`SELECT ` + payoutColumns + ` FROM payouts WHERE id = ? AND id_low = ?`)
	allPayouts   = define(`SELECT ` + payoutColumns + ` FROM payouts ORDER BY id`)
)

func (t *tx) bindPayout(s *stmt, p *wallet.Payout) error {
	s.bindID(p.ID)
	s.bindInt(p.UserID)
	s.bindInt(p.Amount.Minor)
	s.bindText(string(p.Amount.Currency))
	s.bindText(p.Description)
	if err := s.bindMetadata(p.Metadata); err != nil {
		return err
	}
	s.bindText(string(p.Status))
	s.bindInt(p.Version)
	return nil
}

func (c *conn) updatePayout(p *wallet.Payout) error {
	s, err := c.query(updatePayout)
	if err != nil {
		return err
	}
	s.bindText(string(p.Status))
	s.bindInt(p.Version)
	s.bindID(p.ID)
	return s.runOne()
}

// payout reads a row of payoutColumns.
func (s *stmt) payout() (p wallet.Payout, err error) {
	p.ID, p.UserID = s.id(), s.int()
	p.Amount = money.Amount{Minor: s.int(), Currency: money.Currency(s.text())}
	p.Description = s.text()
	if p.Metadata, err = s.metadata(); err != nil {
		return p, err
	}
	p.Status, p.Version = wallet.PayoutStatus(s.text()), s.int()
	return p, nil
}

// Payout returns a payout, or ErrNotFound.
func (s *Store) Payout(ctx context.Context, id ident.ID) (p wallet.Payout, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		p, err = one(c, selectPayout, id, (*stmt).payout)
		return err
	})
	return p, err
}

// Payouts lists a shard's payouts, newest first.
func (s *Store) Payouts(ctx context.Context, shard int, want store.PayoutQuery) ([]wallet.Payout, error) {
	q := newSelection(payoutColumns, "payouts", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalText("status", string(want.Status))
	return list(ctx, s.shards[shard], q, (*stmt).payout)
}
