package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

func keepBatch(b payment.Batch) payment.Batch {
	b.Done, b.CompletedAt, b.DueAt = slices.Clone(b.Done), keepTime(b.CompletedAt), keepTime(b.DueAt)
	return b
}

func keepItem(i payment.BatchItem) payment.BatchItem {
	i.Request, i.Result = slices.Clone(i.Request), slices.Clone(i.Result)
	return i
}

// itemKey names an item of a batch.
type itemKey struct {
	batch ident.ID
	index int
}

// checkItems returns ErrRefused when the shard cannot take the changes.
func (sh *shard) checkItems(changes []store.Change[payment.BatchItem]) error {
	made := map[itemKey]bool{}
	for _, c := range changes {
		key := itemKey{c.Value.Batch, c.Value.Index}
		_, there := sh.batchItems[key]
		switch {
		case c.New && (there || made[key]):
			return fmt.Errorf("%w: a new item is there already", store.ErrRefused)
		case !c.New && !there:
			return fmt.Errorf("%w: there is no item to update", store.ErrRefused)
		}
		if err := sh.owns(c.Value.UserID); err != nil {
			return err
		}
		made[key] = c.New
	}
	return nil
}

// Batch returns a batch, or ErrNotFound.
func (s *Store) Batch(ctx context.Context, id ident.ID) (payment.Batch, error) {
	return one(ctx, s, id, func(sh *shard) *table[payment.Batch] { return &sh.batches })
}

// BatchItems lists a batch's items, in their order.
func (s *Store) BatchItems(
	ctx context.Context, id ident.ID, q store.BatchItemQuery,
) (items []payment.BatchItem, err error) {
	err = s.of(ctx, id, func(sh *shard) error {
		for key, item := range sh.batchItems {
			if key.batch == id && key.index >= q.From && (!q.Open || item.Outcome == payment.ItemOpen) {
				items = append(items, keepItem(item))
			}
		}
		return nil
	})
	slices.SortFunc(items, func(a, b payment.BatchItem) int { return a.Index - b.Index })
	return items[:min(len(items), q.Limit)], err
}

// DueBatches lists the batches that are to be worked on, the longest waiting
// first.
func (s *Store) DueBatches(
	ctx context.Context, number int, now time.Time, limit int,
) (due []payment.Batch, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		due = sh.batches.sorted(func(b *payment.Batch) bool {
			return !b.DueAt.IsZero() && b.DueAt.UnixMilli() <= now.UnixMilli()
		})
		return nil
	})
	slices.SortStableFunc(due, func(a, b payment.Batch) int { return a.DueAt.Compare(b.DueAt) })
	return due[:min(len(due), limit)], err
}

// allItems returns the items of all batches, by batch and index.
func (sh *shard) allItems() []payment.BatchItem {
	items := make([]payment.BatchItem, 0, len(sh.batchItems))
	for _, item := range sh.batchItems {
		items = append(items, keepItem(item))
	}
	slices.SortFunc(items, func(a, b payment.BatchItem) int {
		return cmp.Or(a.Batch.Compare(b.Batch), cmp.Compare(a.Index, b.Index))
	})
	return items
}

// Batches visits every batch.
func (v *snapshot) Batches(ctx context.Context, visit func(payment.Batch) error) error {
	return visitAll(ctx, v.batches, visit)
}

// BatchItems visits every item of every batch.
func (v *snapshot) BatchItems(ctx context.Context, visit func(payment.BatchItem) error) error {
	return visitAll(ctx, v.batchItems, visit)
}
