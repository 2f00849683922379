package storetest

import (
	"context"
	"sync"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
)

var txCases = map[string]func(*fixture){
	"rollback leaves nothing": txRollback,
	"committed only is read":  txIsolation,
	"committed":               txCommitted,
	"after its end":           txAfterItsEnd,
	"canceled":                txCanceled,
	"shards at once":          txShardsAtOnce,
	"last high":               txLastHigh,
	"ping":                    txPing,
}

func txRollback(f *fixture) {
	userID := f.user(0, 1)
	tx := f.begin(0)
	claim := f.claim(userID, "a")
	_, err := tx.Claim(f.ctx, []store.Claim{claim})
	f.check(err)
	from, to := ledger.Account{Key: sales(0)}, ledger.Account{Key: wallet(userID)}
	_, err = tx.Load(f.ctx, store.Keys{Accounts: []ledger.Key{from.Key, to.Key}})
	f.check(err)
	changes := all(f.full(userID))
	changes.Methods = fresh(f.method(userID))
	var t ledger.Transaction
	t, changes.Accounts = f.transaction(userID, 5, from, to)
	changes.Transactions = []ledger.Transaction{t}
	changes.Events = []event.Event{f.event(userID, t.Object, 1)}
	changes.Group = f.ids.New(0)
	f.check(tx.Write(f.ctx, &changes))
	tx.Rollback()

	f.holdsNot(claim)
	same(f, f.accounts(0), nil)
	payments, err := f.store.Payments(f.ctx, 0, store.PaymentQuery{Page: store.Page{Limit: 10}})
	f.check(err)
	same(f, payments, nil)
	events, err := f.store.Events(f.ctx, 0, 0, 10)
	f.check(err)
	same(f, events, nil)
	committed, err := f.store.Committed(f.ctx, 0, changes.Group)
	f.check(err)
	same(f, committed, false)

	// The very same once more, for good.
	f.check(f.try(0, changes))
	same(f, len(f.accounts(0)), 2)
	got, err := f.store.Payment(f.ctx, changes.Payments[0].Value.ID)
	f.check(err)
	same(f, got, changes.Payments[0].Value)
}

func txIsolation(f *fixture) {
	p := f.full(f.user(0, 1))
	tx := f.begin(0)
	changes := all(p)
	changes.Group = f.ids.New(0)
	changes.Events = []event.Event{f.event(p.UserID, p.ID, 1)}
	f.check(tx.Write(f.ctx, &changes))
	_, err := f.store.Payment(f.ctx, p.ID)
	f.want(err, store.ErrNotFound)
	events, err := f.store.Events(f.ctx, 0, 0, 10)
	f.check(err)
	same(f, events, nil)
	committed, err := f.store.Committed(f.ctx, 0, changes.Group)
	f.check(err)
	same(f, committed, false)
	f.check(tx.Commit(f.ctx))
	_, err = f.store.Payment(f.ctx, p.ID)
	f.check(err)
}

func txCommitted(f *fixture) {
	for range 20 {
		group := f.ids.New(0)
		f.commit(0, store.Changes{Group: group})
		committed, err := f.store.Committed(f.ctx, 0, group)
		f.check(err)
		same(f, committed, true)
	}
	committed, err := f.store.Committed(f.ctx, 0, f.ids.New(0))
	f.check(err)
	same(f, committed, false)
}

func txAfterItsEnd(f *fixture) {
	tx := f.begin(0)
	f.check(tx.Commit(f.ctx))
	tx.Rollback() // does nothing
	other := f.begin(0)
	tx.Rollback() // nor to another's
	p := f.payment(f.user(0, 1))
	changes := all(p)
	changes.Group = f.ids.New(0)
	f.check(other.Write(f.ctx, &changes))
	f.check(other.Commit(f.ctx))
	_, err := f.store.Payment(f.ctx, p.ID)
	f.check(err)
	if tx.Commit(f.ctx) == nil {
		f.Error("a Tx was committed twice")
	}
}

func txCanceled(f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	if tx, err := f.store.Begin(ctx, 0); err == nil {
		_, err = tx.Load(ctx, store.Keys{Accounts: []ledger.Key{sales(0)}})
		tx.Rollback()
		f.want(err, store.ErrUnavailable)
	}
	f.works(0)
}

// txShardsAtOnce writes to all shards at once, and reads meanwhile.
func txShardsAtOnce(f *fixture) {
	const rounds = 30
	var running sync.WaitGroup
	errs := make([]error, f.store.Shards())
	for shard := range f.store.Shards() {
		userID := f.user(shard, 1)
		running.Go(func() {
			for range rounds {
				p := f.payment(userID)
				if errs[shard] = f.try(shard, all(p)); errs[shard] != nil {
					return
				}
				var got payment.Payment
				if got, errs[shard] = f.store.Payment(f.ctx, p.ID); errs[shard] != nil || got.ID != p.ID {
					return
				}
			}
		})
	}
	running.Wait()
	for shard, err := range errs {
		f.check(err)
		list, err := f.store.Payments(f.ctx, shard, store.PaymentQuery{Page: store.Page{Limit: 1000}})
		f.check(err)
		same(f, len(list), rounds)
	}
}

func txLastHigh(f *fixture) {
	high, err := f.store.LastHigh(f.ctx)
	f.check(err)
	same(f, high, 0)
	last := f.store.Shards() - 1
	expect := func(shard int, id ident.ID, changes store.Changes) {
		f.Helper()
		f.commit(shard, changes)
		got, err := f.store.LastHigh(f.ctx)
		f.check(err)
		if got < id.High() {
			f.Errorf("LastHigh is %d, but %d was written", got, id.High())
		}
	}
	userID := f.user(last, 1)
	group := f.ids.New(0)
	p := f.payment(userID)
	expect(last, p.ID, store.Changes{Group: group, Payments: fresh(p)})
	a := f.attempt(p)
	a.Reversal = &payment.Reversal{ID: f.ids.New(userID), Status: payment.OperationPending}
	expect(last, a.Reversal.ID, store.Changes{Group: group, Attempts: fresh(a)})
	e := f.event(userID, p.ID, 1)
	expect(last, e.ID, store.Changes{Group: group, Events: []event.Event{e}})
	t, accounts := f.transaction(userID, 5, ledger.Account{Key: sales(0)}, ledger.Account{Key: sales(1)})
	expect(last, t.Entries[1].ID,
		store.Changes{Group: group, Transactions: []ledger.Transaction{t}, Accounts: accounts})
	expect(0, t.Entries[1].ID, store.Changes{Group: group})
	later := f.ids.New(0)
	expect(0, later, store.Changes{Group: later})
}

func txPing(f *fixture) {
	for shard := range f.store.Shards() {
		f.check(f.store.Ping(f.ctx, shard))
	}
}
