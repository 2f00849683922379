package api_test

import (
	"context"

	"florin/flow"
	"florin/ident"
	"florin/payment"
)

// fakeBatch is a batch with what became of its items.
type fakeBatch struct {
	batch   payment.Batch
	results []flow.ItemResult
}

func (f *fakeFlows) AcceptBatch(_ context.Context, r flow.AcceptBatch) (payment.Batch, bool, error) {
	if err := f.ask(r); err != nil {
		return payment.Batch{}, false, err
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(1))
	if err != nil || replayed {
		b, _ := find(f, f.batches, id)
		return b.batch, replayed, err
	}
	b := fakeBatch{batch: payment.Batch{ID: id, UserID: 1, Status: payment.BatchProcessing, Total: len(r.Items)}}
	for i, item := range r.Items {
		b.results = append(b.results, flow.ItemResult{Index: i})
		if item.Problem != nil {
			b.results[i] = flow.ItemResult{Index: i, Outcome: payment.ItemFailed, Problem: item.Problem}
			b.batch.Failed++
		}
	}
	keep(f, f.batches, id, b)
	return b.batch, false, nil
}

func (f *fakeFlows) Batch(_ context.Context, id ident.ID) (payment.Batch, error) {
	b, err := find(f, f.batches, id)
	return b.batch, err
}

func (f *fakeFlows) BatchResults(_ context.Context, id ident.ID, from, limit int) ([]flow.ItemResult, error) {
	b, err := find(f, f.batches, id)
	rest := b.results[min(from, len(b.results)):]
	return rest[:min(limit, len(rest))], err
}
