package storetest

import (
	"math"

	"florin/ledger"
	"florin/money"
	"florin/store"
)

var ledgerCases = map[string]func(*fixture){
	"accounts are made":    accountsAreMade,
	"transactions":         transactions,
	"beyond 64 bits":       accountBeyond64Bits,
	"of another shard":     accountOfAnotherShard,
	"another's, in ledger": transactionOfAnotherShard,
}

func wallet(userID int64) ledger.Key { return ledger.Key{Name: ledger.Wallet(userID), Currency: "EUR"} }

func sales(slot int) ledger.Key { return ledger.Key{Name: ledger.Sales, Slot: slot, Currency: "EUR"} }

// accounts reads all accounts of a shard, by key, and checks their order.
func (f *fixture) accounts(shard int) map[ledger.Key]ledger.Account {
	f.Helper()
	snapshot := f.snapshot(shard)
	found := map[ledger.Key]ledger.Account{}
	var last ledger.Name
	f.check(snapshot.Accounts(f.ctx, func(a ledger.Account) error {
		if a.Name < last {
			f.Errorf("%s comes after %s", a.Name, last)
		}
		last = a.Name
		found[a.Key] = a
		return nil
	}))
	return found
}

func accountsAreMade(f *fixture) {
	user := wallet(f.user(0, 1))
	keys := store.Keys{Accounts: []ledger.Key{user, sales(0), sales(3)}}
	tx := f.begin(0)
	state, err := tx.Load(f.ctx, keys)
	f.check(err)
	want := map[ledger.Key]ledger.Account{}
	for _, key := range keys.Accounts {
		want[key] = ledger.Account{Key: key}
	}
	same(f, state.Accounts, want)
	tx.Rollback()
	same(f, f.accounts(0), nil)

	tx = f.begin(0)
	_, err = tx.Load(f.ctx, keys)
	f.check(err)
	f.check(tx.Write(f.ctx, &store.Changes{Group: f.ids.New(0)}))
	f.check(tx.Commit(f.ctx))
	same(f, f.accounts(0), want)
	same(f, f.load(0, keys).Accounts, want)
}

func transactions(f *fixture) {
	userID := f.user(0, 1)
	a, b := ledger.Account{Key: sales(0)}, ledger.Account{Key: wallet(userID)}
	var want []ledger.Transaction
	for i := range 5 {
		t, accounts := f.transaction(userID, int64(100+i), a, b)
		if i == 3 {
			t.Payment = [16]byte{}
		}
		a, b = accounts[0], accounts[1]
		f.commit(0, store.Changes{Transactions: []ledger.Transaction{t}, Accounts: accounts})
		want = append(want, t)
		same(f, f.load(0, store.Keys{Accounts: []ledger.Key{a.Key, b.Key}}).Accounts,
			map[ledger.Key]ledger.Account{a.Key: a, b.Key: b})
	}
	// Two in one Tx, whose entries were numbered after both.
	t, accounts := f.transaction(userID, 7, a, b)
	u, accounts := f.transaction(userID, 8, accounts[0], accounts[1])
	for i := range t.Entries {
		t.Entries[i].ID = f.ids.New(userID)
		u.Entries[i].ID = f.ids.New(userID)
	}
	f.commit(0, store.Changes{Transactions: []ledger.Transaction{t, u}, Accounts: accounts})
	want = append(want, t, u)

	snapshot := f.snapshot(0)
	var got []ledger.Transaction
	f.check(snapshot.Transactions(f.ctx, func(t ledger.Transaction) error { got = append(got, t); return nil }))
	same(f, got, want)
}

func accountBeyond64Bits(f *fixture) {
	userID := f.user(0, 1)
	a, b := ledger.Account{Key: sales(0)}, ledger.Account{Key: sales(1)}
	a.Balance, b.Balance = money.NewSum(math.MinInt64), money.NewSum(math.MaxInt64)
	t, accounts := f.transaction(userID, math.MaxInt64, a, b)
	f.commit(0, store.Changes{Transactions: []ledger.Transaction{t}, Accounts: accounts})
	want := map[ledger.Key]ledger.Account{a.Key: accounts[0], b.Key: accounts[1]}
	same(f, f.load(0, store.Keys{Accounts: []ledger.Key{a.Key, b.Key}}).Accounts, want)
	same(f, f.accounts(0), want)
	if _, fits := want[a.Key].Balance.Int64(); fits {
		f.Fatal("the case is no case")
	}
	snapshot := f.snapshot(0)
	f.check(snapshot.Transactions(f.ctx, func(got ledger.Transaction) error { same(f, got, t); return nil }))
}

func accountOfAnotherShard(f *fixture) {
	f.twoShards()
	tx := f.begin(0)
	_, err := tx.Load(f.ctx, store.Keys{Accounts: []ledger.Key{wallet(f.user(1, 1))}})
	f.want(err, store.ErrRefused)
	tx.Rollback()
	f.works(0)
}

func transactionOfAnotherShard(f *fixture) {
	f.twoShards()
	t, accounts := f.transaction(f.user(1, 1), 5, ledger.Account{Key: sales(0)}, ledger.Account{Key: sales(1)})
	err := f.try(0, store.Changes{Transactions: []ledger.Transaction{t}, Accounts: accounts})
	f.want(err, store.ErrRefused)
	f.works(0)
}
