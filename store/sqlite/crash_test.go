package sqlite_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/store/sqlite"
)

// copyStore copies the files of a store as they stand, as a power cut would
// leave them: the log is not written back.
func copyStore(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// audit checks that a store's books agree, and returns how many payments it has.
func audit(t *testing.T, s store.Store) (payments int) {
	t.Helper()
	for shard := range s.Shards() {
		v, err := s.Snapshot(t.Context(), shard)
		if err != nil {
			t.Fatal(err)
		}
		sums, entries := map[ledger.Key]money.Sum{}, 0
		err = v.Transactions(t.Context(), func(x ledger.Transaction) (err error) {
			for _, e := range x.Entries {
				entries++
				sum := sums[e.Account]
				if sums[e.Account], err = sum.Add(e.Minor); err != nil {
					return err
				}
			}
			return x.Check()
		})
		err = errors.Join(err, v.Accounts(t.Context(), func(a ledger.Account) error {
			if sums[a.Key] != a.Balance {
				return fmt.Errorf("%v: entries sum to %v", a, sums[a.Key])
			}
			return nil
		}), v.Close())
		if err != nil {
			t.Errorf("shard %d: %v", shard, err)
		}
		payments += entries / 2
	}
	return payments
}

func TestUncleanStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, sqlite.Config{Dir: dir, Shards: 2})
	w := newWorkload(s, 100)
	if err := w.run(t.Context(), 6, 50); err != nil {
		t.Fatal(err)
	}
	copied := open(t, sqlite.Config{Dir: copyStore(t, dir)})
	if n := audit(t, copied); n != 300 {
		t.Errorf("%d of 300 payments are there", n)
	}
	high, err := copied.LastHigh(t.Context())
	if err != nil || high == 0 {
		t.Errorf("LastHigh is %d, %v", high, err)
	}
	again := newWorkload(copied, 100)
	again.ids.Advance(high)
	if err := again.run(t.Context(), 6, 50); err != nil {
		t.Fatal(err)
	}
	if n := audit(t, copied); n != 600 {
		t.Errorf("%d of 600 payments are there", n)
	}
}

// TestLongCommit commits more than the log's buffer holds.
func TestLongCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, sqlite.Config{Dir: dir, Shards: 1})
	w := newWorkload(s, 100)
	if err := w.group(t.Context(), 0, 2500); err != nil {
		t.Fatal(err)
	}
	if n := audit(t, open(t, sqlite.Config{Dir: copyStore(t, dir)})); n != 2500 {
		t.Errorf("%d of 2500 payments are there", n)
	}
}

const killVariable = "FLORIN_SQLITE_KILL"

// TestKill kills a process that writes, again and again: what it had said to be
// committed must be there.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	committed := []ident.ID{}
	for range 3 {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		command.Env = append(os.Environ(), killVariable+"="+dir)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for said := 0; said < 20 && lines.Scan(); {
			if id, err := ident.Parse(ident.Payment, lines.Text()); err == nil {
				committed = append(committed, id)
				said++
			}
		}
		if err := command.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = command.Wait()
	}
	if len(committed) != 60 {
		t.Fatalf("the processes said only %d", len(committed))
	}
	s := open(t, sqlite.Config{Dir: dir})
	audit(t, s)
	for _, id := range committed {
		if p, err := s.Payment(t.Context(), id); err != nil || len(p.Attempts) != 1 {
			t.Errorf("%s: %v, %d attempts", id.Text(ident.Payment), err, len(p.Attempts))
		}
	}
}

// TestKilled is the process that TestKill kills.
func TestKilled(t *testing.T) {
	dir := os.Getenv(killVariable)
	if dir == "" {
		return // not a test by itself
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 1, WALPages: 100})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkload(s, 100)
	high, err := s.LastHigh(t.Context())
	w.ids.Advance(high)
	for err == nil {
		if err = w.group(t.Context(), 0, 20); err != nil {
			break
		}
		newest, failed := s.Payments(t.Context(), 0, store.PaymentQuery{Page: store.Page{Limit: 1}})
		if err = failed; err == nil {
			_, err = os.Stdout.WriteString(newest[0].ID.Text(ident.Payment) + "\n")
		}
	}
	t.Fatal(err)
}

// TestCheckpoint keeps the log short while shards write and others read.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const pages = 100
	s := open(t, sqlite.Config{Dir: dir, Shards: 2, WALPages: pages})
	w := newWorkload(s, 1000)
	for range 4 {
		if err := w.run(t.Context(), 12, 50); err != nil {
			t.Fatal(err)
		}
		audit(t, s)
	}
	for shard := range 2 {
		info, err := os.Stat(filepath.Join(dir, fmt.Sprintf("shard-%d.db-wal", shard)))
		if err != nil {
			t.Fatal(err)
		}
		// Four times the threshold, the readers' stay, and one commit beyond.
		if size := info.Size(); size > 8*pages*4096 {
			t.Errorf("the log of shard %d has %d bytes", shard, size)
		}
	}
	if n := audit(t, open(t, sqlite.Config{Dir: copyStore(t, dir)})); n != 2400 {
		t.Errorf("%d of 2400 payments are there", n)
	}
}
