package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/internal/config"
	"florin/store/postgres"
)

// onStores are the command lines that open a store.
var onStores = []string{
	"serve", "audit", "keys list", "keys create --name x", "keys revoke key_0192f3a4b5c67d008123456789ab0000",
	"migrate up", "migrate status", "shards status", "bench --mode single", "copy",
}

// TestAWrongConfigurationStartsNothing: every command names file, line and field,
// and leaves no data directory behind.
func TestAWrongConfigurationStartsNothing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"store: postgres\nshards:\n  - dsn: postgres://florin:secret@db/florin_0\n": ":3: shards[0].dsn: holds a password",
		"store: postgres\ndatabase_cluster:\n  master: {host: db}\nshards: 3\n":     ":4: shards: 3 is no power of two",
		"store: postgres\n": ":1: store: postgres needs the databases",
	} {
		file := writeConfig(t, text)
		for _, line := range onStores {
			data := filepath.Join(t.TempDir(), "data")
			got := florin(t, append(strings.Fields(line), "--config", file, "--data", data)...)
			if got.code != 1 || !strings.HasPrefix(got.err, "florin: "+file+want) || strings.Contains(got.err, "secret") ||
				strings.Count(got.err, "\n") != 1 {
				t.Errorf("florin %s: %+v, want 1 and %q", line, got, want)
			}
			if _, err := os.Stat(data); err == nil {
				t.Errorf("florin %s made the data directory", line)
			}
		}
	}
}

// TestADatabaseThatIsAway is told in one line, without the password.
func TestADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := writeConfig(t, `
store: postgres
shards: [{dsn: "postgres://florin@127.0.0.1:1/florin_0"}]
database_cluster: {password_file: `+password+`}
`)
	for _, line := range []string{"migrate up", "migrate status", "shards status", "keys list"} {
		got := florin(t, append(strings.Fields(line), "--config", file, "--data", t.TempDir())...)
		if got.code != 1 || strings.Contains(got.err+got.out, "s3cret") || strings.Count(got.err, "\n") != 1 ||
			!strings.Contains(got.err+got.out, "127.0.0.1:1") && !strings.Contains(got.err+got.out, "answer") {
			t.Errorf("florin %s: %+v", line, got)
		}
	}
}

func TestPasswordsReachTheDriver(t *testing.T) {
	t.Parallel()
	const odd = `a b'c\d&e=f%25#?/@:ü`
	for _, dsn := range []string{
		"postgres://florin@127.0.0.1:5432,127.0.0.1:5442/florin_0", "postgresql://f@h/d?sslmode=disable&application_name=x",
		"host=h user=f dbname=d", "user=florin host='/run/postgresql' port=5432 dbname=florin_0",
	} {
		without, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		with, err := pgx.ParseConfig(withPassword(dsn, odd))
		if err != nil {
			t.Fatalf("%s: %v", dsn, err)
		}
		if with.Password != odd || with.Host != without.Host || with.Database != without.Database ||
			with.User != without.User || fmt.Sprint(with.RuntimeParams) != fmt.Sprint(without.RuntimeParams) {
			t.Errorf("%s becomes %s with password %q", dsn, with.Host, with.Password)
		}
		if withPassword(dsn, "") != dsn {
			t.Errorf("%s changes without a password", dsn)
		}
	}
}

func TestHowTheConfiguredDatabasesAreOpened(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, `
database_cluster:
  master: {host: db}
  read_replicas: [{host: r, weight: 7}]
  max_lag: 20s
  connection_pool: {min_size: 3, max_size: 30}
shards: [{prepared_statements: false}, {connection_pool: {max_size: 50}}]
`)
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	serves, looks := postgresConfig(cfg, serving), postgresConfig(cfg, reading)
	if serves.MaxLag != 20*time.Second {
		t.Errorf("the most lag is %s", serves.MaxLag)
	}
	if serves.Access != postgres.ReadWrite || looks.Access != postgres.ReadOnly || len(serves.Shards) != 2 {
		t.Fatalf("%+v, %+v", serves, looks)
	}
	first, second := serves.Shards[0], serves.Shards[1]
	if !first.Unprepared || second.Unprepared || first.Pool.MaxSize != 30 || second.Pool.MaxSize != 50 ||
		second.Pool.MinSize != 3 || first.Replicas[0] != (postgres.Replica{Host: "r", Port: 5432, Weight: 7}) {
		t.Errorf("%+v", serves.Shards)
	}
	if beside := looks.Shards[1].Pool; beside.MinSize != 0 || beside.MaxSize != besideConnections {
		t.Errorf("a command beside the server takes %+v", beside)
	}
	old := explained(cfg, fmt.Errorf("%w: run `florin migrate up`", postgres.ErrSchema))
	if !errors.Is(old, postgres.ErrSchema) || !strings.HasSuffix(old.Error(), "run florin migrate up --config "+file) {
		t.Errorf("the error is %v", old)
	}
}

func TestBenchLeavesLiveStoresAlone(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, "mode: live\ndatabase_cluster: {master: {host: 127.0.0.1, port: 1}}\n")
	got := florin(t, "bench", "--config", file)
	if got.code != 1 || !strings.Contains(got.err, "live") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	sqlite := writeConfig(t, "shards: 2\n")
	got = florin(t, "bench", "--config", sqlite, "--processes", "2")
	if got.code != 1 || !strings.Contains(got.err, "--processes: the embedded store belongs to one process") {
		t.Errorf("%+v", got)
	}
}

// TestProcessesShareADirectory: each has a journal of its own, and knows what the
// others have taken.
func TestProcessesShareADirectory(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load("", map[string]string{"data": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	checkShared(t, cfg)
}
