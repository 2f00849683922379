//go:build services

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/internal/pgtest"
)

// onServer writes the configuration of two empty databases on a server.
func onServer(t *testing.T, server *pgtest.Server) string {
	t.Helper()
	text := "store: postgres\ndatabase_cluster: {connection_pool: {min_size: 0, max_size: 8}}\nshards:\n"
	for range 2 {
		text += fmt.Sprintf("  - dsn: %q\n", server.Database(t))
	}
	return writeConfig(t, text)
}

// TestTwoProcessesOnPostgres walks through the commands, beside two servers that
// share the databases and a data directory.
func TestTwoProcessesOnPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	file, dir := onServer(t, server), filepath.Join(t.TempDir(), "data")
	at := func(line string) []string { return append(strings.Fields(line), "--config", file, "--data", dir) }

	if got := florin(t, at("serve --listen 127.0.0.1:0")...); got.code != 1 ||
		!strings.Contains(got.err, "run florin migrate up --config "+file) {
		t.Errorf("an empty database is served: %+v", got)
	}
	if out := mustFlorin(t, at("migrate status")...); strings.Count(out, "not made yet") != 2 {
		t.Errorf("before: %s", out)
	}
	if out := mustFlorin(t, at("migrate up")...); strings.Count(out, "made now") != 2 {
		t.Errorf("up: %s", out)
	}
	if out := mustFlorin(t, at("migrate up")...); strings.Count(out, "the latest\n") != 2 {
		t.Errorf("up again: %s", out)
	}
	first := startWith(t, file, dir, false)
	second := startWith(t, file, dir, false)
	first.pay(first.key())
	second.pay(first.key())

	var keys []keyRow
	if err := json.Unmarshal([]byte(mustFlorin(t, at("keys list --json")...)), &keys); err != nil || len(keys) != 1 {
		t.Errorf("the keys are %+v: %v", keys, err)
	}
	if out := mustFlorin(t, at("audit")...); !strings.Contains(out, "\n2 payments,") ||
		!strings.Contains(out, "2 operations in the gateways' journals") {
		t.Errorf("the audit while they run prints %s", out)
	}
	var shards []shardRow
	text := mustFlorin(t, at("shards status --json")...)
	if err := json.Unmarshal([]byte(text), &shards); err != nil || len(shards) != 2 || shards[1].Epoch != 1 ||
		shards[0].Partitions.Count != 5 || shards[0].Connections.Max != 8 || shards[0].Connections.Open == 0 ||
		!strings.HasPrefix(shards[0].Where, fmt.Sprintf("127.0.0.1:%d/", server.Port)) {
		t.Errorf("the shards are %s: %v", text, err)
	}
	second.stop()
	first.stop()
	if out := mustFlorin(t, at("audit")...); !strings.Contains(out, "the books are right") {
		t.Errorf("the audit afterwards prints %s", out)
	}
}

// TestServersThatStartAtOnce make one first API key.
func TestServersThatStartAtOnce(t *testing.T) {
	t.Parallel()
	file, dir := onServer(t, pgtest.Shared(t)), filepath.Join(t.TempDir(), "data")
	mustFlorin(t, "migrate", "up", "--config", file, "--data", dir)
	servers := make([]*running, 3)
	var starting sync.WaitGroup
	for i := range servers {
		starting.Go(func() { servers[i] = startWith(t, file, dir, false) })
	}
	starting.Wait()
	for _, server := range servers {
		if server == nil {
			t.Fatal("a server did not start")
		}
		if err := server.node.reloadKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
		server.pay(servers[0].key())
	}
	var keys []keyRow
	text := mustFlorin(t, "keys", "list", "--json", "--config", file)
	if err := json.Unmarshal([]byte(text), &keys); err != nil || len(keys) != 1 {
		t.Errorf("the keys are %s: %v", text, err)
	}
}

// TestReplicaThatIsAway is told, and the shard's line stays.
func TestReplicaThatIsAway(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	dsn := server.Database(t)
	file := writeConfig(t, fmt.Sprintf(`
shards:
  - dsn: %q
    read_replicas: [{host: 127.0.0.1, port: 1}, {host: localhost, port: %d}]
    connection_pool: {min_size: 0, max_size: 4}
`, dsn, server.Port))
	mustFlorin(t, "migrate", "up", "--config", file)
	var shards []shardRow
	text := mustFlorin(t, "shards", "status", "--config", file, "--json")
	if err := json.Unmarshal([]byte(text), &shards); err != nil || len(shards) != 1 || len(shards[0].Replicas) != 2 {
		t.Fatalf("the shards are %s: %v", text, err)
	}
	away, primary := shards[0].Replicas[0], shards[0].Replicas[1]
	if !strings.Contains(away.Error, "127.0.0.1:1") || !strings.Contains(primary.Error, "no standby") {
		t.Errorf("the replicas are %+v", shards[0].Replicas)
	}
}

// TestCeilingsOnPostgres are measured beside the store, and leave nothing.
func TestCeilingsOnPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	file := onServer(t, server)
	mustFlorin(t, "migrate", "up", "--config", file)
	cmd := benchCmd{Config: file, Duration: 200 * time.Millisecond, RawInserts: "-"}
	if rate, err := cmd.rawRate(t.Context(), 16); err != nil || rate < 1 {
		t.Errorf("raw inserts: %f a second, %v", rate, err)
	}
	audited := mustFlorin(t, "audit", "--config", file, "--data", t.TempDir())
	if !strings.Contains(audited, "\n0 payments,") {
		t.Errorf("the raw inserts are in the store: %s", audited)
	}
}

// TestBenchWithoutTheStoresData says which directory it lacks, and makes none.
func TestBenchWithoutTheStoresData(t *testing.T) {
	t.Parallel()
	file, dir := onServer(t, pgtest.Shared(t)), t.TempDir()
	mustFlorin(t, "migrate", "up", "--config", file)
	r := startWith(t, file, dir, false)
	r.pay(r.key())
	r.stop()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	elsewhere := writeConfig(t, fmt.Sprintf("data: %q\n%s", other, text))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bench := exec.Command(self, "bench", "--mode", "single", "--duration", "1s", "--config", elsewhere) // #nosec G204
	bench.Env = append(os.Environ(), florinVariable+"=1")
	said, err := bench.CombinedOutput()
	want := "; it said: florin: the key file " + other + "/vault-key is missing"
	if err == nil || !strings.Contains(string(said), want) || !strings.Contains(string(said), "in --data") {
		t.Errorf("%v, want %q:\n%s", err, want, said)
	}
	if _, err := os.Stat(other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there: %v", other, err)
	}
}
