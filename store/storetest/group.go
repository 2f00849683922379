package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"florin/commit"
	"florin/ident"
	"florin/internal/clock"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// ExerciseGroups runs the group commit on a store: every rule of package commit
// must hold on every engine. open returns a fresh store.
func ExerciseGroups(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *bench){
		"a group is one Tx":                testGroup,
		"a poison command fails alone":     testPoison,
		"a decision's error fails alone":   testDecisionError,
		"a panic fails alone":              testPanic,
		"a key twice in a group":           testKeyTwice,
		"keys of which one is lost":        testMoreKeys,
		"a failed command keeps no claim":  testClaimReleased,
		"keys that are asked for":          testNeedKeys,
		"keys that are never enough":       testNeedForever,
		"commit unknown, committed":        testCommitUnknown,
		"commit unknown, not committed":    testCommitLost,
		"commit unknown for too long":      testPatience,
		"never committed":                  testNeverCommitted,
		"conflicts are tried again":        testConflict,
		"a store that is away":             testUnavailable,
		"a full queue refuses":             testFullQueue,
		"each sees the ones before it":     testSequence,
		"concurrent refunds":               testConcurrentRefunds,
		"concurrent requests with one key": testConcurrentKey,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newBench(t, open(t)))
		})
	}
}

// bench is a committer on shard 1 over a store whose Txs can be made to fail.
type bench struct {
	store     *faulty
	committer *commit.Committer
	ids       *ident.Source
	alerts    int
	user      int64
}

func newBench(t *testing.T, s store.Store) *bench {
	t.Helper()
	b := &bench{store: &faulty{Store: s}, user: 1}
	var chance uint64
	b.ids = ident.NewSource(0, time.Now, func() uint64 { chance++; return chance })
	b.committer = commit.New(commit.Config{
		Shard: 1, Store: b.store, Clock: clock.System{}, IDs: b.ids, MaxQueue: 300,
		Alert: func(string, error) { b.alerts++ },
	})
	return b
}

