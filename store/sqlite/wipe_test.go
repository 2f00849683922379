package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"florin/ident"
	"florin/store"
	"florin/store/sqlite"
	"florin/vault"
)

// TestDeletedCardIsOverwritten: once the log is written back nothing of a
// deleted card's sealed data is left in the file.
func TestDeletedCardIsOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 1})
	if err != nil {
		t.Fatal(err)
	}
	ids := ident.NewSource(0, time.Now, func() uint64 { return 0 })
	write := func(changes store.Changes) {
		t.Helper()
		tx, err := s.Begin(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		changes.Group = ids.New(0)
		if err := tx.Write(t.Context(), &changes); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var methods []store.Change[vault.PaymentMethod]
	for i := range 200 {
		methods = append(methods, store.Change[vault.PaymentMethod]{New: true, Value: vault.PaymentMethod{
			ID: ids.New(1), UserID: 1, Sealed: bytes.Repeat([]byte{byte(i), 0xfe, 0xca, 'S'}, 60), Version: 1,
		}})
	}
	write(store.Changes{Methods: methods})
	reopen := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 1}); err != nil {
			t.Fatal(err)
		}
	}
	reopen()
	if n := leftover(t, dir, methods); n != len(methods) {
		t.Fatalf("%d of %d cards are in the file", n, len(methods))
	}
	for i := range methods {
		if i%2 == 0 {
			gone := store.Change[vault.PaymentMethod]{Value: vault.Delete(methods[i].Value, time.Now())}
			write(store.Changes{Methods: []store.Change[vault.PaymentMethod]{gone}})
		}
	}
	reopen()
	if n := leftover(t, dir, methods); n != len(methods)/2 {
		t.Errorf("%d cards are in the file, want %d", n, len(methods)/2)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// leftover counts the cards of which a piece stands in any file.
func leftover(t *testing.T, dir string, methods []store.Change[vault.PaymentMethod]) (n int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "shard-*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, m := range methods {
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(data, m.Value.Sealed[:16]) {
				n++
				break
			}
		}
	}
	return n
}
