package audit_test

import (
	"slices"
	"testing"
	"time"

	"florin/audit"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/store"
)

// closeMonths takes the first transactions and events out of every shard, and
// leaves checkpoints. Of the last transaction that goes, one that comes before it
// stays.
func (w *world) closeMonths() {
	for i := range w.shards {
		r := &w.shards[i]
		before := time.UnixMilli(r.transactions[len(r.transactions)-1].ID.Millis() + 1).UTC()
		half := len(r.transactions) / 2
		gone := slices.Clone(r.transactions[:half])
		stays := gone[half-2]
		gone = slices.Delete(gone, half-2, half-1)
		r.transactions = append([]ledger.Transaction{stays}, r.transactions[half:]...)
		accounts := map[ledger.Key]*store.AccountCheckpoint{}
		for _, t := range gone {
			for _, e := range t.Entries {
				a := accounts[e.Account]
				if a == nil {
					a = &store.AccountCheckpoint{Account: ledger.Account{Key: e.Account}}
					accounts[e.Account] = a
				}
				if e.Seq > a.Seq+1 {
					a.Early = append(a.Early, e)
					continue
				}
				a.Seq = e.Seq
				plus(&a.Balance, e.Minor)
			}
		}
		for _, a := range accounts {
			r.checkpoints = append(r.checkpoints, store.Checkpoint{Before: before, Account: a})
		}
		half = len(r.events) / 2
		r.checkpoints = append(r.checkpoints, objectCheckpoints(before, r.events[:half])...)
		r.events = slices.Clone(r.events[half/2:]) // some that are counted are still there
	}
}

func objectCheckpoints(before time.Time, events []event.Stored) (list []store.Checkpoint) {
	objects := map[ident.ID]*store.ObjectCheckpoint{}
	for _, e := range events {
		o := objects[e.Object]
		if o == nil {
			o = &store.ObjectCheckpoint{ID: e.Object, Kind: e.Kind, UserID: e.UserID}
			objects[e.Object] = o
			list = append(list, store.Checkpoint{Before: before, Object: o})
		}
		o.Events++
	}
	return list
}

// object returns a shard's first checkpoint of an object, account its first of an
// account.
func (r *rows) object() *store.ObjectCheckpoint {
	i := slices.IndexFunc(r.checkpoints, func(c store.Checkpoint) bool { return c.Object != nil })
	return r.checkpoints[i].Object
}

func (r *rows) checked() *store.AccountCheckpoint {
	i := slices.IndexFunc(r.checkpoints, func(c store.Checkpoint) bool { return c.Account != nil })
	return r.checkpoints[i].Account
}

// TestClosedMonths audits a store of which months were closed.
func TestClosedMonths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.closeMonths()
	if r := w.audit(); !r.OK || r.Totals.Transactions >= 40 {
		t.Fatalf("a store with closed months has broken invariants: %+v", r)
	}
	for _, c := range []spoiling{
		{"a checkpoint's balance", func(w *world) { plus(&w.shards[1].checked().Balance, 1) }, "summed"},
		{"a checkpoint's seq", func(w *world) { w.shards[1].checked().Seq++ }, "balanced"},
		{"an early entry", func(w *world) { w.shards[1].checked().Early = nil }, "balanced"},
		{"no checkpoint of an account", func(w *world) { w.shards[1].checked().Name = "bank" }, "balanced"},
		{"events too many", func(w *world) { w.shards[1].object().Events += 9 }, "told"},
		{"another user's", func(w *world) { w.shards[1].object().UserID++ }, "told"},
		{"another object's", func(w *world) { w.shards[1].object().Kind = ident.Dispute }, "told"},
		{"a later event that is gone", func(w *world) {
			r := &w.shards[1]
			r.events = r.events[:len(r.events)-1]
		}, "told"},
		{"an event that is there twice", func(w *world) {
			r := &w.shards[1]
			r.events = append([]event.Stored{r.events[0]}, r.events...)
		}, "told"},
		{"a transaction too much", func(w *world) {
			r := &w.shards[1]
			r.transactions = append([]ledger.Transaction{r.transactions[1]}, r.transactions...)
		}, "booked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.closeMonths()
			c.spoil(w)
			report := w.audit()
			i := slices.IndexFunc(report.Invariants, func(i audit.Result) bool { return i.Name == c.want })
			if report.OK || report.Invariants[i].Broken == 0 {
				t.Errorf("%s is not broken: %+v", c.want, report)
			}
		})
	}
}
