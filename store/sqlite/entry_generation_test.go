package sqlite_test

import (
	"testing"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/store/sqlite"
)

// TestEntriesByGeneration: the entries of a user's account are found in the order
// of their seqs among thousands, also when the store was closed in between.
func TestEntriesByGeneration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const groups, size = 12, 600
	key := func(user int64) ledger.Key { return ledger.Key{Name: ledger.Wallet(user), Currency: "EUR"} }
	accounts := map[ledger.Key]ledger.Account{}
	var ids *ident.Source
	for group := range groups {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 1})
		if err != nil {
			t.Fatal(err)
		}
		if ids == nil {
			ids = newWorkload(s, 1).ids
		}
		changes := store.Changes{Group: ids.New(0)}
		touched := map[ledger.Key]ledger.Account{}
		for i := range size {
			from, to := int64(i%50+2), int64(1)
			if i%7 != 0 {
				to = int64(i%50 + 100)
			}
			posted := ledger.NewTransaction(ledger.KindTransfer, from, ids.New(from), ident.ID{}, ledger.Posting{
				Debit: key(to).Name, Credit: key(from).Name, Amount: money.Amount{Minor: 1, Currency: "EUR"},
			})
			posted.ID = ids.New(from)
			for j := range posted.Entries {
				e := &posted.Entries[j]
				a := accounts[e.Account]
				a.Key, a.Seq = e.Account, a.Seq+1
				a.Balance, _ = a.Balance.Add(e.Minor)
				accounts[e.Account], touched[e.Account] = a, a
				e.ID, e.Seq, e.Balance = ids.New(from), a.Seq, a.Balance
			}
			changes.Transactions = append(changes.Transactions, posted)
		}
		var keys store.Keys
		for key, a := range touched {
			keys.Accounts = append(keys.Accounts, key)
			changes.Accounts = append(changes.Accounts, a)
		}
		changes.Events = []event.Event{}
		write(t, s, keys, &changes)
		if group == groups-1 {
			seqs, err := s.EntrySeqs(key(1))
			if err != nil || int64(len(seqs)) != accounts[key(1)].Seq || len(seqs) < 1000 {
				t.Fatalf("%d entries, want %d: %v", len(seqs), accounts[key(1)].Seq, err)
			}
			for i, seq := range seqs {
				if seq != int64(len(seqs)-i) {
					t.Fatalf("entry %d from the end has seq %d", i, seq)
				}
			}
			if n, err := s.Query(0, `SELECT max(generation) FROM ledger_entries`); err != nil || n < 2 {
				t.Errorf("%d generations, %v", n, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// write commits changes in a Tx of their own.
func write(t *testing.T, s store.Store, keys store.Keys, changes *store.Changes) {
	t.Helper()
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Load(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	if err := tx.Write(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}
