//go:build services

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"florin/ident"
	"florin/internal/config"
	"florin/internal/pgtest"
	"florin/move"
	"florin/store"
	"florin/store/postgres"
	"florin/store/sqlite"
)

// databases writes the configuration of empty databases on a server.
func databases(t *testing.T, server *pgtest.Server, shards int) string {
	t.Helper()
	text := "store: postgres\ndatabase_cluster: {connection_pool: {min_size: 0, max_size: 8}}\nshards:\n"
	for range shards {
		text += fmt.Sprintf("  - dsn: %q\n", server.Database(t))
	}
	return writeConfig(t, text)
}

// twin copies a data directory, so that each case moves a store of its own.
func twin(t *testing.T, dir string) string {
	t.Helper()
	other := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(other, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// TestCopy moves one store with everything in it to as many, more and fewer
// shards, through kills and failures.
func TestCopy(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	dir := filepath.Join(t.TempDir(), "data")
	furnish(t, dir, 3000)
	for _, shards := range []int{4, 8, 2} {
		t.Run(fmt.Sprintf("to %d shards", shards), func(t *testing.T) {
			t.Parallel()
			file, data := databases(t, server, shards), twin(t, dir)
			mustFlorin(t, "migrate", "up", "--config", file)
			if shards == 8 {
				killCopies(t, file, data)
			} else {
				failCopies(t, file, data)
			}
			for _, c := range []struct{ line, want string }{
				{"serve --listen 127.0.0.1:0 --data " + data, "florin copy again"},
				{"keys create --name x --data " + data, "florin copy again"},
				{"serve --listen 127.0.0.1:0 --config " + file, "florin copy again"},
				{"audit --config " + file, "florin copy again"},
			} {
				if got := florin(t, strings.Fields(c.line)...); got.code != 1 || !strings.Contains(got.err, c.want) {
					t.Errorf("florin %s in the middle of the copy: %+v", c.line, got)
				}
			}
			finishCopy(t, file, data, shards)
			serveCopy(t, file, data)
		})
	}
}

// failCopies fails before a chunk at random, until it has come far enough.
func failCopies(t *testing.T, file, data string) {
	t.Helper()
	broken := errors.New("broken off")
	for round := range 4 {
		var left atomic.Int64
		left.Store(10 + rand.Int64N(25))
		_, err := moveWith(t, file, data, func(order *move.Config) {
			order.Rows = 20 + 10*round
			order.Before = func(string, int) error {
				if left.Add(-1) < 0 {
					return broken
				}
				return nil
			}
		})
		if !errors.Is(err, broken) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// moveWith runs a move in this process, as the command does.
func moveWith(t *testing.T, file, data string, change func(*move.Config)) (move.Report, error) {
	t.Helper()
	cfg, err := config.Load(file, map[string]string{"data": data})
	if err != nil {
		t.Fatal(err)
	}
	from, err := sqlite.OpenToMove(t.Context(), sqlite.Config{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	into, err := postgres.OpenToFill(t.Context(), toFill(cfg))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = into.Close() }()
	order, err := copyCmd{}.order(cfg, from, into, &bars{console: &console{}})
	if err != nil {
		t.Fatal(err)
	}
	change(&order)
	return move.Run(t.Context(), order)
}

// killCopies begins slowly, and kills the process of the command twice.
func killCopies(t *testing.T, file, data string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for round := 0; killed < 2 && round < 10; round++ {
		// #nosec G204 -- this test's own binary
		command := exec.CommandContext(context.Background(), self,
			"copy", "--config", file, "--data", data, "--rows", "10")
		command.Env = append(os.Environ(), florinVariable+"=1")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		untilCopying(t, file, killed)
		time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
		_ = command.Process.Kill() // kill -9
		if err := command.Wait(); err != nil {
			killed++
		}
	}
	if killed < 2 {
		t.Fatal("it was never killed in time")
	}
}

// untilCopying waits until a copy has written some rows.
func untilCopying(t *testing.T, file string, before int) {
	t.Helper()
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	into, err := postgres.OpenToFill(t.Context(), toFill(cfg))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = into.Close() }()
	for range 600 {
		filled, err := into.Filled(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(filled) > 1+3*before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("nothing is copied")
}

// finishCopy runs the command to its end, and holds what it says against what is
// there.
func finishCopy(t *testing.T, file, data string, shards int) {
	t.Helper()
	var report move.Report
	text := mustFlorin(t, "copy", "--config", file, "--data", data, "--verify", "--json")
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(err)
	}
	if !report.OK || !report.Resumed || report.ShardsFrom != 4 || report.ShardsTo != shards ||
		!report.SourceAudit.OK || !report.TargetAudit.OK {
		t.Errorf("the report is %s", text)
	}
	source, target := report.SourceAudit.Totals, report.TargetAudit.Totals
	if source.Payments < 3000 || source.Payments != target.Payments || source.Events != target.Events ||
		source.Claims != target.Claims || source.Refunds == 0 || source.Refunds != target.Refunds ||
		source.Disputes == 0 || source.Disputes != target.Disputes || source.Transfers != target.Transfers ||
		report.SourceAudit.Open.Transfers != 12 || report.TargetAudit.Open.Transfers != 12 {
		t.Errorf("the source has %+v, the target %+v", source, target)
	}
	seen := map[string]move.Compared{}
	for _, p := range report.Parts {
		seen[p.Part] = p
		if p.Different > 0 || p.Rows == 0 {
			if p.Part != "received_transfers" || p.Different > 0 {
				t.Errorf("%+v", p)
			}
		}
	}
	if p := seen["payments"]; len(seen) != 15 || p.Rows != source.Payments || p.Found != p.Rows {
		t.Errorf("%d parts, payments %+v", len(seen), p)
	}
	if out := mustFlorin(t, "copy", "--config", file, "--data", data); !strings.Contains(out, "was moved before") {
		t.Errorf("once more: %s", out)
	}
	if out := mustFlorin(t, "audit", "--data", data); !strings.Contains(out, "the books are right") {
		t.Errorf("the source: %s", out)
	}
	for _, line := range []string{
		"serve --listen 127.0.0.1:0", "keys create --name x", "copy --abandon --config " + file,
	} {
		got := florin(t, append(strings.Fields(line), "--data", data)...)
		if got.code != 1 || !strings.Contains(got.err, "moved") || strings.Count(got.err, "\n") != 1 {
			t.Errorf("florin %s on the source: %+v", line, got)
		}
	}
}

// serveCopy serves the copy: cards and keys work, and what was on its way ends.
func serveCopy(t *testing.T, file, data string) {
	t.Helper()
	r := startWith(t, file, data, false)
	r.pay(r.key())
	status, text := r.post(r.key(), "/api/v1/transfers",
		`{"from_user_id":1,"to_user_id":6,"amount":5,"currency":"EUR"}`)
	if status >= 300 {
		t.Errorf("a transfer: %d %s", status, text)
	}
	listed := map[string]int{}
	for user := range int64(copiedUsers) {
		list, err := r.node.flow.Transfers(t.Context(), store.TransferQuery{
			Page: store.Page{Limit: 100}, UserID: user + 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			listed[v.ID.Text(ident.Transfer)]++
		}
	}
	for id, times := range listed {
		if times != 2 && times != 1 { // its two users', but for one that is not received yet
			t.Errorf("transfer %s is listed %d times", id, times)
		}
	}
	open := int64(1)
	for end := time.Now().Add(40 * time.Second); open > 0 && time.Now().Before(end); {
		time.Sleep(200 * time.Millisecond)
		open = 0
		for shard := range r.node.store.Shards() {
			list, err := r.node.store.PendingTransfers(t.Context(), shard, [16]byte{}, time.Now(), 100)
			if err != nil {
				t.Fatal(err)
			}
			open += int64(len(list))
		}
	}
	r.stop()
	out := mustFlorin(t, "audit", "--config", file, "--data", data)
	if open > 0 || !strings.Contains(out, "the books are right") || !strings.Contains(out, " 0 transfers\n") {
		t.Errorf("%d transfers are pending, and the audit prints %s", open, out)
	}
}

// TestCopyRefuses whatever could mix two stores, and leaves both as they were.
func TestCopyRefuses(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	dir := filepath.Join(t.TempDir(), "data")
	r := start(t, dir, false)
	r.pay(r.key())
	file := databases(t, server, 2)
	refused := func(what, file, data, want string) {
		t.Helper()
		got := florin(t, "copy", "--config", file, "--data", data)
		if got.code != 1 || !strings.Contains(got.err, want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: %+v, want %q", what, got, want)
		}
	}
	refused("while it is served", file, dir, "in use")
	r.stop()
	refused("not migrated", file, dir, "run florin migrate up --config "+file)
	mustFlorin(t, "migrate", "up", "--config", file)
	refused("nothing there", file, t.TempDir(), "there is no store")
	refused("no databases", writeConfig(t, "shards: 4\n"), dir, "store: postgres")
	dsn := server.Database(t)
	live := writeConfig(t, fmt.Sprintf("store: postgres\nshards: [{dsn: %q}]\n", dsn))
	mustFlorin(t, "migrate", "up", "--config", live)
	if err := pgtest.Run(dsn, "UPDATE meta SET mode = 'live'"); err != nil {
		t.Fatal(err)
	}
	refused("another mode", live, dir, "is in mode live, not test")
	used := databases(t, server, 2)
	mustFlorin(t, "migrate", "up", "--config", used)
	mustFlorin(t, "keys", "create", "--name", "x", "--config", used)
	refused("a store in use", used, dir, "not empty")
	served := start(t, dir, false)
	served.pay(served.key()) // it bears no mark yet
	served.stop()
	if got := florin(t, "audit", "--config", used); got.code != 0 {
		t.Errorf("it was touched: %+v", got)
	}

	broken := errors.New("broken off")
	_, err := moveWith(t, file, dir, func(order *move.Config) {
		order.Before = func(part string, _ int) error {
			if part == "events" {
				return broken
			}
			return nil
		}
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	refused("to other databases", used, dir, "other databases")
	second := filepath.Join(t.TempDir(), "second")
	s := start(t, second, false)
	s.pay(s.key())
	s.stop()
	refused("another store into the same", file, second, "another copy")
	giveUp(t, file, dir)
	again := start(t, dir, false)
	again.pay(again.key())
	again.stop()
	refused("the databases of a copy that was given up", file, dir, anew)
	empty := databases(t, server, 1)
	mustFlorin(t, "migrate", "up", "--config", empty)
	if out := mustFlorin(t, "copy", "--config", empty, "--data", dir); !strings.Contains(out, "moved from 4 shards to 1") {
		t.Errorf("to other databases: %s", out)
	}
}

// anew is what must be done once a copy was given up.
const anew = "make new databases if it was given up with --abandon"

// giveUp gives a copy up: what is said then, and by a server on the databases, names
// the way on.
func giveUp(t *testing.T, file, dir string) {
	t.Helper()
	out := mustFlorin(t, "copy", "--abandon", "--config", file, "--data", dir)
	if !strings.Contains(out, "make new ones") {
		t.Errorf("giving it up says %s", out)
	}
	got := florin(t, "serve", "--config", file, "--data", dir, "--listen", "127.0.0.1:0")
	if got.code != 1 || !strings.Contains(got.err, anew) {
		t.Errorf("they are served: %+v", got)
	}
}
