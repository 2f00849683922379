package flow_test

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"florin/commit"
	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
	"florin/worker"
)

// fundCommand puts money into a wallet, as an adjustment does.
type fundCommand struct {
	userID int64
	amount money.Amount
	id     ident.ID
}

func (c fundCommand) names() (debit, credit ledger.Name) {
	return ledger.Adjustments, ledger.Wallet(c.userID)
}

// Keys implements commit.Command.
func (c fundCommand) Keys(k *store.Keys) {
	debit, credit := c.names()
	k.Accounts = append(k.Accounts, ledger.Key{Name: debit, Currency: c.amount.Currency},
		ledger.Key{Name: credit, Currency: c.amount.Currency})
}

// Claim implements commit.Command.
func (fundCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c fundCommand) Decide(*commit.View) (commit.Decision, error) {
	debit, credit := c.names()
	return commit.Decision{Transactions: []ledger.Transaction{ledger.NewTransaction("funding", c.userID, c.id,
		ident.ID{}, ledger.Posting{Debit: debit, Credit: credit, Amount: c.amount})}}, nil
}

// fund puts euros into wallets.
func (w *world) fund(t testing.TB, minor int64, users ...int64) {
	t.Helper()
	items := make([]commit.Item, len(users))
	for i, user := range users {
		items[i] = commit.Item{Shard: ident.Shard(user, w.store.Shards()), Command: fundCommand{
			userID: user, amount: money.Amount{Minor: minor, Currency: "EUR"}, id: w.ids.New(user),
		}}
	}
	if err := errors.Join(w.commit.DoAll(true, items)...); err != nil {
		t.Fatal(err)
	}
}

// balances returns the sum of all accounts of a name in euros, by name.
func (w *world) balances(t testing.TB) map[ledger.Name]int64 {
	t.Helper()
	sums := map[ledger.Name]int64{}
	for shard := range w.store.Shards() {
		snapshot, err := w.store.Snapshot(t.Context(), shard)
		if err != nil {
			t.Fatal(err)
		}
		err = snapshot.Accounts(t.Context(), func(a ledger.Account) error {
			v, _ := a.Balance.Int64()
			sums[a.Name] += v
			return nil
		})
		if err := errors.Join(err, snapshot.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return sums
}

func transfer(from, to, minor int64) flow.Transfer {
	return flow.Transfer{FromUserID: from, ToUserID: to, Amount: money.Amount{Minor: minor, Currency: "EUR"}}
}

func keyedTransfer(r flow.Transfer, key string) flow.Transfer {
	r.Idempotency = &flow.Idempotency{Scope: "/api/v1/transfers", Key: key}
	return r
}

// TestTransfer moves money within a shard and to another one.
func TestTransfer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, 1000, 4)
	for i, to := range []int64{8, 5} { // of one shard, of another
		got, err := w.flow.Transfer(t.Context(), transfer(4, to, 300))
		if err != nil || got.Transfer.Status != wallet.TransferSucceeded || got.Transfer.Version != int64(i+1) {
			t.Fatalf("%+v, %v", got, err)
		}
		stored, err := w.flow.TransferByID(t.Context(), got.Transfer.ID)
		if err != nil || stored.Status != wallet.TransferSucceeded || stored.ToUserID != to {
			t.Fatalf("%+v, %v", stored, err)
		}
	}
	want := map[ledger.Name]int64{
		ledger.Wallet(4): 400, ledger.Wallet(8): 300, ledger.Wallet(5): 300, ledger.Transfers: 0, ledger.Adjustments: -1000,
	}
	if got := w.balances(t); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the balances are %v, want %v", got, want)
	}
	for user, n := range map[int64]int{4: 2, 8: 1, 5: 1, 9: 0, 0: 2} {
		list, err := w.flow.Transfers(t.Context(), store.TransferQuery{UserID: user, Page: store.Page{Limit: 10}})
		if err != nil || len(list) != n {
			t.Errorf("user %d has %d transfers, want %d: %v", user, len(list), n, err)
		}
	}
}