// run queues commands together, steps until all are answered, and returns the
// answers.
func (b *bench) run(t *testing.T, commands ...commit.Command) []error {
	t.Helper()
	finished := false
	ticket, err := b.committer.Enqueue(true, func() { finished = true }, commands...)
	if err != nil {
		t.Fatal(err)
	}
	for steps := 0; !finished; steps++ {
		if steps > 100 {
			t.Fatal("the commands are never answered")
		}
		if _, err := b.committer.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return ticket.Errs
}

// wish is a command made of functions.
type wish struct {
	keys   store.Keys
	claim  *store.Claim
	decide func(*commit.View) (payment.Changes, error)
	result payment.Payment
}

func (w *wish) Keys(k *store.Keys) {
	k.Payments = append(k.Payments, w.keys.Payments...)
	k.Accounts = append(k.Accounts, w.keys.Accounts...)
}

func (w *wish) Claim() *store.Claim { return w.claim }

func (w *wish) Decide(v *commit.View) (commit.Decision, error) {
	changes, err := w.decide(v)
	w.result = changes.Payment
	return commit.Decision{Payment: changes}, err
}

// create makes a payment of a user, processing at gateway g.
func (b *bench) create(user int64, claim *store.Claim) *wish {
	command := payment.Create{
		ID: b.ids.New(user), UserID: user, Amount: money.Amount{Minor: 100_00, Currency: "USD"},
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale, Method: "pm_card_visa", Confirm: true,
		Start: payment.Start{Attempt: b.ids.New(user), Gateway: "g", InquireAt: time.Now().Add(time.Minute)},
	}
	return &wish{claim: claim, decide: func(*commit.View) (payment.Changes, error) {
		return payment.DecideCreate(command)
	}}
}

// approve settles a payment's attempt as approved.
func (b *bench) approve(p payment.Payment) *wish {
	settle := payment.Settle{
		Attempt: p.Attempt, Outcome: payment.OutcomeApproved, Reference: "r", At: time.Now(),
		Capture: b.ids.New(p.UserID), Reversal: b.ids.New(p.UserID),
	}
	keys := store.Keys{Payments: []ident.ID{p.ID}, Accounts: []ledger.Key{
		{Name: ledger.Receivable("g"), Currency: p.Amount.Currency}, {Name: ledger.Sales, Currency: p.Amount.Currency},
	}}
	return &wish{keys: keys, decide: func(v *commit.View) (payment.Changes, error) {
		p, err := v.Payment(p.ID)
		if err != nil {
			return payment.Changes{}, err
		}
		return payment.DecideOutcome(p, settle)
	}}
}

// refund reserves an amount of a payment.
func (b *bench) refund(p payment.Payment, minor int64) *wish {
	command := payment.GiveBack{ID: b.ids.New(p.UserID), Minor: minor, InquireAt: time.Now().Add(time.Minute)}
	keys := store.Keys{Payments: []ident.ID{p.ID}}
	return &wish{keys: keys, decide: func(v *commit.View) (payment.Changes, error) {
		p, err := v.Payment(p.ID)
		if err != nil {
			return payment.Changes{}, err
		}
		return payment.DecideRefund(p, command)
	}}
}

func (b *bench) claimOf(key string, object ident.ID) *store.Claim {
	return &store.Claim{
		Hash: int64(len(key))<<32 | int64(key[0]), Scope: "s", UserID: b.user, Key: key, Kind: ident.Payment,
		Object: object, At: time.Now().UTC().Truncate(time.Millisecond),
	}
}

func (b *bench) mustCommit(t *testing.T, commands ...commit.Command) {
	t.Helper()
	for i, err := range b.run(t, commands...) {
		if err != nil {
			t.Fatalf("command %d: %v", i, err)
		}
	}
}

// balance returns an account's balance and seq from the store.
func (b *bench) account(t *testing.T, name ledger.Name) ledger.Account {
	t.Helper()
	snapshot, err := b.store.Snapshot(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snapshot.Close() }()
	var found ledger.Account
	err = snapshot.Accounts(t.Context(), func(a ledger.Account) error {
		if a.Name == name {
			found = a
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func testGroup(t *testing.T, b *bench) {
	var wishes []commit.Command
	for range 200 {
		wishes = append(wishes, b.create(b.user, nil))
	}
	b.mustCommit(t, wishes...)
	if b.store.begun != 1 {
		t.Errorf("200 commands took %d Txs, want 1", b.store.begun)
	}
	var approvals []commit.Command
	for _, w := range wishes {
		approvals = append(approvals, b.approve(w.(*wish).result))
	}
	b.mustCommit(t, approvals...)
	for _, w := range wishes {
		p, err := b.store.Payment(t.Context(), w.(*wish).result.ID)
		if err != nil || p.Status != payment.Succeeded || len(p.Captures) != 1 {
			t.Fatalf("payment is %+v, %v", p, err)
		}
	}
	sales := b.account(t, ledger.Sales)
	if got := sales.Balance.String(); got != "2000000" || sales.Seq != 200 {
		t.Errorf("sales has %s after %d entries, want 2000000 after 200", got, sales.Seq)
	}
}

func testPoison(t *testing.T, b *bench) {
	good := b.create(b.user, nil)
	b.mustCommit(t, good)
	var wishes []commit.Command
	for i := range 200 {
		w := b.create(b.user, nil)
		if i == 77 {
			w.decide = good.decide // the same payment again: its id is taken
		}
		wishes = append(wishes, w)
	}
	for i, err := range b.run(t, wishes...) {
		if i == 77 {
			if !problem.Is(err, problem.Internal) || !errors.Is(err, store.ErrRefused) {
				t.Errorf("the poison command is answered %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("command %d: %v", i, err)
		}
		if _, err := b.store.Payment(t.Context(), wishes[i].(*wish).result.ID); err != nil {
			t.Fatalf("command %d was answered and is missing: %v", i, err)
		}
	}
	if b.alerts == 0 {
		t.Error("nobody was alerted")
	}
}

func testDecisionError(t *testing.T, b *bench) {
	bad := &wish{decide: func(*commit.View) (payment.Changes, error) {
		return payment.Changes{}, problem.New(problem.WrongState, "no")
	}}
	errs := b.run(t, b.create(b.user, nil), bad, b.create(b.user, nil))
	if errs[0] != nil || !problem.Is(errs[1], problem.WrongState) || errs[2] != nil {
		t.Errorf("answers %v", errs)
	}
}

func testPanic(t *testing.T, b *bench) {
	bad := &wish{decide: func(*commit.View) (payment.Changes, error) { panic("broken") }}
	errs := b.run(t, b.create(b.user, nil), bad, b.create(b.user, nil))
	if errs[0] != nil || !problem.Is(errs[1], problem.Internal) || errs[2] != nil || b.alerts != 1 {
		t.Errorf("answers %v, %d alerts", errs, b.alerts)
	}
}

func testKeyTwice(t *testing.T, b *bench) {
	id := b.ids.New(b.user)
	errs := b.run(t, b.create(b.user, b.claimOf("k", id)), b.create(b.user, b.claimOf("k", b.ids.New(b.user))))
	var lost *commit.LostClaim
	if errs[0] != nil || !errors.As(errs[1], &lost) || lost.Holder.Object != id || lost.Holder.Key != "k" {
		t.Errorf("answers %v", errs)
	}
}

func testClaimReleased(t *testing.T, b *bench) {
	bad := &wish{claim: b.claimOf("k", b.ids.New(b.user)), decide: func(*commit.View) (payment.Changes, error) {
		return payment.Changes{}, problem.New(problem.NotFound, "no")
	}}
	good := b.create(b.user, b.claimOf("k", b.ids.New(b.user)))
	errs := b.run(t, bad, good)
	if !problem.Is(errs[0], problem.NotFound) || errs[1] != nil {
		t.Errorf("answers %v", errs)
	}
	held, err := b.store.FindClaim(t.Context(), 1, *good.claim)
	if err != nil || held.Object != good.claim.Object {
		t.Errorf("the key is held by %+v, %v", held, err)
	}
}

func testNeedKeys(t *testing.T, b *bench) {
	created := b.create(b.user, nil)
	b.mustCommit(t, created)
	approval := b.approve(created.result)
	approval.keys = store.Keys{}
	b.mustCommit(t, approval, b.create(b.user, nil))
	if approval.result.Status != payment.Succeeded {
		t.Errorf("the payment is %s", approval.result.Status)
	}
}

func testNeedForever(t *testing.T, b *bench) {
	greedy := &wish{decide: func(*commit.View) (payment.Changes, error) {
		return payment.Changes{}, &commit.NeedKeys{}
	}}
	errs := b.run(t, greedy, b.create(b.user, nil))
	if !problem.Is(errs[0], problem.Internal) || errs[1] != nil {
		t.Errorf("answers %v", errs)
	}
}

func testCommitUnknown(t *testing.T, b *bench) {
	b.store.after = []error{store.ErrCommitUnknown}
	b.store.asks = []error{store.ErrUnavailable, store.ErrUnavailable}
	w := b.create(b.user, nil)
	b.mustCommit(t, w)
	if _, err := b.store.Payment(t.Context(), w.result.ID); err != nil || b.store.begun != 1 {
		t.Errorf("%v after %d Txs", err, b.store.begun)
	}
}

func testCommitLost(t *testing.T, b *bench) {
	b.store.before = []error{store.ErrCommitUnknown}
	w := b.create(b.user, b.claimOf("k", b.ids.New(b.user)))
	b.mustCommit(t, w)
	if _, err := b.store.Payment(t.Context(), w.result.ID); err != nil || b.store.begun != 2 {
		t.Errorf("%v after %d Txs", err, b.store.begun)
	}
}

// testPatience: callers do not wait for ever to learn what became of a commit. It
// may have happened, as a repeated request finds out.
func testPatience(t *testing.T, b *bench) {
	b.committer = commit.New(commit.Config{
		Shard: 1, Store: b.store, Clock: clock.System{}, IDs: b.ids, Patience: time.Nanosecond,
	})
	b.store.after = []error{store.ErrCommitUnknown}
	b.store.asks = []error{store.ErrUnavailable}
	claim := b.claimOf("k", b.ids.New(b.user))
	if errs := b.run(t, b.create(b.user, claim)); !problem.Is(errs[0], problem.OutcomeUnknown) {
		t.Errorf("answered %v", errs[0])
	}
	var lost *commit.LostClaim
	if errs := b.run(t, b.create(b.user, claim)); !errors.As(errs[0], &lost) || b.store.begun != 2 {
		t.Errorf("repeated, it is answered %v after %d Txs", errs[0], b.store.begun)
	}
}

// testNeverCommitted: a disk that fails every sync is an answer, not a wait.
func testNeverCommitted(t *testing.T, b *bench) {
	for range 100 {
		b.store.before = append(b.store.before, store.ErrCommitUnknown)
	}
	errs := b.run(t, b.create(b.user, nil))
	if !problem.Is(errs[0], problem.Unavailable) || b.store.begun > 50 {
		t.Errorf("answered %v after %d Txs", errs[0], b.store.begun)
	}
	b.store.before = nil
	b.mustCommit(t, b.create(b.user, nil))
}

func testConflict(t *testing.T, b *bench) {
	b.store.before = []error{store.ErrConflict, store.ErrConflict}
	w := b.create(b.user, nil)
	b.mustCommit(t, w)
	if _, err := b.store.Payment(t.Context(), w.result.ID); err != nil || b.store.begun != 3 {
		t.Errorf("%v after %d Txs", err, b.store.begun)
	}
}

func testUnavailable(t *testing.T, b *bench) {
	b.store.before = []error{store.ErrUnavailable}
	claim := b.claimOf("k", b.ids.New(b.user))
	errs := b.run(t, b.create(b.user, claim))
	if !problem.Is(errs[0], problem.Unavailable) {
		t.Errorf("answered %v", errs[0])
	}
	b.mustCommit(t, b.create(b.user, claim))
}

func testFullQueue(t *testing.T, b *bench) {
	var wishes []commit.Command
	for range 301 {
		wishes = append(wishes, b.create(b.user, nil))
	}
	answered := 0
	if _, err := b.committer.Enqueue(false, func() { answered++ }, wishes[:300]...); err != nil {
		t.Fatal(err)
	}
	_, err := b.committer.Enqueue(false, func() { answered++ }, wishes[300])
	var full *problem.Problem
	if !errors.As(err, &full) || full.Code != problem.Overloaded || full.RetryAfter <= 0 {
		t.Errorf("a full queue answers %v", err)
	}
	b.mustCommit(t, b.create(b.user, nil)) // urgent: what has begun is completed
	if answered != 1 || b.committer.Len() != 0 {
		t.Errorf("%d tickets answered, %d commands left", answered, b.committer.Len())
	}
}

func testSequence(t *testing.T, b *bench) {
	created := b.create(b.user, nil)
	b.mustCommit(t, created)
	p := created.result
	errs := b.run(t, b.approve(p), b.refund(p, 60_00), b.refund(p, 60_00), b.refund(p, 40_00))
	if errs[0] != nil || errs[1] != nil || !problem.Is(errs[2], problem.OverRefund) || errs[3] != nil {
		t.Fatalf("answers %v", errs)
	}
	p, err := b.store.Payment(t.Context(), p.ID)
	if err != nil || p.RefundPendingMinor != 100_00 || len(p.Refunds) != 2 {
		t.Errorf("payment is %+v, %v", p, err)
	}
}

// concurrently runs commands from goroutines of their own, on a committer that
// runs by itself.
func (b *bench) concurrently(t *testing.T, wishes []*wish) []error {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var loop, callers sync.WaitGroup
	loop.Go(func() {
		for {
			select {
			case <-b.committer.Ready():
				_, _ = b.committer.Step(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
	errs := make([]error, len(wishes))
	for i, w := range wishes {
		callers.Go(func() {
			done := make(chan struct{})
			ticket, err := b.committer.Enqueue(false, func() { close(done) }, w)
			if err != nil {
				errs[i] = err
				return
			}
			<-done
			errs[i] = ticket.Errs[0]
		})
	}
	callers.Wait()
	stop()
	loop.Wait()
	return errs
}

func testConcurrentRefunds(t *testing.T, b *bench) {
	created := b.create(b.user, nil)
	b.mustCommit(t, created)
	b.mustCommit(t, b.approve(created.result))
	var wishes []*wish
	for range 100 {
		wishes = append(wishes, b.refund(created.result, 10_00))
	}
	won := 0
	for _, err := range b.concurrently(t, wishes) {
		switch {
		case err == nil:
			won++
		case !problem.Is(err, problem.OverRefund):
			t.Fatal(err)
		}
	}
	if won != 10 {
		t.Errorf("%d refunds of 10.00 on 100.00, want 10", won)
	}
}

func testConcurrentKey(t *testing.T, b *bench) {
	var wishes []*wish
	for range 200 {
		wishes = append(wishes, b.create(b.user, b.claimOf("k", b.ids.New(b.user))))
	}
	won := map[ident.ID]int{}
	first := 0
	for i, err := range b.concurrently(t, wishes) {
		var lost *commit.LostClaim
		switch {
		case err == nil:
			first++
			won[wishes[i].claim.Object]++
		case errors.As(err, &lost):
			won[lost.Holder.Object]++
		default:
			t.Fatal(err)
		}
	}
	if first != 1 || len(won) != 1 {
		t.Errorf("%d won; the holders are %v", first, fmt.Sprint(won))
	}
}
