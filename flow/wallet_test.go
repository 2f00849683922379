package flow_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/wallet"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// give puts money into a user's wallet.
func (w *world) give(t testing.TB, userID int64, amount money.Amount) wallet.Adjustment {
	t.Helper()
	a, _, err := w.flow.Adjust(t.Context(), flow.Adjust{
		UserID: userID, Amount: amount, TransactionID: w.ids.New(userID).Text(ident.Request),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wantWallet checks what a user has in one currency.
func (w *world) wantWallet(t testing.TB, userID int64, currency money.Currency, available, held int64) {
	t.Helper()
	balances, err := w.flow.Wallet(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	got := flow.Balance{Currency: currency}
	for _, b := range balances {
		if b.Currency == currency {
			got = b
		}
	}
	if want := (flow.Balance{
		Currency: currency, Available: money.NewSum(available), Held: money.NewSum(held),
	}); got != want {
		t.Errorf("user %d has %s and %s held, want %d and %d", userID, got.Available, got.Held, available, held)
	}
}

// events lists the types of an object's events, in order.
func (w *world) events(t testing.TB, object ident.ID) (types []event.Type) {
	t.Helper()
	all, err := w.store.Events(t.Context(), object.Shard(w.store.Shards()), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Object == object {
			types = append(types, e.Type)
		}
	}
	return types
}

func TestConcurrentWithdrawals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 7, usd(55_00))
	var callers sync.WaitGroup
	var taken atomic.Int32
	for i := range 100 {
		callers.Go(func() {
			_, replayed, err := w.flow.Adjust(t.Context(), flow.Adjust{
				UserID: 7, Amount: usd(-10_00), TransactionID: strconv.Itoa(i),
			})
			switch {
			case err == nil && !replayed:
				taken.Add(1)
			case !problem.Is(err, problem.InsufficientFunds):
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if taken.Load() != 5 {
		t.Errorf("%d of 100 withdrawals were made", taken.Load())
	}
	w.wantWallet(t, 7, "USD", 5_00, 0)
	w.audited(t)
}

func TestAdjustmentIsReplayedForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := func(key, body string) *flow.Idempotency {
		return &flow.Idempotency{Scope: "/wallets/7/adjustments", Key: key, Digest: [32]byte{body[0]}}
	}
	first, replayed, err := w.flow.Adjust(t.Context(), flow.Adjust{
		UserID: 7, Amount: usd(500), TransactionID: "a", Reason: "r", Idempotency: key("k", "1"),
	})
	if err != nil || replayed || first.Balance != money.NewSum(500) {
		t.Fatalf("%+v, %v, %v", first, replayed, err)
	}
	w.give(t, 7, usd(1))
	for _, c := range []struct {
		name  string
		r     flow.Adjust
		param string // of the problem; "" for a replay
	}{
		{"the same", flow.Adjust{Amount: usd(500), TransactionID: "a", Idempotency: key("k", "1")}, ""},
		{"without its key", flow.Adjust{Amount: usd(500), TransactionID: "a", Reason: "other"}, ""},
		{"with another key", flow.Adjust{Amount: usd(500), TransactionID: "a", Idempotency: key("l", "2")}, ""},
		{"another amount", flow.Adjust{Amount: usd(501), TransactionID: "a"}, "transaction_id"},
		{"the amount's negative", flow.Adjust{Amount: usd(-500), TransactionID: "a"}, "transaction_id"},
		{
			"another currency",
			flow.Adjust{Amount: money.Amount{Minor: 500, Currency: "EUR"}, TransactionID: "a"},
			"transaction_id",
		},
		{
			"its key for another",
			flow.Adjust{Amount: usd(9), TransactionID: "b", Idempotency: key("k", "3")},
			"Idempotency-Key",
		},
		{
			"the key of its repetition for another",
			flow.Adjust{Amount: usd(9), TransactionID: "b", Idempotency: key("l", "3")},
			"Idempotency-Key",
		},
	} {
		c.r.UserID = 7
		got, replayed, err := w.flow.Adjust(t.Context(), c.r)
		if c.param == "" {
			if err != nil || !replayed || got != first {
				t.Errorf("%s: %+v, %v, %v", c.name, got, replayed, err)
			}
			continue
		}
		var p *problem.Problem
		wantCode(t, err, problem.IdempotencyKeyReuse)
		if errors.As(err, &p) && p.Param != c.param {
			t.Errorf("%s: the fault is in %s", c.name, p.Param)
		}
	}
	if got := w.events(t, first.ID); len(got) != 1 || got[0] != event.WalletAdjusted {
		t.Errorf("its events are %v", got)
	}
	w.wantWallet(t, 7, "USD", 501, 0)
	// What was refused kept nothing: neither its name nor its key.
	other := flow.Adjust{UserID: 7, Amount: usd(-1000), TransactionID: "c", Idempotency: key("m", "4")}
	_, _, err = w.flow.Adjust(t.Context(), other)
	wantCode(t, err, problem.InsufficientFunds)
	w.give(t, 7, usd(499))
	if _, replayed, err := w.flow.Adjust(t.Context(), other); err != nil || replayed {
		t.Errorf("once there is enough: %v, %v", replayed, err)
	}
	w.wantWallet(t, 7, "USD", 0, 0)
	w.audited(t)
}

// One name, asked for by many at once under keys that are one or many, is booked
// once.
func TestConcurrentAdjustmentsOfOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var callers sync.WaitGroup
	var made atomic.Int32
	for i := range 60 {
		callers.Go(func() {
			r := flow.Adjust{UserID: 9, Amount: usd(100), TransactionID: "one"}
			switch i % 3 {
			case 1:
				r.Idempotency = &flow.Idempotency{Scope: "s", Key: "k"}
			case 2:
				r.Idempotency = &flow.Idempotency{Scope: "s", Key: strconv.Itoa(i)}
			}
			a, replayed, err := w.flow.Adjust(t.Context(), r)
			if err != nil || a.Balance != money.NewSum(100) {
				t.Errorf("%+v, %v", a, err)
			}
			if !replayed {
				made.Add(1)
			}
		})
	}
	callers.Wait()
	if made.Load() != 1 {
		t.Errorf("it was booked %d times", made.Load())
	}
	w.wantWallet(t, 9, "USD", 100, 0)
}

func TestWalletOfNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.flow.Adjust(t.Context(), flow.Adjust{UserID: 7, Amount: usd(-1), TransactionID: "a"})
	wantCode(t, err, problem.InsufficientFunds)
	if balances, err := w.flow.Wallet(t.Context(), 7); err != nil || len(balances) != 0 {
		t.Errorf("%+v, %v", balances, err)
	}
	if _, err := w.flow.LedgerAccount(t.Context(), ledger.Wallet(7), "USD", w.clock.Now()); err == nil {
		t.Error("an account without entries is there")
	}
}
