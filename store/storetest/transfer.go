package storetest

import (
	"slices"
	"time"

	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/store"
	wallets "florin/wallet"
)

var transferCases = map[string]func(*fixture){
	"roundtrip": transferRoundtrip,
	"received":  transferReceived,
	"lists":     transferLists,
	"many":      transferMany,
	"pending":   transferPending,
	"snapshot":  transferSnapshot,
	"refused":   transferRefused,
}

func (f *fixture) transfer(from, to int64) wallets.Transfer {
	return wallets.Transfer{
		ID: f.ids.New(from), FromUserID: from, ToUserID: to, Amount: money.Amount{Minor: 1250, Currency: "EUR"},
		Status: wallets.TransferPending, Version: 1,
	}
}

func transferRoundtrip(f *fixture) {
	plain, full := f.transfer(f.user(0, 1), f.user(0, 2)), f.transfer(f.user(0, 1), f.user(1, 2))
	full.Details = wallets.TransferDetails{Description: "Lunch\"", Metadata: map[string]string{"order": "7", "é": ""}}
	full.Amount = money.Amount{Minor: 1<<62 + 1, Currency: "JPY"}
	_, err := f.store.Transfer(f.ctx, full.ID)
	f.want(err, store.ErrNotFound)
	f.commit(0, store.Changes{Transfers: fresh(plain, full)})
	open, err := f.store.OpenCount(f.ctx, 0)
	f.check(err)
	same(f, open, 2)
	ended := full
	ended.Status, ended.Reason, ended.Version = wallets.TransferFailed, problem.WalletFull, 2
	f.commit(0, store.Changes{Transfers: update(ended)})
	open, err = f.store.OpenCount(f.ctx, 0)
	f.check(err)
	same(f, open, 1)
	for _, want := range []wallets.Transfer{plain, ended} {
		got, err := f.store.Transfer(f.ctx, want.ID)
		f.check(err)
		same(f, got, want)
	}
	state := f.load(0, store.Keys{Transfers: []ident.ID{ended.ID, f.ids.New(1)}})
	same(f, state.Transfers, map[ident.ID]wallets.Transfer{ended.ID: ended})
	same(f, state.Received, map[ident.ID]wallets.Transfer{})
}

// transferReceived: the receiver's shard keeps a row of its own, once for ever.
func transferReceived(f *fixture) {
	f.twoShards()
	sent := f.transfer(f.user(0, 1), f.user(1, 1))
	received := sent
	received.Status = wallets.TransferSucceeded
	f.commit(0, store.Changes{Transfers: fresh(sent)})
	_, err := f.store.ReceivedTransfer(f.ctx, 1, sent.ID)
	f.want(err, store.ErrNotFound)
	f.commit(1, store.Changes{Received: []wallets.Transfer{received}})
	got, err := f.store.ReceivedTransfer(f.ctx, 1, sent.ID)
	f.check(err)
	same(f, got, received)
	got, err = f.store.Transfer(f.ctx, sent.ID)
	f.check(err)
	same(f, got, sent)
	state := f.load(1, store.Keys{Received: []ident.ID{sent.ID}})
	same(f, state.Received, map[ident.ID]wallets.Transfer{sent.ID: received})

	received.Status = wallets.TransferFailed
	f.want(f.try(1, store.Changes{Received: []wallets.Transfer{received}}), store.ErrRefused)
	state = f.load(1, store.Keys{Received: []ident.ID{sent.ID}})
	same(f, state.Received[sent.ID].Status, wallets.TransferSucceeded)
}

func transferRefused(f *fixture) {
	f.twoShards()
	sent := f.transfer(f.user(0, 1), f.user(1, 1))
	f.want(f.try(1, store.Changes{Transfers: fresh(sent)}), store.ErrRefused)
	f.want(f.try(0, store.Changes{Received: []wallets.Transfer{sent}}), store.ErrRefused)
	f.want(f.try(0, store.Changes{Transfers: update(sent)}), store.ErrRefused)
	f.commit(0, store.Changes{Transfers: fresh(sent)})
	f.want(f.try(0, store.Changes{Transfers: fresh(sent)}), store.ErrRefused)
	f.works(0)
}

