package sqlite

import (
	"context"
	"fmt"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

const (
	batchColumns = `id, id_low, user_id, status, total, succeeded, declined, failed, done, version, completed_at,
		due_at, tries`
	batchItemColumns = `batch, batch_low, user_id, item, outcome, request, result`
)

var (
	batches = table[payment.Batch]{defineInsert("batches", batchColumns), (*tx).bindBatch, (*conn).updateBatch}

	updateBatch = define(`UPDATE batches SET status = ?, total = ?, succeeded = ?, declined = ?, failed = ?, done = ?,
		version = ?, completed_at = ?, due_at = ?, tries = ? WHERE id = ? AND id_low = ?`)
	selectBatch = define(`SELECT ` + batchColumns + ` FROM batches WHERE id = ? AND id_low = ?`)
	dueBatches  = define(`SELECT ` + batchColumns + ` FROM batches WHERE due_at <= ? ORDER BY due_at LIMIT ?`)
	allBatches  = define(`SELECT ` + batchColumns + ` FROM batches ORDER BY id`)

	batchItems = table[payment.BatchItem]{
		defineInsert("batch_items", batchItemColumns), (*tx).bindBatchItem, (*conn).updateBatchItem,
	}
	updateBatchItem = define(`UPDATE batch_items SET outcome = ?, request = ?, result = ? WHERE batch = ? AND item = ?`)
	selectItems     = define(`SELECT ` + batchItemColumns + ` FROM batch_items
		WHERE batch = ? AND item > ? ORDER BY item LIMIT ?`)
	allItems        = define(`SELECT ` + batchItemColumns + ` FROM batch_items ORDER BY batch, item`)
	selectOpenItems = define(`SELECT ` + batchItemColumns + ` FROM batch_items
		WHERE batch = ? AND item > ? AND outcome = '' ORDER BY item LIMIT ?`)
)

func (t *tx) bindBatch(s *stmt, b *payment.Batch) error {
	s.bindID(b.ID)
	s.bindInt(b.UserID)
	s.bindBatchState(b)
	return nil
}

func (c *conn) updateBatch(b *payment.Batch) error {
	s, err := c.query(updateBatch)
	if err != nil {
		return err
	}
	s.bindBatchState(b)
	s.bindID(b.ID)
	return s.runOne()
}

// bindBatchState binds the columns from status on.
func (s *stmt) bindBatchState(b *payment.Batch) {
	s.bindText(string(b.Status))
	s.bindInt(int64(b.Total))
	s.bindInt(int64(b.Succeeded))
	s.bindInt(int64(b.Declined))
	s.bindInt(int64(b.Failed))
	s.bindBlob(b.Done)
	s.bindInt(b.Version)
	s.bindInt(millis(b.CompletedAt))
	s.bindIntOrNull(millis(b.DueAt))
	s.bindInt(int64(b.Tries))
}

// batch reads a row of batchColumns.
func (s *stmt) batch() (b payment.Batch, err error) {
	b.ID, b.UserID, b.Status = s.id(), s.int(), payment.BatchStatus(s.text())
	b.Total, b.Succeeded, b.Declined, b.Failed = int(s.int()), int(s.int()), int(s.int()), int(s.int())
	b.Done, b.Version = s.bytes(), s.int()
	b.CompletedAt, b.DueAt, b.Tries = s.time(), s.time(), int(s.int())
	return b, nil
}

func (c *conn) batch(id ident.ID) (payment.Batch, error) {
	return one(c, selectBatch, id, (*stmt).batch)
}

func (t *tx) bindBatchItem(s *stmt, i *payment.BatchItem) error {
	s.bindID(i.Batch)
	s.bindInt(i.UserID)
	s.bindInt(int64(i.Index))
	s.bindBatchItemState(i)
	return nil
}

func (c *conn) updateBatchItem(i *payment.BatchItem) error {
	s, err := c.query(updateBatchItem)
	if err != nil {
		return err
	}
	s.bindBatchItemState(i)
	s.bindInt(i.Batch.High())
	s.bindInt(int64(i.Index))
	return s.runOne()
}

// bindBatchItemState binds the columns from outcome on.
func (s *stmt) bindBatchItemState(i *payment.BatchItem) {
	s.bindText(string(i.Outcome))
	s.bindTextOrNull(string(i.Request))
	s.bindTextOrNull(string(i.Result))
}

// batchItem reads a row of batchItemColumns.
func (s *stmt) batchItem() (i payment.BatchItem, err error) {
	i.Batch, i.UserID, i.Index = s.id(), s.int(), int(s.int())
	i.Outcome = payment.BatchOutcome(s.text())
	i.Request, i.Result = s.bytes(), s.bytes()
	return i, nil
}

// Batch returns a batch, or ErrNotFound.
func (s *Store) Batch(ctx context.Context, id ident.ID) (b payment.Batch, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		b, err = c.batch(id)
		return err
	})
	return b, err
}

// BatchItems lists a batch's items, in their order.
func (s *Store) BatchItems(
	ctx context.Context, id ident.ID, q store.BatchItemQuery,
) (items []payment.BatchItem, err error) {
	statement := selectItems
	if q.Open {
		statement = selectOpenItems
	}
	err = s.of(id).read(ctx, func(c *conn) error {
		rows, err := c.query(statement)
		if err != nil {
			return err
		}
		rows.bindInt(id.High())
		rows.bindInt(int64(q.From) - 1)
		rows.bindInt(int64(q.Limit))
		items, err = collect(rows, nil, (*stmt).batchItem)
		return err
	})
	return items, err
}

// DueBatches lists the batches that are to be worked on, the longest waiting
// first.
func (s *Store) DueBatches(
	ctx context.Context, shard int, now time.Time, limit int,
) (due []payment.Batch, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		rows, err := c.query(dueBatches)
		if err != nil {
			return err
		}
		rows.bindInt(now.UnixMilli())
		rows.bindInt(int64(limit))
		due, err = collect(rows, nil, (*stmt).batch)
		return err
	})
	return due, err
}

// Batches visits every batch.
func (v *snapshot) Batches(ctx context.Context, visit func(payment.Batch) error) error {
	return visitAll(ctx, v.c, allBatches, (*stmt).batch, visit)
}

// BatchItems visits every item of every batch.
func (v *snapshot) BatchItems(ctx context.Context, visit func(payment.BatchItem) error) error {
	return visitAll(ctx, v.c, allItems, (*stmt).batchItem, visit)
}

func (t *tx) writeBatches(changes *store.Changes) error {
	if err := batches.write(t, changes.Batches); err != nil {
		return fmt.Errorf("batches: %w", err)
	}
	return batchItems.write(t, changes.BatchItems)
}
