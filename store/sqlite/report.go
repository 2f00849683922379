package sqlite

import (
	"context"
	"fmt"
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// Sums are kept in two halves, since SQLite's end with 64 bits.
var selectReport = define(fmt.Sprintf(`SELECT id / %[1]d, gateway, currency, 0, status, reason, count(*),
		sum(captured >> 32), sum(captured & 4294967295)
	FROM payments WHERE id >= ?1 AND id < ?2 GROUP BY 1, 2, 3, 5, 6
	UNION ALL SELECT id / %[1]d, gateway, currency, 1, '', '', count(*), sum(amount >> 32), sum(amount & 4294967295)
	FROM refunds WHERE id >= ?1 AND id < ?2 AND status = '%[2]s' GROUP BY 1, 2, 3`, idsOfDay, payment.OperationSucceeded))

// idsOfDay is how many ids' upper halves a day has.
const idsOfDay = 24 * 60 * 60 * 1000 << 12

// Reports counts a shard's payments and refunds.
func (s *Store) Reports(ctx context.Context, shard int, q store.ReportQuery) (rows []store.ReportRow, err error) {
	err = s.shards[shard].scan(ctx, func(c *conn) error {
		s, err := c.query(selectReport)
		if err != nil {
			return err
		}
		s.bindInt(ident.First(ceilMillis(q.From)).High())
		s.bindInt(ident.First(ceilMillis(q.To)).High())
		rows, err = collect(s, nil, (*stmt).reportRow)
		return err
	})
	return rows, err
}

func (s *stmt) reportRow() (r store.ReportRow, err error) {
	r.Day = time.Unix(s.int()*24*60*60, 0).UTC()
	r.Gateway, r.Currency, r.Refunds = s.text(), money.Currency(s.text()), s.bool()
	r.Status, r.Reason, r.Count = payment.Status(s.text()), problem.Code(s.text()), s.int()
	r.Sum = money.NewSum(s.int())
	for range 32 {
		if r.Sum, err = r.Sum.Plus(r.Sum); err != nil {
			return r, err
		}
	}
	r.Sum, err = r.Sum.Add(s.int())
	return r, err
}
