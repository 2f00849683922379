package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"florin/ident"
	"florin/store"
)

// dueIn are the open operations by kind: a query each, since the planner walks
// each partial index in its order.
var (
	dueIn = [...]struct {
		kind ident.Kind
		query
	}{
		{ident.Attempt, defineDue("attempts", "inquire_at")},
		{ident.Refund, defineDue("refunds", "inquire_at")},
		{ident.Capture, defineDue("captures", "inquire_at")},
		{ident.Dispute, defineDue("disputes", "inquire_at")},
	}
	expiring  = defineDue("attempts", "expires_at")
	openCount = define(`SELECT (SELECT count(*) FROM attempts WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM refunds WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM captures WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM disputes WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM transfers WHERE status = 'pending')`)
)

func defineDue(table, column string) query {
	return define(`SELECT payment, payment_low, id, id_low, ` + column + ` FROM ` + table + ` WHERE ` + column +
		` <= ? ORDER BY ` + column + `, id LIMIT ?`)
}

// Due lists the open operations whose inquiry is due, the longest waiting first.
func (s *Store) Due(ctx context.Context, shard int, now time.Time, limit int) ([]store.Due, error) {
	var all []store.Due
	err := s.shards[shard].read(ctx, func(c *conn) error {
		return c.inReadTx(func() error {
			for _, in := range dueIn {
				some, err := c.due(in.query, in.kind, now, limit)
				if err != nil {
					return err
				}
				all = append(all, some...)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b store.Due) int { return cmp.Compare(a.At.UnixMilli(), b.At.UnixMilli()) })
	return all[:min(len(all), limit)], nil
}

// Expiring lists the attempts whose authorization has expired, the longest
// waiting first.
func (s *Store) Expiring(ctx context.Context, shard int, now time.Time, limit int) (due []store.Due, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		due, err = c.due(expiring, ident.Attempt, now, limit)
		return err
	})
	return due, err
}

func (c *conn) due(q query, kind ident.Kind, now time.Time, limit int) ([]store.Due, error) {
	s, err := c.query(q)
	if err != nil {
		return nil, err
	}
	s.bindInt(now.UnixMilli())
	s.bindInt(int64(limit))
	return collect(s, nil, func(s *stmt) (store.Due, error) {
		return store.Due{Payment: s.id(), Operation: s.id(), Kind: kind, At: s.time()}, nil
	})
}

// OpenCount counts a shard's open operations.
func (s *Store) OpenCount(ctx context.Context, shard int) (n int64, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		n, err = c.number(openCount)
		return err
	})
	return n, err
}
