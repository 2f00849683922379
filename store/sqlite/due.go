package sqlite

import (
	"context"
	"time"

	"florin/ident"
	"florin/store"
)

// Two queries, since the planner walks each partial index in its order.
var (
	dueAttempts = define(`SELECT payment, payment_low, id, id_low, inquire_at FROM attempts
		WHERE inquire_at <= ? ORDER BY inquire_at, id LIMIT ?`)
	dueRefunds = define(`SELECT payment, payment_low, id, id_low, inquire_at FROM refunds
		WHERE inquire_at <= ? ORDER BY inquire_at, id LIMIT ?`)
	openCount = define(`SELECT (SELECT count(*) FROM attempts WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM refunds WHERE inquire_at IS NOT NULL)`)
)

// Due lists the open operations whose inquiry is due, the longest waiting first.
func (s *Store) Due(ctx context.Context, shard int, now time.Time, limit int) ([]store.Due, error) {
	var attempts, refunds []store.Due
	err := s.shards[shard].read(ctx, func(c *conn) error {
		return c.inReadTx(func() (err error) {
			if attempts, err = c.due(dueAttempts, ident.Attempt, now, limit); err != nil {
				return err
			}
			refunds, err = c.due(dueRefunds, ident.Refund, now, limit)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return longestWaiting(attempts, refunds, limit), nil
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

// longestWaiting merges two lists that are ordered by time.
func longestWaiting(a, b []store.Due, limit int) []store.Due {
	var merged []store.Due
	for len(merged) < limit && len(a)+len(b) > 0 {
		from := &a
		if len(a) == 0 || len(b) > 0 && b[0].At.Before(a[0].At) {
			from = &b
		}
		merged = append(merged, (*from)[0])
		*from = (*from)[1:]
	}
	return merged
}

// OpenCount counts a shard's open operations.
func (s *Store) OpenCount(ctx context.Context, shard int) (n int64, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		n, err = c.number(openCount)
		return err
	})
	return n, err
}
