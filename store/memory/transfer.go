package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"florin/ident"
	"florin/store"
	"florin/wallet"
)

func keepTransfer(t wallet.Transfer) wallet.Transfer {
	t.Details.Metadata = maps.Clone(t.Details.Metadata)
	if len(t.Details.Metadata) == 0 {
		t.Details.Metadata = nil
	}
	return t
}

// loadRows reads the rows of ids, leaving out what does not exist.
func loadRows[T any](t *table[T], ids []ident.ID, into map[ident.ID]T) {
	for _, id := range ids {
		if value, ok := t.get(id); ok {
			into[id] = value
		}
	}
}

// made makes changes of rows that are always new.
func made[T any](rows []T) []store.Change[T] {
	changes := make([]store.Change[T], len(rows))
	for i, value := range rows {
		changes[i] = store.Change[T]{Value: value, New: true}
	}
	return changes
}

// Transfer returns a transfer, from the sender's shard, or ErrNotFound.
func (s *Store) Transfer(ctx context.Context, id ident.ID) (wallet.Transfer, error) {
	return one(ctx, s, id, func(sh *shard) *table[wallet.Transfer] { return &sh.transfers })
}

// ReceivedTransfer returns what a shard decided about a transfer from another.
func (s *Store) ReceivedTransfer(ctx context.Context, number int, id ident.ID) (t wallet.Transfer, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		var ok bool
		if t, ok = sh.received.get(id); !ok {
			return missing("received transfer")
		}
		return nil
	})
	return t, err
}

// Transfers lists a shard's transfers, newest first.
func (s *Store) Transfers(
	ctx context.Context, number int, q store.TransferQuery,
) (transfers []wallet.Transfer, err error) {
	status := func(t *wallet.Transfer) bool { return q.Status == "" || t.Status == q.Status }
	sent := func(t *wallet.Transfer) bool {
		return status(t) && (q.UserID == 0 || t.FromUserID == q.UserID || t.ToUserID == q.UserID)
	}
	got := func(t *wallet.Transfer) bool { return status(t) && q.UserID != 0 && t.ToUserID == q.UserID }
	err = s.read(ctx, number, func(sh *shard) error {
		rows := slices.Concat(sh.transfers.sorted(sent), sh.received.sorted(got))
		slices.SortFunc(rows, func(a, b wallet.Transfer) int { return a.ID.Compare(b.ID) })
		transfers = page(rows, q.Page, func(t *wallet.Transfer) ident.ID { return t.ID })
		return nil
	})
	return transfers, err
}

// PendingTransfers lists the pending transfers that were made after one and
// before a moment, oldest first.
func (s *Store) PendingTransfers(
	ctx context.Context, number int, after ident.ID, before time.Time, limit int,
) (transfers []wallet.Transfer, err error) {
	want := func(t *wallet.Transfer) bool {
		return t.Status == wallet.TransferPending && t.ID.High() < firstHigh(before) &&
			(after.IsZero() || t.ID.Compare(after) > 0)
	}
	err = s.read(ctx, number, func(sh *shard) error {
		rows := sh.transfers.sorted(want)
		transfers = rows[:min(len(rows), limit)]
		return nil
	})
	return transfers, err
}

// Transfers visits every transfer of the shard's senders.
func (v *snapshot) Transfers(ctx context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(ctx, v.transfers, visit)
}

// Received visits every transfer from another shard.
func (v *snapshot) Received(ctx context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(ctx, v.received, visit)
}
