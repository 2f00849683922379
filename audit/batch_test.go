package audit_test

import (
	"slices"

	"florin/payment"
)

// The first batch of shard 1 has the outcomes failed, succeeded, succeeded.
var itemSpoilings = []spoiling{
	{"a batch of which an item was lost", func(w *world) {
		w.shards[1].batchItems = slices.Delete(w.shards[1].batchItems, 1, 2)
	}, "consistent"},
	{"a batch of which the last item was lost", func(w *world) {
		w.shards[1].batchItems = slices.Delete(w.shards[1].batchItems, 2, 3)
	}, "consistent"},
	{"a batch that lost all its items", func(w *world) {
		w.shards[1].batchItems = w.shards[1].batchItems[3:]
	}, "consistent"},
	{"the last batch that lost all its items", func(w *world) {
		w.shards[1].batchItems = w.shards[1].batchItems[:3]
	}, "consistent"},
	{"an item that is there twice", func(w *world) {
		r := &w.shards[1]
		r.batchItems = slices.Insert(r.batchItems, 1, r.batchItems[0])
	}, "consistent"},
	{"an item more than there are", func(w *world) {
		r := &w.shards[1]
		more := r.batchItems[2]
		more.Index++
		r.batchItems = slices.Insert(r.batchItems, 3, more)
	}, "consistent"},
	{"items of no batch", func(w *world) { w.shards[1].batches = w.shards[1].batches[1:] }, "told consistent"},
	{"an item of another user", func(w *world) { w.shards[1].batchItems[0].UserID += shards }, "consistent"},
	{"an item that failed and is told as succeeded", func(w *world) {
		w.shards[1].batchItems[0].Outcome = payment.ItemSucceeded
	}, "consistent"},
	{"an outcome that is none", func(w *world) { w.shards[1].batchItems[0].Outcome = "gone" }, "consistent"},
	{"an item that is open again", func(w *world) {
		i := &w.shards[1].batchItems[1]
		i.Outcome, i.Request, i.Result = payment.ItemOpen, []byte("{}"), nil
	}, "consistent"},
	{"an open item without its request", func(w *world) { w.shards[2].batchItems[1].Request = nil }, "consistent"},
	{"an answered item with its request", func(w *world) {
		w.shards[1].batchItems[0].Request = []byte("{}")
	}, "consistent"},
	{"bits of other items", func(w *world) { w.shards[2].batches[0].Done = []byte{6} }, "consistent"},
	{"a batch in no status", func(w *world) { w.shards[1].batches[0].Status = "gone" }, "consistent"},
}