func transferLists(f *fixture) {
	f.twoShards()
	a, b, other := f.user(0, 1), f.user(0, 2), f.user(1, 1)
	var all []wallets.Transfer // newest first, as user a sees them
	var received []wallets.Transfer
	for i, parties := range [][2]int64{{a, b}, {other, a}, {b, a}, {a, other}, {b, other}, {other, b}, {other, a}} {
		t := f.transfer(parties[0], parties[1])
		t.Status = []wallets.TransferStatus{wallets.TransferSucceeded, wallets.TransferFailed}[i%2]
		if parties[0] == other {
			received = append(received, t)
			f.commit(1, store.Changes{Transfers: fresh(t)})
		} else {
			f.commit(0, store.Changes{Transfers: fresh(t)})
		}
		all = append([]wallets.Transfer{t}, all...)
	}
	f.commit(0, store.Changes{Received: received}) // later than what was sent after it
	of := func(users ...int64) func(wallets.Transfer) bool {
		return func(t wallets.Transfer) bool {
			return slices.Contains(users, t.FromUserID) || slices.Contains(users, t.ToUserID)
		}
	}
	for _, c := range []struct {
		q    store.TransferQuery
		keep func(wallets.Transfer) bool
	}{
		{store.TransferQuery{UserID: a}, of(a)},
		{store.TransferQuery{UserID: b}, of(b)},
		{store.TransferQuery{UserID: f.user(0, 9)}, of()},
		{store.TransferQuery{}, func(t wallets.Transfer) bool { return t.FromUserID != other }},
		{
			store.TransferQuery{UserID: a, Status: wallets.TransferFailed},
			func(t wallets.Transfer) bool { return of(a)(t) && t.Status == wallets.TransferFailed },
		},
		{
			store.TransferQuery{UserID: a, Page: store.Page{After: all[3].ID}},
			func(t wallets.Transfer) bool { return of(a)(t) && t.ID.Compare(all[3].ID) < 0 },
		},
		{
			store.TransferQuery{UserID: a, Page: store.Page{Before: all[4].ID}},
			func(t wallets.Transfer) bool { return of(a)(t) && t.ID.Compare(all[4].ID) > 0 },
		},
	} {
		c.q.Limit = 100
		got, err := f.store.Transfers(f.ctx, 0, c.q)
		f.check(err)
		f.Logf("%+v", c.q)
		same(f, got, slices.DeleteFunc(slices.Clone(all), func(t wallets.Transfer) bool { return !c.keep(t) }))
	}
	got, err := f.store.Transfers(f.ctx, 0, store.TransferQuery{UserID: a, Page: store.Page{Limit: 1, Before: all[6].ID}})
	f.check(err)
	same(f, got, all[5:6])
}

// transferMany: a user's transfers are found in order among thousands, whatever
// the order in which they were committed.
func transferMany(f *fixture) {
	const groups, size = 20, 300
	mine := f.user(0, 3)
	var ids []ident.ID
	var late []wallets.Transfer
	for group := range groups {
		var rows []wallets.Transfer
		for i := range size {
			t := f.transfer(f.user(0, 10+i), f.user(0, 11+i))
			if i%50 == 7 {
				t.FromUserID = mine
				ids = append(ids, t.ID)
			}
			if i%50 == 7 && group%5 == 1 {
				late = append(late, t)
				continue
			}
			rows = append(rows, t)
		}
		slices.Reverse(rows[:20])
		f.commit(0, store.Changes{Transfers: fresh(rows...)})
	}
	f.commit(0, store.Changes{Transfers: fresh(late...)})
	slices.Reverse(ids)
	var got []ident.ID
	page := store.Page{Limit: 7}
	for {
		rows, err := f.store.Transfers(f.ctx, 0, store.TransferQuery{UserID: mine, Page: page})
		f.check(err)
		if len(rows) == 0 {
			break
		}
		for _, t := range rows {
			got = append(got, t.ID)
		}
		page.After = got[len(got)-1]
	}
	same(f, got, ids)
}

func transferPending(f *fixture) {
	var rows []wallets.Transfer
	for i := range 5 {
		f.ids.Advance(f.now.Add(time.Duration(i)*time.Second).UnixMilli() << 12)
		rows = append(rows, f.transfer(f.user(0, 1), f.user(1, i)))
	}
	rows[1].Status = wallets.TransferSucceeded
	f.commit(0, store.Changes{Transfers: fresh(rows...)})
	expect := func(after ident.ID, seconds, limit int, want ...wallets.Transfer) {
		f.Helper()
		got, err := f.store.PendingTransfers(f.ctx, 0, after, f.now.Add(time.Duration(seconds)*time.Second), limit)
		f.check(err)
		same(f, got, want)
	}
	expect(ident.ID{}, 100, 10, rows[0], rows[2], rows[3], rows[4])
	expect(ident.ID{}, 100, 2, rows[0], rows[2])
	expect(rows[2].ID, 100, 10, rows[3], rows[4])
	expect(rows[0].ID, 3, 10, rows[2])
	rows[2].Status, rows[2].Version = wallets.TransferSucceeded, 2
	f.commit(0, store.Changes{Transfers: update(rows[2])})
	expect(ident.ID{}, 100, 2, rows[0], rows[3])
}

func transferSnapshot(f *fixture) {
	f.twoShards()
	sent, received := f.transfer(f.user(0, 1), f.user(1, 1)), f.transfer(f.user(1, 1), f.user(0, 1))
	received.Status = wallets.TransferSucceeded
	f.commit(0, store.Changes{Transfers: fresh(sent), Received: []wallets.Transfer{received}})
	view := f.snapshot(0)
	f.commit(0, store.Changes{Transfers: fresh(f.transfer(f.user(0, 1), f.user(1, 1)))})
	var got, other []wallets.Transfer
	f.check(view.Transfers(f.ctx, func(t wallets.Transfer) error { got = append(got, t); return nil }))
	f.check(view.Received(f.ctx, func(t wallets.Transfer) error { other = append(other, t); return nil }))
	same(f, got, []wallets.Transfer{sent})
	same(f, other, []wallets.Transfer{received})
}
