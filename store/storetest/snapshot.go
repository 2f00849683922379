package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"florin/event"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/vault"
)

var snapshotCases = map[string]func(*fixture){
	"everything":      snapshotEverything,
	"visitor's error": snapshotVisitorsError,
	"consistent":      snapshotConsistent,
}

// contents is all that a snapshot shows.
type contents struct {
	Payments     []payment.Payment
	Methods      []vault.PaymentMethod
	Transactions []ledger.Transaction
	Accounts     []ledger.Account
	Events       []event.Stored
	Claims       []store.Claim
}

func (f *fixture) contents(s store.Snapshot) (c contents) {
	f.Helper()
	f.check(errors.Join(
		s.Payments(f.ctx, appendTo(&c.Payments)), s.Methods(f.ctx, appendTo(&c.Methods)),
		s.Transactions(f.ctx, appendTo(&c.Transactions)), s.Accounts(f.ctx, appendTo(&c.Accounts)),
		s.Events(f.ctx, appendTo(&c.Events)), s.Claims(f.ctx, appendTo(&c.Claims)),
	))
	slices.SortFunc(c.Claims, func(a, b store.Claim) int { return cmp.Compare(a.Key, b.Key) })
	return c
}

func appendTo[T any](list *[]T) func(T) error {
	return func(v T) error { *list = append(*list, v); return nil }
}

// everything commits something of every kind.
func (f *fixture) everything(userID int64) {
	f.Helper()
	changes := all(f.full(userID), f.payment(userID), f.full(userID))
	changes.Methods = fresh(f.method(userID), f.method(userID))
	t, accounts := f.transaction(userID, 5, ledger.Account{Key: sales(0)}, ledger.Account{Key: wallet(userID)})
	changes.Transactions, changes.Accounts = []ledger.Transaction{t}, accounts
	changes.Events = []event.Event{f.event(userID, t.Object, 1), f.event(userID, t.Object, 2)}
	f.commit(f.shardOf(userID), changes)
}

func snapshotEverything(f *fixture) {
	userID := f.user(0, 1)
	first, second, bare := f.full(userID), f.full(userID), f.payment(userID)
	f.commit(0, all(second, bare, first))
	f.everything(userID)
	snapshot, err := f.store.Snapshot(f.ctx, 0)
	f.check(err)
	before := f.contents(snapshot)
	same(f, before.Payments[:3], []payment.Payment{first, second, bare})
	same(f, []int{
		len(before.Payments), len(before.Methods), len(before.Transactions), len(before.Accounts), len(before.Events),
	}, []int{6, 2, 1, 2, 2})

	f.commit(0, all(f.full(f.user(0, 2))))
	p := f.full(f.user(0, 3))
	f.commit(0, all(p))
	same(f, f.contents(snapshot), before)
	f.check(snapshot.Close())
	snapshot, err = f.store.Snapshot(f.ctx, 0)
	f.check(err)
	same(f, len(f.contents(snapshot).Payments), 8)
	f.check(snapshot.Close())
}

func snapshotVisitorsError(f *fixture) {
	f.everything(f.user(0, 1))
	s := f.snapshot(0)
	enough := errors.New("enough")
	visits := 0
	stop := func() error { visits++; return enough }
	for range 2 {
		f.want(s.Payments(f.ctx, func(payment.Payment) error { return stop() }), enough)
		f.want(s.Methods(f.ctx, func(vault.PaymentMethod) error { return stop() }), enough)
		f.want(s.Transactions(f.ctx, func(ledger.Transaction) error { return stop() }), enough)
		f.want(s.Accounts(f.ctx, func(ledger.Account) error { return stop() }), enough)
		f.want(s.Events(f.ctx, func(event.Stored) error { return stop() }), enough)
	}
	same(f, visits, 10)
}

// snapshotConsistent moves money to and fro while snapshots are taken: in each
// of them all balances sum to zero and fit the transactions.
func snapshotConsistent(f *fixture) {
	userID := f.user(0, 1)
	const rounds = 60
	var running sync.WaitGroup
	var failed error
	running.Go(func() {
		a, b := ledger.Account{Key: sales(0)}, ledger.Account{Key: wallet(userID)}
		for i := range rounds {
			t, accounts := f.transaction(userID, int64(i+1), a, b)
			a, b = accounts[0], accounts[1]
			changes := store.Changes{Transactions: []ledger.Transaction{t}, Accounts: accounts}
			if failed = f.try(0, changes); failed != nil {
				return
			}
		}
	})
	for range 20 {
		if err := f.consistent(); err != nil {
			f.Error(err)
			break
		}
	}
	running.Wait()
	f.check(failed)
	f.check(f.consistent())
}

func (f *fixture) consistent() (err error) {
	s, err := f.store.Snapshot(f.ctx, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var moved, total money.Sum
	err = s.Transactions(f.ctx, func(t ledger.Transaction) error {
		moved, err = moved.Add(t.Entries[1].Minor)
		return err
	})
	if err != nil {
		return err
	}
	return s.Accounts(f.ctx, func(a ledger.Account) error {
		if total, err = total.Plus(a.Balance); err != nil {
			return err
		}
		if _, ofUser := a.Name.UserID(); ofUser && (a.Balance != moved || !total.IsZero()) {
			return fmt.Errorf("balance %s, moved %s, sum %s", a.Balance, moved, total)
		}
		return nil
	})
}
