package storetest

import (
	"errors"
	"slices"
	"time"

	"florin/event"
	"florin/ident"
	"florin/payment"
	"florin/store"
)

var batchCases = map[string]func(*fixture){
	"roundtrip": batchRoundtrip,
	"due":       batchDue,
	"refused":   batchRefused,
	"snapshot":  batchSnapshot,
	"items":     batchItemsSnapshot,
}

// batch returns a batch of n items, of which the last is answered already.
func (f *fixture) batch(userID int64, n int) (payment.Batch, []payment.BatchItem) {
	f.Helper()
	items := make([]payment.BatchItem, n)
	for i := range items {
		items[i].Request = []byte(`{"amount":1250}`)
	}
	items[n-1] = payment.BatchItem{Outcome: payment.ItemFailed, Result: []byte(`{"code":"not_found"}`)}
	changes, err := payment.DecideAccept(f.ids.New(userID), userID, items, f.now)
	f.check(err)
	for i := range items {
		items[i] = changes.Items[i].Value
	}
	return changes.Batch, items
}

func batchRoundtrip(f *fixture) {
	userID := f.user(0, 1)
	b, items := f.batch(userID, 40)
	other, others := f.batch(userID, 3)
	f.commit(0, store.Changes{
		Batches: fresh(b, other), BatchItems: append(fresh(items...), fresh(others...)...),
		Events: []event.Event{f.event(userID, b.ID, 1)},
	})
	got, err := f.store.Batch(f.ctx, b.ID)
	f.check(err)
	same(f, got, b)
	for _, c := range []struct {
		q    store.BatchItemQuery
		want []payment.BatchItem
	}{
		{store.BatchItemQuery{Limit: 100}, items},
		{store.BatchItemQuery{Limit: 3}, items[:3]},
		{store.BatchItemQuery{Limit: 3, From: 38}, items[38:]},
		{store.BatchItemQuery{Limit: 3, From: 40}, nil},
		{store.BatchItemQuery{Limit: 100, Open: true}, items[:39]},
		{store.BatchItemQuery{Limit: 2, From: 37, Open: true}, items[37:39]},
	} {
		read, err := f.store.BatchItems(f.ctx, b.ID, c.q)
		f.check(err)
		f.Logf("%+v", c.q)
		same(f, read, c.want)
	}
	work, err := payment.DecideWork(b, payment.Work{
		At: f.now, DueAt: f.now.Add(time.Second),
		Answers: []payment.BatchItem{{Index: 5, Outcome: payment.ItemSucceeded, Result: []byte(`{"payment":"pay_1"}`)}},
	})
	f.check(err)
	f.commit(0, store.Changes{Batches: update(work.Batch), BatchItems: work.Items})
	same(f, f.load(0, store.Keys{Batches: []ident.ID{b.ID, f.ids.New(userID)}}).Batches,
		map[ident.ID]payment.Batch{b.ID: work.Batch})
	items[5] = work.Items[0].Value
	read, err := f.store.BatchItems(f.ctx, b.ID, store.BatchItemQuery{Limit: 100})
	f.check(err)
	same(f, read, items)
	_, err = f.store.Batch(f.ctx, f.ids.New(userID))
	f.want(err, store.ErrNotFound)
}

func batchDue(f *fixture) {
	userID := f.user(0, 1)
	late, lateItems := f.batch(userID, 1)
	early, earlyItems := f.batch(userID, 1)
	done, doneItems := f.batch(userID, 1)
	later, laterItems := f.batch(userID, 1)
	late.DueAt, early.DueAt = f.now, f.now.Add(-time.Second)
	later.DueAt, done.DueAt = f.now.Add(time.Millisecond), time.Time{}
	f.commit(0, store.Changes{
		Batches:    fresh(late, early, done, later),
		BatchItems: fresh(lateItems[0], earlyItems[0], doneItems[0], laterItems[0]),
	})
	due, err := f.store.DueBatches(f.ctx, 0, f.now, 10)
	f.check(err)
	same(f, due, []payment.Batch{early, late})
	due, err = f.store.DueBatches(f.ctx, 0, f.now, 1)
	f.check(err)
	same(f, due, []payment.Batch{early})
}

func batchRefused(f *fixture) {
	b, items := f.batch(f.user(0, 1), 2)
	f.want(f.try(0, store.Changes{Batches: update(b)}), store.ErrRefused)
	f.want(f.try(0, store.Changes{BatchItems: update(items...)}), store.ErrRefused)
	f.commit(0, store.Changes{Batches: fresh(b), BatchItems: fresh(items...)})
	f.want(f.try(0, store.Changes{Batches: fresh(b)}), store.ErrRefused)
	f.want(f.try(0, store.Changes{BatchItems: fresh(items[1])}), store.ErrRefused)
	if f.store.Shards() > 1 {
		foreign, _ := f.batch(f.user(1, 1), 1)
		f.want(f.try(0, store.Changes{Batches: fresh(foreign)}), store.ErrRefused)
	}
	f.works(0)
}

func batchSnapshot(f *fixture) {
	first, items := f.batch(f.user(0, 1), 2)
	second, more := f.batch(f.user(0, 2), 2)
	f.commit(0, store.Changes{Batches: fresh(first, second), BatchItems: append(fresh(items...), fresh(more...)...)})
	var seen []payment.Batch
	f.check(f.snapshot(0).Batches(f.ctx, func(b payment.Batch) error {
		seen = append(seen, b)
		return nil
	}))
	same(f, seen, []payment.Batch{first, second})
}

// batchItemsSnapshot: the items come batch by batch, in their order, answered or
// not; those of a batch that is not there, too.
func batchItemsSnapshot(f *fixture) {
	first, items := f.batch(f.user(0, 1), 12)
	_, orphans := f.batch(f.user(0, 3), 2)
	second, more := f.batch(f.user(0, 2), 3)
	f.commit(0, store.Changes{
		Batches: fresh(second, first), BatchItems: append(fresh(orphans...), append(fresh(more...), fresh(items...)...)...),
	})
	snapshot := f.snapshot(0)
	work, err := payment.DecideWork(first, payment.Work{
		At: f.now, DueAt: f.now,
		Answers: []payment.BatchItem{{Index: 5, Outcome: payment.ItemSucceeded, Result: []byte(`{"payment":"pay_1"}`)}},
	})
	f.check(err)
	f.commit(0, store.Changes{Batches: update(work.Batch), BatchItems: work.Items})
	want := slices.Concat(items, orphans, more)
	for _, s := range []store.Snapshot{snapshot, f.snapshot(0)} {
		var seen []payment.BatchItem
		f.check(s.BatchItems(f.ctx, appendTo(&seen)))
		same(f, seen, want)
		want = slices.Clone(want)
		want[5] = work.Items[0].Value
	}
	enough := errors.New("enough")
	f.want(snapshot.BatchItems(f.ctx, func(payment.BatchItem) error { return enough }), enough)
}
