package commit

import (
	"slices"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

// Batch returns a batch without its items, as Payment does a payment.
func (v *View) Batch(id ident.ID) (payment.Batch, error) {
	if b, ok := v.state.Batches[id]; ok {
		return b, nil
	}
	if slices.Contains(v.asked.Batches, id) {
		return payment.Batch{}, notFound(ident.Batch, id)
	}
	return payment.Batch{}, &NeedKeys{store.Keys{Batches: []ident.ID{id}}}
}

// applyBatch takes a decision about a batch into the view.
func (v *View) applyBatch(c *payment.BatchChanges) {
	if c.Changed {
		v.state.Batches[c.Batch.ID] = c.Batch
		putChange(&v.changes.Batches, v.dirty.batches, c.Batch.ID,
			store.Change[payment.Batch]{Value: c.Batch, New: c.New})
		v.changes.BatchItems = append(v.changes.BatchItems, c.Items...)
		v.emit(c.Events)
	}
}
