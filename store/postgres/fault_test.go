//go:build services

package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/ident"
	"florin/internal/pgtest"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/store/postgres"
)

var ids = ident.NewSource(0, time.Now, func() func() uint64 {
	var mu sync.Mutex
	var n uint64
	return func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		n += 0x9e3779b97f4a7c15
		return n
	}
}())

func newPayment(id ident.ID) payment.Payment {
	return payment.Payment{
		ID: id, UserID: 4, Amount: money.Amount{Minor: 1250, Currency: "EUR"},
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale,
		State: payment.State{Status: payment.RequiresConfirmation, Version: 1},
	}
}

func claimOf(key string) store.Claim {
	return store.Claim{Hash: 7, Scope: "s", UserID: 4, Key: key, Kind: ident.Payment, Object: ids.New(4), At: time.Now()}
}

var walletKey = ledger.Key{Name: ledger.Wallet(4), Currency: "EUR"}

// steps are a Tx's, in order.
var steps = []string{"begin", "claim", "load", "write", "commit"}

// walk writes a payment in a Tx that has all steps; before is told which comes
// next.
func walk(ctx context.Context, s store.Store, p payment.Payment, group ident.ID, before func(step string)) error {
	tx, err := s.Begin(ctx, 0)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	before("claim")
	if _, err := tx.Claim(ctx, []store.Claim{claimOf(p.ID.Text(ident.Payment))}); err != nil {
		return err
	}
	before("load")
	if _, err := tx.Load(ctx, store.Keys{Payments: []ident.ID{p.ID}, Accounts: []ledger.Key{walletKey}}); err != nil {
		return err
	}
	before("write")
	changes := store.Changes{Group: group, Payments: []store.Change[payment.Payment]{{Value: p, New: true}}}
	if err := tx.Write(ctx, &changes); err != nil {
		return err
	}
	before("commit")
	return tx.Commit(ctx)
}

// writeAt writes a payment in a Tx whose first round trip is that of a step.
func writeAt(t *testing.T, s store.Store, step string, p payment.Payment) error {
	t.Helper()
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if step == "claim" {
		if _, err := tx.Claim(t.Context(), []store.Claim{claimOf(p.ID.Text(ident.Payment))}); err != nil {
			return err
		}
	}
	if step == "load" {
		if _, err := tx.Load(t.Context(), store.Keys{Accounts: []ledger.Key{walletKey}}); err != nil {
			return err
		}
	}
	changes := store.Changes{Group: ids.New(0), Payments: []store.Change[payment.Payment]{{Value: p, New: true}}}
	if err := tx.Write(t.Context(), &changes); err != nil {
		return err
	}
	return tx.Commit(t.Context())
}

