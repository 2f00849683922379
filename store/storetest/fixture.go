package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// fixture is one case's store and what it is filled from.
type fixture struct {
	*testing.T
	ctx   context.Context
	store store.Store
	ids   *ident.Source
	now   time.Time
}

func newFixture(t *testing.T, s store.Store) *fixture {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)
	var draws uint64
	chance := func() uint64 { draws += 0x9e3779b97f4a7c15; return draws }
	return &fixture{
		T: t, ctx: t.Context(), store: s, now: now,
		ids: ident.NewSource(1, func() time.Time { return now }, chance),
	}
}

// user returns a user of a shard, the nth of it.
func (f *fixture) user(shard, n int) int64 {
	return int64(f.store.Shards()*(n+1) + shard)
}

// shardOf returns a user's shard.
func (f *fixture) shardOf(userID int64) int { return ident.Shard(userID, f.store.Shards()) }

// twoShards skips a case where the store has only one.
func (f *fixture) twoShards() {
	f.Helper()
	if f.store.Shards() < 2 {
		f.Skip("needs a store of two shards")
	}
}

// snapshot opens a view of a shard that is closed when the case ends.
func (f *fixture) snapshot(shard int) store.Snapshot {
	f.Helper()
	s, err := f.store.Snapshot(f.ctx, shard)
	f.check(err)
	f.Cleanup(func() { f.check(s.Close()) })
	return s
}

func (f *fixture) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) want(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("error is %v, want %v", err, want)
	}
}

var options = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b money.Sum) bool { return a == b }),
}

// same compares what was read with what was written; nil and empty are equal.
func same[T any](f *fixture, got, want T) {
	f.Helper()
	if diff := cmp.Diff(want, got, options); diff != "" {
		f.Fatalf("(-want +got)\n%s", diff)
	}
}

func (f *fixture) begin(shard int) store.Tx {
	f.Helper()
	tx, err := f.store.Begin(f.ctx, shard)
	f.check(err)
	f.Cleanup(tx.Rollback)
	return tx
}

// commit writes changes in a Tx of their own.
func (f *fixture) commit(shard int, changes store.Changes) {
	f.Helper()
	f.check(f.try(shard, changes))
}

// try does the same and returns the first error. It loads the accounts first.
func (f *fixture) try(shard int, changes store.Changes) error {
	tx, err := f.store.Begin(f.ctx, shard)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var keys store.Keys
	for _, a := range changes.Accounts {
		keys.Accounts = append(keys.Accounts, a.Key)
	}
	if _, err := tx.Load(f.ctx, keys); err != nil {
		return err
	}
	if changes.Group.IsZero() {
		changes.Group = f.ids.New(0)
	}
	if err := tx.Write(f.ctx, &changes); err != nil {
		return err
	}
	return tx.Commit(f.ctx)
}

// load reads keys in a Tx that writes nothing.
func (f *fixture) load(shard int, keys store.Keys) store.State {
	f.Helper()
	tx := f.begin(shard)
	defer tx.Rollback()
	state, err := tx.Load(f.ctx, keys)
	f.check(err)
	return state
}

// works checks that a shard takes a payment, after whatever happened to it.
func (f *fixture) works(shard int) {
	f.Helper()
	p := f.payment(f.user(shard, 7000))
	f.commit(shard, store.Changes{Payments: fresh(p)})
	got, err := f.store.Payment(f.ctx, p.ID)
	f.check(err)
	same(f, got, p)
}

func fresh[T any](rows ...T) []store.Change[T] {
	var changes []store.Change[T]
	for _, row := range rows {
		changes = append(changes, store.Change[T]{Value: row, New: true})
	}
	return changes
}

func update[T any](rows ...T) []store.Change[T] {
	changes := fresh(rows...)
	for i := range changes {
		changes[i].New = false
	}
	return changes
}

// payment returns a new payment, as little of it as there can be.
func (f *fixture) payment(userID int64) payment.Payment {
	return payment.Payment{
		ID: f.ids.New(userID), UserID: userID, Amount: money.Amount{Minor: 1250, Currency: "EUR"},
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale,
		State: payment.State{Status: payment.RequiresConfirmation, Version: 1},
	}
}

func (f *fixture) attempt(p payment.Payment) payment.Attempt {
	return payment.Attempt{
		ID: f.ids.New(p.UserID), Payment: p.ID, UserID: p.UserID, Gateway: "simulated", Method: "pm_card_visa",
		Minor: p.Amount.Minor, Outcome: payment.OutcomePending, Inquiry: payment.Inquiry{At: f.now.Add(10 * time.Second)},
	}
}

func (f *fixture) capture(p payment.Payment, a payment.Attempt, minor int64) payment.Capture {
	return payment.Capture{
		ID: f.ids.New(p.UserID), Payment: p.ID, Attempt: a.ID, UserID: p.UserID, Minor: minor,
		Status: payment.OperationSucceeded, Version: 1,
	}
}

func (f *fixture) refund(p payment.Payment, a payment.Attempt, minor int64) payment.Refund {
	return payment.Refund{
		ID: f.ids.New(p.UserID), Payment: p.ID, Attempt: a.ID, UserID: p.UserID, Gateway: "simulated",
		Amount: money.Amount{Minor: minor, Currency: p.Amount.Currency}, Status: payment.OperationPending, Version: 1,
		Inquiry: payment.Inquiry{At: f.now.Add(20 * time.Second)},
	}
}

func (f *fixture) dispute(p payment.Payment, a payment.Attempt, minor int64) payment.Dispute {
	return payment.Dispute{
		ID: f.ids.New(p.UserID), Payment: p.ID, Attempt: a.ID, UserID: p.UserID, Gateway: "simulated",
		Reference: "dp_1", Amount: money.Amount{Minor: minor, Currency: p.Amount.Currency}, Reason: "fraudulent",
		Status: payment.DisputeNeedsResponse, Version: 1,
	}
}

func (f *fixture) event(userID int64, object ident.ID, version int64) event.Event {
	return event.Event{
		ID: f.ids.New(userID), Type: event.PaymentCreated, Kind: ident.Payment, Object: object, Version: version,
		UserID: userID, Data: []byte(`{"amount":1250}`),
	}
}

// transaction posts minor from one account to another and returns it with the
// accounts after it.
func (f *fixture) transaction(
	userID, minor int64, from, to ledger.Account,
) (ledger.Transaction, []ledger.Account) {
	f.Helper()
	t := ledger.Transaction{
		ID: f.ids.New(userID), UserID: userID, Kind: ledger.KindCapture,
		Object: f.ids.New(userID), Payment: f.ids.New(userID),
	}
	accounts := []ledger.Account{from, to}
	for i, amount := range []int64{-minor, minor} {
		var err error
		a := &accounts[i]
		a.Balance, err = a.Balance.Add(amount)
		f.check(err)
		a.Seq++
		t.Entries = append(t.Entries, ledger.Entry{
			ID: f.ids.New(userID), Account: a.Key, Minor: amount, Seq: a.Seq, Balance: a.Balance,
		})
	}
	return t, accounts
}
