package postgres

import (
	"context"
	"time"

	"florin/ident"
	"florin/store"
)

// Each kind of open operation is sought by its own partial index.
const (
	selectDue = `SELECT payment, id, kind, at FROM (
		(SELECT payment, id, 'att' AS kind, inquire_at AS at FROM attempts
			WHERE inquire_at <= $1 ORDER BY inquire_at LIMIT $2)
		UNION ALL (SELECT payment, id, 'ref', inquire_at FROM refunds
			WHERE inquire_at <= $1 ORDER BY inquire_at LIMIT $2)
		UNION ALL (SELECT payment, id, 'cap', inquire_at FROM captures
			WHERE inquire_at <= $1 ORDER BY inquire_at LIMIT $2)
		UNION ALL (SELECT payment, id, 'dp', inquire_at FROM disputes
			WHERE inquire_at <= $1 ORDER BY inquire_at LIMIT $2)
	) AS due ORDER BY at, id LIMIT $2`
	selectExpiring = `SELECT payment, id, 'att', expires_at FROM attempts
		WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2`
	selectOpenCount = `SELECT (SELECT count(*) FROM attempts WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM refunds WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM captures WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM disputes WHERE inquire_at IS NOT NULL)
		+ (SELECT count(*) FROM transfers WHERE status = 'pending')`
)

// due reads a row of selectDue.
func (r *row) due() store.Due {
	return store.Due{Payment: r.id(), Operation: r.id(), Kind: ident.Kind(r.text()), At: r.time()}
}

// Due lists the open operations whose inquiry is due, the longest waiting first.
func (s *Store) Due(ctx context.Context, shard int, now time.Time, limit int) ([]store.Due, error) {
	return readAll(ctx, s.shards[shard], (*row).due, selectDue, now, int64(limit))
}

// Expiring lists the attempts whose authorization has expired, the longest
// waiting first.
func (s *Store) Expiring(ctx context.Context, shard int, now time.Time, limit int) ([]store.Due, error) {
	return readAll(ctx, s.shards[shard], (*row).due, selectExpiring, now, int64(limit))
}

// OpenCount counts a shard's open operations.
func (s *Store) OpenCount(ctx context.Context, shard int) (int64, error) {
	return readOne(ctx, s.shards[shard], (*row).int, selectOpenCount)
}
