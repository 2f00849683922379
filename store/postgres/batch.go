package postgres

import (
	"context"

	"florin/ident"
	"florin/payment"
)

const (
	// batchColumns are what (*row).batch reads.
	batchColumns = `id, user_id, status, total, succeeded, declined, failed, done, version, completed_at, due_at, tries`
	// batchItemColumns are what (*row).batchItem reads.
	batchItemColumns = `batch, item, user_id, outcome, request, result`
)

const batchState = `status text, total int4, succeeded int4, declined int4, failed int4, done bytea, version int8,
	completed_at timestamptz, due_at timestamptz, tries int4`

var (
	batches = table[payment.Batch]{
		insert: defineInsert("batches", "id uuid, user_id int8, "+batchState),
		update: defineUpdate("batches", 1, "id uuid, "+batchState),
		bind: func(c *columns, b *payment.Batch) {
			c.id(b.ID)
			c.int(b.UserID)
			c.batchState(b)
		},
		rebind: func(c *columns, b *payment.Batch) {
			c.id(b.ID)
			c.batchState(b)
		},
	}
	batchItems = table[payment.BatchItem]{
		insert: defineInsert("batch_items",
			"batch uuid, item int4, user_id int8, outcome text, request bytea, result bytea"),
		update: defineUpdate("batch_items", 2, "batch uuid, item int4, outcome text, request bytea, result bytea"),
		bind: func(c *columns, i *payment.BatchItem) {
			c.id(i.Batch)
			c.small(i.Index)
			c.int(i.UserID)
			c.batchItemState(i)
		},
		rebind: func(c *columns, i *payment.BatchItem) {
			c.id(i.Batch)
			c.small(i.Index)
			c.batchItemState(i)
		},
	}
)

func (c *columns) batchState(b *payment.Batch) {
	c.text(string(b.Status))
	c.small(b.Total)
	c.small(b.Succeeded)
	c.small(b.Declined)
	c.small(b.Failed)
	c.bytes(b.Done)
	c.int(b.Version)
	c.time(b.CompletedAt)
	c.time(b.DueAt)
	c.small(b.Tries)
}

func (c *columns) batchItemState(i *payment.BatchItem) {
	c.text(string(i.Outcome))
	c.bytesOrNull(i.Request)
	c.bytesOrNull(i.Result)
}

// batch reads a row of batchColumns.
func (r *row) batch() (b payment.Batch) {
	b.ID, b.UserID, b.Status = r.id(), r.int(), payment.BatchStatus(r.text())
	b.Total, b.Succeeded, b.Declined, b.Failed = r.small(), r.small(), r.small(), r.small()
	b.Done, b.Version = r.bytes(), r.int()
	b.CompletedAt, b.DueAt, b.Tries = r.time(), r.time(), r.small()
	return b
}

// batchItem reads a row of batchItemColumns.
func (r *row) batchItem() (i payment.BatchItem) {
	i.Batch, i.Index, i.UserID = r.id(), r.small(), r.int()
	i.Outcome = payment.BatchOutcome(r.text())
	i.Request, i.Result = r.bytes(), r.bytes()
	return i
}

const selectBatch = `SELECT ` + batchColumns + ` FROM batches WHERE id = $1`

// Batch returns a batch without its items, or ErrNotFound.
func (s *Store) Batch(ctx context.Context, id ident.ID) (payment.Batch, error) {
	return readOne(ctx, s.of(id), (*row).batch, selectBatch, id)
}
