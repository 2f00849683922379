//go:build services

package postgres_test

import (
	"errors"
	"testing"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/store/postgres"
)

func openToFill(t *testing.T, cfg postgres.Config) *postgres.Filling {
	t.Helper()
	f, err := postgres.OpenToFill(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// anID returns the nth id of a moment, of user 1.
func anID(n int64) ident.ID {
	return ident.FromHalves(time.Date(2025, 2, 3, 0, 0, 0, 0, time.UTC).UnixMilli()<<12|n, -1<<63|1)
}

// TestFilling: only the copy whose mark a database bears fills it, and nobody
// serves it meanwhile, not even who had it open before.
func TestFilling(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	server := open(t, cfg)
	tx, err := server.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	f := openToFill(t, cfg)
	first, second := anID(1), anID(2)
	for _, step := range []func() error{
		func() error { return f.CheckEmpty(t.Context(), 0, first) },
		func() error { return f.StartFill(t.Context(), 0, first) },
		func() error { return f.StartFill(t.Context(), 0, first) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Load(t.Context(), store.Keys{Accounts: []ledger.Key{
		{Name: ledger.Sales, Slot: tx.Slot(), Currency: "EUR"},
	}}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a Tx of a server that had the database open: %v", err)
	}
	tx.Rollback()
	if err := f.StartFill(t.Context(), 0, second); !errors.Is(err, postgres.ErrNotEmpty) {
		t.Errorf("another copy: %v", err)
	}
	rows := &store.Fill{Keysets: []store.Keyset{{Name: "k", Sealed: []byte("v")}}}
	if err := f.Fill(t.Context(), 0, second, "keysets", 0, 1, rows); !errors.Is(err, postgres.ErrNotEmpty) {
		t.Errorf("another copy's rows: %v", err)
	}
	for _, access := range []postgres.Access{postgres.ReadWrite, postgres.Shared, postgres.ReadOnly} {
		cfg.Access = access
		if s, err := postgres.Open(t.Context(), cfg); !errors.Is(err, postgres.ErrFilling) {
			t.Errorf("access %d: %v, %v", access, s, err)
		}
	}
	if err := f.EndFill(t.Context(), 0, second); !errors.Is(err, postgres.ErrNotEmpty) {
		t.Errorf("another copy's end: %v", err)
	}
	for range 2 {
		if err := f.EndFill(t.Context(), 0, first); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Access = postgres.ReadWrite
	if slot := slotOf(t, open(t, cfg)); slot != 0 {
		t.Errorf("slot %d is the lowest afterwards", slot)
	}
}

// TestFillingWaits: a Tx that is under way when a copy begins is waited for, and what
// it writes is found.
func TestFillingWaits(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{true, false} {
		cfg := migrated(t, 1)
		server, f := open(t, cfg), openToFill(t, cfg)
		tx, err := server.Begin(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Claim(t.Context(), []store.Claim{claimOf("k")}); err != nil {
			t.Fatal(err)
		}
		started := make(chan error, 1)
		go func() { started <- f.StartFill(t.Context(), 0, anID(1)) }()
		select {
		case err := <-started:
			t.Fatalf("the Tx is not waited for: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		var want error
		if commits {
			want = postgres.ErrNotEmpty
			if err := tx.Commit(t.Context()); err != nil {
				t.Error(err)
			}
		}
		tx.Rollback()
		if err := <-started; !errors.Is(err, want) {
			t.Errorf("the Tx commits is %v: %v", commits, err)
		}
		tx, err = server.Begin(t.Context(), 0)
		if err == nil {
			_, err = tx.Claim(t.Context(), []store.Claim{claimOf("l")})
			tx.Rollback()
		}
		if commits == (err != nil) {
			t.Errorf("the Tx commits is %v; the next one: %v", commits, err)
		}
	}
}

// TestFilled: a chunk comes once, with its count or not at all, and system accounts
// move on from chunk to chunk.
func TestFilled(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	f := openToFill(t, cfg)
	name := anID(0)
	if err := f.StartFill(t.Context(), 0, name); err != nil {
		t.Fatal(err)
	}
	account := ledger.Account{
		Key: ledger.Key{Name: ledger.Wallet(1), Currency: "EUR"}, Balance: money.NewSum(10), Seq: 2,
	}
	fill := func(part string, before, after int64, rows store.Fill) error {
		return f.Fill(t.Context(), 0, name, part, before, after, &rows)
	}
	if err := fill("accounts", 0, 1, store.Fill{Changes: store.Changes{Accounts: []ledger.Account{account}}}); err != nil {
		t.Fatal(err)
	}
	for n := range int64(2) {
		v := transactionOf(n)
		bare := v
		if err := fill("transactions", n, n+1, store.Fill{
			Changes: store.Changes{Transactions: []ledger.Transaction{bare}},
		}); err != nil {
			t.Fatal(err)
		}
		chunk := store.Fill{Entries: []store.Posted{
			{Entry: v.Entries[0], Transaction: v}, {Entry: v.Entries[1], Transaction: v},
		}}
		if err := fill("entries", 2*n, 2*n+2, chunk); err != nil {
			t.Fatal(err)
		}
		if err := fill("entries", 2*n, 2*n+2, chunk); err == nil {
			t.Error("a chunk came twice")
		}
	}
	filled, err := f.Filled(t.Context(), 0)
	if err != nil || filled["accounts"] != 1 || filled["transactions"] != 2 || filled["entries"] != 4 {
		t.Errorf("filled are %v: %v", filled, err)
	}
	s, err := f.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	accounts := map[ledger.Name]ledger.Account{}
	err = s.Accounts(t.Context(), func(a ledger.Account) error { accounts[a.Name] = a; return nil })
	adjustments := accounts[ledger.Adjustments]
	if err != nil || accounts[ledger.Wallet(1)] != account || adjustments.Seq != 2 || adjustments.Slot != 0 ||
		adjustments.Balance != money.NewSum(-10) {
		t.Errorf("the accounts are %+v: %v", accounts, err)
	}
	var months int
	c := connect(t, cfg, 0)
	const question = `SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE '%_2025_02'`
	if err := c.QueryRow(t.Context(), question).Scan(&months); err != nil || months != 2 {
		t.Errorf("%d partitions are of the month: %v", months, err)
	}
}

// transactionOf is the nth adjustment of user 1 by 5.
func transactionOf(n int64) ledger.Transaction {
	id := anID(10 * (n + 1))
	return ledger.Transaction{
		ID: id, UserID: 1, Kind: ledger.KindAdjustment, Object: id,
		Entries: []ledger.Entry{
			{
				ID: anID(10*(n+1) + 1), Account: ledger.Key{Name: ledger.Adjustments, Slot: 3, Currency: "EUR"}, Minor: -5,
				Seq: 77, Balance: money.NewSum(-77),
			},
			{
				ID: anID(10*(n+1) + 2), Account: ledger.Key{Name: ledger.Wallet(1), Currency: "EUR"}, Minor: 5, Seq: n + 1,
				Balance: money.NewSum(5 * (n + 1)),
			},
		},
	}
}
