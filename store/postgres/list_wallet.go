package postgres

import (
	"context"
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
	"florin/wallet"
)

// Holds lists a shard's holds, newest first.
func (s *Store) Holds(ctx context.Context, shard int, want store.HoldQuery) ([]wallet.Hold, error) {
	q := newSelection(holdColumns, "holds", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalText("status", string(want.Status))
	return list(ctx, s.shards[shard], q, (*row).hold)
}

// Payouts lists a shard's payouts, newest first.
func (s *Store) Payouts(ctx context.Context, shard int, want store.PayoutQuery) ([]wallet.Payout, error) {
	q := newSelection(payoutColumns, "payouts", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalText("status", string(want.Status))
	return list(ctx, s.shards[shard], q, (*row).payout)
}

// Transfers lists a shard's transfers, newest first. A user's are sought on either
// side by an index of its own, and merged.
func (s *Store) Transfers(ctx context.Context, shard int, want store.TransferQuery) ([]wallet.Transfer, error) {
	q := newSelection(transferColumns, "transfers", want.Page)
	q.equalText("status", string(want.Status))
	if want.UserID == 0 {
		return list(ctx, s.shards[shard], q, (*row).transfer)
	}
	// The three have the same arguments, and the user is the last of them.
	sent, got, received := q, q, q
	received.from = "SELECT " + transferColumns + " FROM received_transfers"
	sent.conditions, got.conditions, received.conditions = slices.Clone(q.conditions), slices.Clone(q.conditions),
		slices.Clone(q.conditions)
	sent.and("from_user_id = ?", want.UserID)
	got.and("to_user_id = ? AND from_user_id <> to_user_id", want.UserID)
	// A copy to fewer shards may have brought both sides of a transfer together.
	received.and("to_user_id = ? AND (SELECT t.id FROM transfers AS t WHERE t.id = received_transfers.id) IS NULL",
		want.UserID)
	one, args := sent.statement()
	two, _ := got.statement()
	three, _ := received.statement()
	sql := "SELECT " + transferColumns + " FROM ((" + one + ") UNION ALL (" + two + ") UNION ALL (" + three +
		")) AS t" + q.order(len(args))
	var rows []wallet.Transfer
	err := s.shards[shard].read(ctx, func(c *reader) (err error) {
		rows, err = all(ctx, c, (*row).transfer, sql, args...)
		return err
	})
	if q.ascending {
		slices.Reverse(rows)
	}
	return rows, err
}

const selectPendingTransfers = `SELECT ` + transferColumns + ` FROM transfers
	WHERE status = 'pending' AND id > $1 AND id < $2 ORDER BY id LIMIT $3`

// PendingTransfers lists the pending transfers that were made after one and
// before a moment, oldest first.
func (s *Store) PendingTransfers(
	ctx context.Context, shard int, after ident.ID, before time.Time, limit int,
) ([]wallet.Transfer, error) {
	return readAll(ctx, s.shards[shard], (*row).transfer, selectPendingTransfers,
		after, ident.First(ceilMillis(before)), int64(limit))
}

const selectDueHolds = `SELECT ` + holdColumns + ` FROM holds
	WHERE status = 'active' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2`

// DueHolds lists active holds whose time is over, the longest waiting first.
func (s *Store) DueHolds(ctx context.Context, shard int, now time.Time, limit int) ([]wallet.Hold, error) {
	return readAll(ctx, s.shards[shard], (*row).hold, selectDueHolds, now, int64(limit))
}

const (
	selectItems = `SELECT ` + batchItemColumns + ` FROM batch_items
		WHERE batch = $1 AND item >= $2 ORDER BY item LIMIT $3`
	selectOpenItems = `SELECT ` + batchItemColumns + ` FROM batch_items
		WHERE batch = $1 AND item >= $2 AND outcome = '' ORDER BY item LIMIT $3`
	selectDueBatches = `SELECT ` + batchColumns + ` FROM batches WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2`
)

// BatchItems lists a batch's items, in their order.
func (s *Store) BatchItems(ctx context.Context, id ident.ID, q store.BatchItemQuery) ([]payment.BatchItem, error) {
	sql := selectItems
	if q.Open {
		sql = selectOpenItems
	}
	return readAll(ctx, s.of(id), (*row).batchItem, sql, id, int64(q.From), int64(q.Limit))
}

// DueBatches lists the batches that are to be worked on, the longest waiting
// first.
func (s *Store) DueBatches(ctx context.Context, shard int, now time.Time, limit int) ([]payment.Batch, error) {
	return readAll(ctx, s.shards[shard], (*row).batch, selectDueBatches, now, int64(limit))
}