// terminate ends the connections of the store to a database.
func terminate(t *testing.T, c *pgx.Conn) {
	t.Helper()
	exec(t, c, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'payment_service'`)
}

// TestTerminated ends the store's connections before each step of a Tx: nothing is
// written, and the next Tx works.
func TestTerminated(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	c, s := connect(t, cfg, 0), open(t, cfg)
	for _, at := range steps[1:] {
		p := newPayment(ids.New(4))
		group := ids.New(0)
		err := walk(t.Context(), s, p, group, func(step string) {
			if step == at {
				terminate(t, c)
			}
		})
		expectOutcome(t, s, at, p, group, err)
		if errors.Is(err, store.ErrCommitUnknown) && at != "commit" {
			t.Errorf("before %s: error is %v", at, err)
		}
		expectWorks(t, s)
	}
}

// expectOutcome checks that what a Commit said, or what Committed says where it
// said nothing, is what there is.
func expectOutcome(t *testing.T, s store.Store, at string, p payment.Payment, group ident.ID, err error) {
	t.Helper()
	committed := err == nil
	if errors.Is(err, store.ErrCommitUnknown) {
		committed = committedAtLast(t, s, group)
	} else if err != nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrConflict) {
		t.Errorf("%s: error is %v", at, err)
	}
	if found := isThere(t, s, p); found != committed {
		t.Errorf("%s: committed is %v, and the payment is there: %v", at, committed, found)
	}
}

// isThere asks for a payment until there is an answer.
func isThere(t *testing.T, s store.Store, p payment.Payment) bool {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		_, err := s.Payment(t.Context(), p.ID)
		if err == nil || errors.Is(err, store.ErrNotFound) {
			return err == nil
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	t.Fatal("the shard never answers")
	return false
}

// committedAtLast asks until there is an answer.
func committedAtLast(t *testing.T, s store.Store, group ident.ID) bool {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; {
		committed, err := s.Committed(t.Context(), 0, group)
		if err == nil {
			return committed
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	t.Fatal("Committed never answers")
	return false
}

// expectWorks checks that a shard takes a payment, after a moment at most.
func expectWorks(t *testing.T, s store.Store) {
	t.Helper()
	var err error
	for began := time.Now(); time.Since(began) < 10*time.Second; {
		p := newPayment(ids.New(4))
		if err = walk(t.Context(), s, p, ids.New(0), func(string) {}); err == nil {
			if _, err := s.Payment(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Errorf("the shard does not work again: %v", err)
}

// slowCommit makes every COMMIT of a group wait.
const slowCommit = `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN IF NOT NEW.void THEN PERFORM pg_sleep(1.2); END IF; RETURN NULL; END';
	CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON commits DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION wait()`

// TestCommitInDoubt: the COMMIT is under way when its answer is given up, or its
// server process ended. Committed waits for it, and its answer is final.
func TestCommitInDoubt(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	cfg.Freeze = 400 * time.Millisecond
	c, s := connect(t, cfg, 0), open(t, cfg)
	expectWorks(t, s)
	exec(t, c, slowCommit)
	for _, end := range []string{"time-out", "terminated"} {
		p, group := newPayment(ids.New(4)), ids.New(0)
		isThere(t, s, p) // the shard answers
		err := walk(t.Context(), s, p, group, func(step string) {
			if step == "commit" && end == "terminated" {
				go func() {
					_ = pgtest.Run(cfg.Shards[0].DSN, `SELECT pg_sleep(0.2); SELECT pg_terminate_backend(pid)
						FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'payment_service'
						AND state = 'active'`)
				}()
			}
		})
		if !errors.Is(err, store.ErrCommitUnknown) {
			t.Errorf("%s: error is %v", end, err)
		}
		expectOutcome(t, s, end, p, group, err)
		if again, found := committedAtLast(t, s, group), isThere(t, s, p); again != found {
			t.Errorf("%s: asked again: %v; the payment is there: %v", end, again, found)
		}
	}
	exec(t, c, "DROP TRIGGER wait ON commits")
	expectWorks(t, s)
}

// TestLocked: a row that another holds for too long is a conflict.
func TestLocked(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	s, other := open(t, cfg), open(t, cfg)
	expectWorks(t, s)
	holder, err := other.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback()
	if _, err := holder.Load(t.Context(), store.Keys{Accounts: []ledger.Key{walletKey}}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err = walk(t.Context(), s, newPayment(ids.New(4)), ids.New(0), func(string) {})
	if took := time.Since(began); !errors.Is(err, store.ErrConflict) || took < time.Second || took > 4*time.Second {
		t.Errorf("error is %v after %s", err, took)
	}
	holder.Rollback()
	expectWorks(t, s)
}

// TestDeadlock: of two Txs that wait for each other one is a conflict, the other
// goes through.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	stores := []*postgres.Store{open(t, cfg), open(t, cfg)}
	rows := []payment.Payment{newPayment(ids.New(4)), newPayment(ids.New(4))}
	for _, p := range rows {
		if err := walk(t.Context(), stores[0], p, ids.New(0), func(string) {}); err != nil {
			t.Fatal(err)
		}
	}
	txs := make([]store.Tx, 2)
	for i, s := range stores {
		var err error
		if txs[i], err = s.Begin(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		defer txs[i].Rollback()
		if _, err := txs[i].Load(t.Context(), store.Keys{Payments: []ident.ID{rows[i].ID}}); err != nil {
			t.Fatal(err)
		}
	}
	errs := make([]error, 2)
	var running sync.WaitGroup
	for i, tx := range txs {
		running.Go(func() { // it updates what the other has loaded
			changes := store.Changes{Group: ids.New(0), Payments: []store.Change[payment.Payment]{{Value: rows[1-i]}}}
			if errs[i] = tx.Write(t.Context(), &changes); errs[i] == nil {
				errs[i] = tx.Commit(t.Context())
			}
		})
	}
	running.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("errors are %v and %v", errs[0], errs[1])
	}
	for _, err := range errs {
		if err != nil && !errors.Is(err, store.ErrConflict) {
			t.Error(err)
		}
	}
}

// TestStoresRace lets two stores claim one key, again and again: one wins, the
// other learns who.
func TestStoresRace(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	stores := []*postgres.Store{open(t, cfg), open(t, cfg)}
	for range 20 {
		key := ids.New(4).Text(ident.Payment)
		claims := []store.Claim{claimOf(key), claimOf(key)}
		holders, errs := make([]*store.Claim, 2), make([]error, 2)
		var running sync.WaitGroup
		for i, s := range stores {
			running.Go(func() { holders[i], errs[i] = claimOnce(t.Context(), s, claims[i]) })
		}
		running.Wait()
		winner := 0
		if holders[0] != nil {
			winner = 1
		}
		loser := 1 - winner
		if errs[0] != nil || errs[1] != nil || holders[winner] != nil || holders[loser] == nil ||
			holders[loser].Object != claims[winner].Object {
			t.Fatal(holders, errs)
		}
	}
}

func claimOnce(ctx context.Context, s store.Store, c store.Claim) (*store.Claim, error) {
	tx, err := s.Begin(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	holders, err := tx.Claim(ctx, []store.Claim{c})
	if err != nil {
		return nil, err
	}
	if err := tx.Write(ctx, &store.Changes{Group: ids.New(0)}); err != nil {
		return nil, err
	}
	return holders[0], tx.Commit(ctx)
}
