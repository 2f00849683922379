package postgres

import (
	"context"
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

const (
	dayOfID      = `('x0000' || left(replace(id::text, '-', ''), 12))::bit(64)::bigint / 86400000`
	selectReport = `SELECT ` + dayOfID + `, gateway, currency, false, status, reason, count(*), sum(captured)::text
		FROM payments WHERE id >= $1 AND id < $2 GROUP BY 1, 2, 3, 5, 6
		UNION ALL SELECT ` + dayOfID + `, gateway, currency, true, '', '', count(*), sum(amount)::text
		FROM refunds WHERE id >= $1 AND id < $2 AND status = '` + string(payment.OperationSucceeded) + `' GROUP BY 1, 2, 3`
)

// Reports counts a shard's payments and refunds.
func (s *Store) Reports(ctx context.Context, shard int, q store.ReportQuery) ([]store.ReportRow, error) {
	return readAll(ctx, s.shards[shard], (*row).reportRow, selectReport,
		ident.First(ceilMillis(q.From)), ident.First(ceilMillis(q.To)))
}

func (r *row) reportRow() (v store.ReportRow) {
	v.Day = time.Unix(r.int()*24*60*60, 0).UTC()
	v.Gateway, v.Currency, v.Refunds = r.text(), money.Currency(r.text()), r.bool()
	v.Status, v.Reason, v.Count, v.Sum = payment.Status(r.text()), problem.Code(r.text()), r.int(), r.sum()
	return v
}
