package memory

import (
	"context"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

// Reports counts a shard's payments and refunds.
func (s *Store) Reports(ctx context.Context, number int, q store.ReportQuery) (rows []store.ReportRow, err error) {
	from, to := firstHigh(q.From), firstHigh(q.To)
	counted := map[store.ReportRow]*store.ReportRow{}
	count := func(id ident.ID, key store.ReportRow, minor int64) error {
		if id.High() < from || id.High() >= to {
			return nil
		}
		key.Day = id.Time().Truncate(24 * time.Hour)
		row := counted[key]
		if row == nil {
			row = new(key)
			counted[key] = row
		}
		row.Count++
		row.Sum, err = row.Sum.Add(minor)
		return err
	}
	err = s.read(ctx, number, func(sh *shard) error {
		for id, p := range sh.payments.rows {
			if err := count(id, store.ReportRow{
				Gateway: p.Gateway, Currency: p.Amount.Currency, Status: p.Status, Reason: p.Reason,
			}, p.CapturedMinor); err != nil {
				return err
			}
		}
		for id, r := range sh.refunds.rows {
			if r.Status != payment.OperationSucceeded {
				continue
			}
			key := store.ReportRow{Gateway: r.Gateway, Currency: r.Amount.Currency, Refunds: true}
			if err := count(id, key, r.Amount.Minor); err != nil {
				return err
			}
		}
		return nil
	})
	for _, row := range counted {
		rows = append(rows, *row)
	}
	return rows, err
}