// TestTransferDeclines: what is refused changes nothing, and a decline is kept.
func TestTransferDeclines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, 100, 4)
	for _, to := range []int64{8, 5} {
		if _, err := w.flow.Transfer(t.Context(), transfer(4, to, 101)); !problem.Is(err, problem.InsufficientFunds) {
			t.Errorf("to %d: %v", to, err)
		}
		r := keyedTransfer(transfer(4, to, 101), fmt.Sprint("short", to))
		_, first := w.flow.Transfer(t.Context(), r)
		w.fund(t, 1000, 4)
		again, err := w.flow.Transfer(t.Context(), r)
		if !problem.Is(first, problem.InsufficientFunds) || !again.Replayed || err == nil || err.Error() != first.Error() {
			t.Errorf("first %v, then %v (replayed: %v)", first, err, again.Replayed)
		}
		if _, err := w.flow.Transfer(t.Context(), transfer(4, to, 1000)); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.flow.Transfer(t.Context(), transfer(4, 4, 1)); !problem.Is(err, problem.InvalidParameter) {
		t.Errorf("to oneself: %v", err)
	}
}

// TestTransfersAreAudited: transfers that are done and one that was declined, of
// which only the key is left, are as they must be.
func TestTransfersAreAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.give(t, 4, money.Amount{Minor: 1000, Currency: "EUR"})
	for _, to := range []int64{8, 5} {
		for _, minor := range []int64{300, 1001} {
			r := keyedTransfer(transfer(4, to, minor), fmt.Sprint(minor, " to ", to))
			r.Details = wallet.TransferDetails{Description: "rent", Metadata: map[string]string{"b": "2", "a": "1"}}
			_, err := w.flow.Transfer(t.Context(), r)
			if declined := problem.Is(err, problem.InsufficientFunds); declined != (minor > 1000) {
				t.Errorf("%d to %d: %v", minor, to, err)
			}
		}
	}
	if report := w.audited(t); report.Totals.Transfers != 2 || report.Totals.Claims != 5 {
		t.Errorf("the totals are %+v", report.Totals)
	}
}

// TestTransferReplay: a repeated request moves nothing, and is answered the same.
func TestTransferReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, 1000, 4)
	for _, to := range []int64{8, 5} {
		r := keyedTransfer(transfer(4, to, 100), fmt.Sprint("key", to))
		first, err := w.flow.Transfer(t.Context(), r)
		if err != nil || first.Replayed {
			t.Fatalf("%+v, %v", first, err)
		}
		again, err := w.flow.Transfer(t.Context(), r)
		if err != nil || !again.Replayed || again.Transfer.ID != first.Transfer.ID ||
			again.Transfer.Status != first.Transfer.Status {
			t.Errorf("again: %+v, %v", again, err)
		}
		other := r
		other.Idempotency = &flow.Idempotency{Scope: r.Idempotency.Scope, Key: r.Idempotency.Key, Digest: [32]byte{1}}
		if _, err := w.flow.Transfer(t.Context(), other); !problem.Is(err, problem.IdempotencyKeyReuse) {
			t.Errorf("another body: %v", err)
		}
	}
	if got := w.balances(t)[ledger.Wallet(4)]; got != 800 {
		t.Errorf("the sender has %d left, want 800", got)
	}
}

// TestTransferRefused: what the receiver's wallet refuses is booked back, once.
func TestTransferRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, 1000, 4)
	w.fund(t, math.MaxInt64-50, 5)
	got, err := w.flow.Transfer(t.Context(), transfer(4, 5, 100))
	if err != nil || got.Transfer.Status != wallet.TransferFailed || got.Transfer.Reason != problem.WalletFull {
		t.Fatalf("%+v, %v", got, err)
	}
	for range 2 { // driving it again changes nothing
		pending := got.Transfer
		pending.Status = wallet.TransferPending
		if err := w.flow.DriveTransfers(t.Context(), []wallet.Transfer{pending}); err != nil {
			t.Fatal(err)
		}
	}
	sums := w.balances(t)
	if sums[ledger.Wallet(4)] != 1000 || sums[ledger.Wallet(5)] != math.MaxInt64-50 || sums[ledger.Transfers] != 0 {
		t.Errorf("the balances are %v", sums)
	}
}

// TestTransferBatch: each item has its own answer, in order.
func TestTransferBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, 150, 4)
	requests := []flow.Transfer{
		keyedTransfer(transfer(4, 8, 100), "a"), transfer(4, 4, 1), transfer(4, 8, 100),
		transfer(4, 5, 30), transfer(5, 9, 10),
		transfer(4, 12, 20), transfer(4, 5, 1),
	}
	want := []string{
		"succeeded", "invalid_parameter", "insufficient_funds", "succeeded", "insufficient_funds", "succeeded",
		"insufficient_funds",
	}
	results := w.flow.TransferBatch(t.Context(), requests)
	for i, r := range results {
		got := string(r.Transfer.Status)
		if r.Err != nil {
			got = string(problem.CodeOf(r.Err))
		}
		if got != want[i] {
			t.Errorf("item %d: %s, want %s", i, got, want[i])
		}
	}
	again := w.flow.TransferBatch(t.Context(), requests[:1])
	if !again[0].Replayed || again[0].Transfer.ID != results[0].Transfer.ID {
		t.Errorf("again: %+v", again[0])
	}
}

