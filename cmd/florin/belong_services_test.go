//go:build services

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"florin/internal/pgtest"
)

// TestADirectoryAStore: the keys and journals of one store are never taken for those
// of another.
func TestADirectoryAStore(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	one, other := onServer(t, server), onServer(t, server)
	embedded, data := filepath.Join(t.TempDir(), "embedded"), filepath.Join(t.TempDir(), "data")
	for _, file := range []string{one, other} {
		mustFlorin(t, "migrate", "up", "--config", file)
	}
	start(t, embedded, false).stop()
	refused := func(why string, args ...string) {
		t.Helper()
		before, err := os.ReadDir(data)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if got := florin(t, args...); got.code != 1 || !strings.Contains(got.err, why) {
			t.Errorf("%v: %+v", args, got)
		}
		if after, err := os.ReadDir(data); len(after) != len(before) {
			t.Errorf("%v leaves %v, %v", args, after, err)
		}
	}
	serve := []string{"serve", "--listen", "127.0.0.1:0", "--data"}
	refused("holds an embedded store", append(serve, embedded, "--config", one)...)
	refused("holds an embedded store", "audit", "--data", embedded, "--config", one)
	startWith(t, one, data, false).stop()
	startWith(t, one, data, false).stop()
	refused("of another store", append(serve, data, "--config", other)...)
	refused("of another store", "audit", "--data", data, "--config", other)
	refused("of a store in PostgreSQL", append(serve, data)...)
	if out := mustFlorin(t, "audit", "--data", data, "--config", one); !strings.Contains(out, "the books are right") {
		t.Error(out)
	}
}

// TestSettingsThatAreRefused: what a server says that waiting would not change keeps a
// process from starting, with the line that is to be changed.
func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	first, second := server.Database(t), server.Database(t)
	shardsOf := func(dsns ...any) string {
		return fmt.Sprintf("shards:\n  - dsn: %q\n  - dsn: %q\n", dsns...)
	}
	file := writeConfig(t, shardsOf(first, second))
	mustFlorin(t, "migrate", "up", "--config", file)
	for what, c := range map[string]struct{ text, where, why string }{
		"no such database": {shardsOf(first, second+" dbname=none"), ":3: shards[1].dsn: ", "does not exist (SQLSTATE"},
		"no such user":     {shardsOf(first, second+" user=nobody"), ":3: shards[1].dsn: ", `role "nobody" does not exist`},
		"swapped":          {shardsOf(second, first), ".dsn: ", "is shard "},
		"nobody there":     {shardsOf(first+" port=1", second), ":2: shards[0].dsn: ", "connection refused"},
	} {
		file := writeConfig(t, c.text)
		got := florin(t, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--config", file)
		if got.code != 1 || !strings.Contains(got.err, file+":") || !strings.Contains(got.err, c.where) ||
			!strings.Contains(got.err, c.why) {
			t.Errorf("%s: %+v", what, got)
		}
	}
	// One of two servers does not answer: it may be the one that is meant.
	elsewhere := fmt.Sprintf(" host=127.0.0.1,127.0.0.1 port=1,%d dbname=none", server.Port)
	startWith(t, writeConfig(t, shardsOf(first, second+elsewhere)), t.TempDir(), false).stop()
}
