package memory

import (
	"context"
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

// Dispute returns a dispute, or ErrNotFound.
func (s *Store) Dispute(ctx context.Context, id ident.ID) (payment.Dispute, error) {
	return one(ctx, s, id, func(sh *shard) *table[payment.Dispute] { return &sh.disputes })
}

// Disputes lists a shard's disputes, newest first.
func (s *Store) Disputes(
	ctx context.Context, number int, q store.DisputeQuery,
) (disputes []payment.Dispute, err error) {
	want := func(d *payment.Dispute) bool {
		return (q.UserID == 0 || d.UserID == q.UserID) && (q.Status == "" || d.Status == q.Status) &&
			(q.Payment.IsZero() || d.Payment == q.Payment)
	}
	err = s.read(ctx, number, func(sh *shard) error {
		disputes = page(sh.disputes.sorted(want), q.Page, func(d *payment.Dispute) ident.ID { return d.ID })
		return nil
	})
	return disputes, err
}

// Expiring lists the attempts whose authorization has expired, the longest
// waiting first.
func (s *Store) Expiring(ctx context.Context, number int, now time.Time, limit int) (due []store.Due, err error) {
	expired := func(a *payment.Attempt) bool {
		return !a.ExpiresAt.IsZero() && a.ExpiresAt.UnixMilli() <= now.UnixMilli()
	}
	err = s.read(ctx, number, func(sh *shard) error {
		for _, a := range sh.attempts.sorted(expired) {
			due = append(due, store.Due{Payment: a.Payment, Operation: a.ID, Kind: ident.Attempt, At: a.ExpiresAt})
		}
		return nil
	})
	slices.SortStableFunc(due, func(a, b store.Due) int { return a.At.Compare(b.At) })
	return due[:min(len(due), limit)], err
}