// TestTransfersAreConserved: many at once, in all directions, create and destroy
// nothing, and no wallet falls below zero.
func TestTransfersAreConserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const users, each = 16, 1000
	var all []int64
	for user := int64(1); user <= users; user++ {
		all = append(all, user)
	}
	w.fund(t, each, all...)
	var running sync.WaitGroup
	for worker := range 8 {
		running.Go(func() {
			for i := range 25 {
				var batch []flow.Transfer
				for j := range 8 {
					n := worker*1000 + i*8 + j
					from, to := all[n*7%users], all[(n*7+1+n*5%(users-1))%users]
					batch = append(batch, transfer(from, to, int64(1+n*37%400)))
				}
				for _, r := range w.flow.TransferBatch(t.Context(), batch) {
					if r.Err != nil && !problem.Is(r.Err, problem.InsufficientFunds) {
						t.Error(r.Err)
					}
				}
			}
		})
	}
	running.Wait()
	w.checkConserved(t, users*each, users)
}

// TestAHungShardHoldsUpNobodyElse: of a batch, what goes to a healthy shard ends
// at once, and the worker's steps end too.
func TestAHungShardHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, 1000, 4)
	tx, err := w.store.Begin(t.Context(), 1) // holds the shard's turn
	if err != nil {
		t.Fatal(err)
	}
	results := w.flow.TransferBatch(t.Context(), []flow.Transfer{transfer(4, 5, 100), transfer(4, 6, 100)})
	if results[0].Transfer.Status != wallet.TransferPending || results[1].Transfer.Status != wallet.TransferSucceeded {
		t.Errorf("they are %s and %s", results[0].Transfer.Status, results[1].Transfer.Status)
	}
	w.clock.Advance(time.Minute)
	driver := worker.NewTransfer(worker.TransferConfig{Shard: 0, Store: w.store, Flow: w.flow, Clock: w.clock})
	for range 2 {
		if p, err := driver.Step(t.Context()); err != nil || p.Asked != 1 {
			t.Errorf("a step: %+v, %v", p, err)
		}
	}
	tx.Rollback()
	w.running.Wait()
	if got, err := w.flow.TransferByID(t.Context(), results[0].Transfer.ID); err != nil ||
		got.Status != wallet.TransferSucceeded {
		t.Errorf("then it is %+v, %v", got, err)
	}
}

// TestTransferWaits: one whose receiver's shard hangs is answered pending, and
// goes on by itself.
func TestTransferWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fund(t, 1000, 4)
	tx, err := w.store.Begin(t.Context(), 1) // holds the shard's turn
	if err != nil {
		t.Fatal(err)
	}
	r := keyedTransfer(transfer(4, 5, 100), "slow")
	refused := make(chan bool)
	go func() { // repeats it until the first has been answered
		some := false
		for begun := false; !begun; time.Sleep(time.Millisecond) {
			pending, err := w.store.PendingTransfers(t.Context(), 0, ident.ID{}, w.clock.Now().Add(time.Hour), 1)
			begun = err != nil || len(pending) > 0
		}
		for {
			again, err := w.flow.Transfer(t.Context(), r)
			if err == nil && again.Transfer.Status == wallet.TransferPending {
				refused <- some
				return
			}
			some = some || problem.Is(err, problem.IdempotencyInProgress)
			time.Sleep(time.Millisecond)
		}
	}()
	got, err := w.flow.Transfer(t.Context(), r)
	if err != nil || got.Transfer.Status != wallet.TransferPending {
		t.Fatalf("%+v, %v", got, err)
	}
	if !<-refused {
		t.Error("no repeat was told that the first is in progress")
	}
	if again, err := w.flow.Transfer(t.Context(), r); err != nil || !again.Replayed ||
		again.Transfer.Status != wallet.TransferPending {
		t.Errorf("a repeat after that: %+v, %v", again, err)
	}
	tx.Rollback()
	w.running.Wait() // for what the first request left under way
	stored, err := w.flow.TransferByID(t.Context(), got.Transfer.ID)
	if err != nil || stored.Status != wallet.TransferSucceeded {
		t.Errorf("%+v, %v", stored, err)
	}
}
