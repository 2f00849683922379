package sqlite_test

import (
	"errors"
	"testing"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/store/sqlite"
)

// commit writes changes in a Tx of their own, with the accounts' loaded.
func commit(t testing.TB, s store.Store, shard int, changes store.Changes) {
	t.Helper()
	if err := tryCommit(t, s, shard, changes); err != nil {
		t.Fatal(err)
	}
}

func tryCommit(t testing.TB, s store.Store, shard int, changes store.Changes) error {
	t.Helper()
	tx, err := s.Begin(t.Context(), shard)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var keys store.Keys
	for _, a := range changes.Accounts {
		keys.Accounts = append(keys.Accounts, a.Key)
	}
	if _, err := tx.Load(t.Context(), keys); err != nil {
		return err
	}
	if err := tx.Write(t.Context(), &changes); err != nil {
		return err
	}
	return tx.Commit(t.Context())
}

func fresh[T any](rows ...T) (changes []store.Change[T]) {
	for _, row := range rows {
		changes = append(changes, store.Change[T]{Value: row, New: true})
	}
	return changes
}

// load reads a payment and an account as the writer sees them.
func load(t testing.TB, s store.Store, id ident.ID, account ledger.Key) (payment.Payment, ledger.Account) {
	t.Helper()
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	state, err := tx.Load(t.Context(), store.Keys{Payments: []ident.ID{id}, Accounts: []ledger.Key{account}})
	if err != nil {
		t.Fatal(err)
	}
	return state.Payments[id], state.Accounts[account]
}

// TestSharedWriter lets a second process write while the server runs: the
// server must see it, whatever it remembers.
func TestSharedWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := open(t, sqlite.Config{Dir: dir, Shards: 1})
	second := open(t, sqlite.Config{Dir: dir, Access: sqlite.Shared})
	w := newWorkload(server, 10)
	p := w.payment(4)
	a := ledger.Account{Key: ledger.Key{Name: ledger.Sales, Currency: "EUR"}}
	for i := range 6 {
		by := []store.Store{server, second}[i%2]
		p.Version, a.Seq = int64(i+1), int64(i)
		claim := store.Claim{Hash: int64(i), Scope: "s", UserID: 4, Key: "k", Kind: ident.Payment, Object: p.ID}
		tx, err := by.Begin(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if held, err := tx.Claim(t.Context(), []store.Claim{claim}); err != nil || held[0] != nil {
			t.Fatalf("claim %d: %v, %v", i, held, err)
		}
		if _, err := tx.Load(t.Context(), store.Keys{Accounts: []ledger.Key{a.Key}}); err != nil {
			t.Fatal(err)
		}
		err = tx.Write(t.Context(), &store.Changes{
			Payments: []store.Change[payment.Payment]{{Value: p, New: i == 0}},
			Accounts: []ledger.Account{a},
			Events:   []event.Event{w.event(ident.Payment, 4, p.ID, p.Version)},
			APIKeys:  fresh(access.APIKey{ID: w.ids.New(0), Name: "key"}),
		})
		if err == nil {
			err = tx.Commit(t.Context())
		}
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		for _, s := range []store.Store{server, second} {
			if got, account := load(t, s, p.ID, a.Key); got.Version != p.Version || account.Seq != a.Seq {
				t.Errorf("round %d: version %d, seq %d", i, got.Version, account.Seq)
			}
			if _, err := s.FindClaim(t.Context(), 0, claim); err != nil {
				t.Errorf("round %d: %v", i, err)
			}
		}
	}
	events, err := server.Events(t.Context(), 0, 0, 100)
	if err != nil || len(events) != 6 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := open(t, sqlite.Config{Dir: dir, Shards: 1})
	audit := open(t, sqlite.Config{Dir: dir, Access: sqlite.ReadOnly})
	p := newWorkload(server, 10).payment(4)
	commit(t, server, 0, store.Changes{Payments: fresh(p)})
	if got, err := audit.Payment(t.Context(), p.ID); err != nil || got.ID != p.ID {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := audit.Begin(t.Context(), 0); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a Tx began: %v", err)
	}
	if _, err := audit.ClaimKeyset(t.Context(), "k", []byte("v")); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a keyset was claimed: %v", err)
	}
}
