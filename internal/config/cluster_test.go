package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"florin/internal/config"
)

// required is R3's block, as the requirements have it.
const required = `database_cluster:
  master:
    host: payment-db-master.internal
    port: 5432
    max_connections: 200
  read_replicas:
    - host: payment-db-replica-1.internal
      port: 5432
      weight: 50
    - host: payment-db-replica-2.internal
      port: 5432
      weight: 50
  connection_pool:
    min_size: 10
    max_size: 100
    timeout: 30s
`

// least is the least file for PostgreSQL, as the design has it.
const least = `store: postgres
database_cluster:                  # R3's block: connection_pool, max_connections, read_replicas, ...
  connection_pool: {min_size: 2, max_size: 20, timeout: 30s}
shards:                            # as many as a power of two; several hosts in a dsn are one shard's servers
  - {dsn: "postgres://florin@127.0.0.1:5432,127.0.0.1:5442/florin_0"}
  - {dsn: "postgres://florin@127.0.0.1:5432/florin_1", read_replicas: [{host: 127.0.0.1, port: 5452, weight: 50}]}
`

var internals = cmpopts.IgnoreUnexported(config.Database{})

func TestRequiredBlockLoadsAsItStands(t *testing.T) {
	t.Parallel()
	replicas := []config.Replica{
		{Host: "payment-db-replica-1.internal", Port: 5432, Weight: 50},
		{Host: "payment-db-replica-2.internal", Port: 5432, Weight: 50},
	}
	for name, text := range map[string]string{"alone": required, "with the store": "store: postgres\n" + required} {
		got, err := load(t, text, nil)
		if err != nil || got.Store != config.Postgres {
			t.Errorf("%s: store %q, %v", name, got.Store, err)
			continue
		}
		var want []config.Database
		for shard := range 4 {
			want = append(want, config.Database{
				DSN:      fmt.Sprintf("postgres://florin@payment-db-master.internal:5432/florin_%d", shard),
				Replicas: replicas, PreparedStatements: true,
				// 200 connections, less the superusers' 3, for four shards.
				Pool: config.Pool{MinSize: 10, MaxSize: 49, Timeout: 30 * time.Second, CommandTimeout: 30 * time.Second},
			})
		}
		if diff := cmp.Diff(want, got.Databases, internals); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		const cut = "max_connections of 200: min_size 10 and max_size 100 (as connection_pool asks) become 10 and 49 for " +
			"each of 4 shards"
		if len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0], cut) {
			t.Errorf("%s: the warnings are %q", name, got.Warnings)
		}
	}
}

func TestLeastFile(t *testing.T) {
	t.Parallel()
	got, err := load(t, least, nil)
	if err != nil {
		t.Fatal(err)
	}
	pool := config.Pool{MinSize: 2, MaxSize: 20, Timeout: 30 * time.Second, CommandTimeout: 30 * time.Second}
	want := []config.Database{
		{DSN: "postgres://florin@127.0.0.1:5432,127.0.0.1:5442/florin_0", Pool: pool, PreparedStatements: true},
		{
			DSN: "postgres://florin@127.0.0.1:5432/florin_1", Pool: pool, PreparedStatements: true,
			Replicas: []config.Replica{{Host: "127.0.0.1", Port: 5452, Weight: 50}},
		},
	}
	if diff := cmp.Diff(want, got.Databases, internals, cmpopts.EquateEmpty()); diff != "" || len(got.Warnings) > 0 {
		t.Errorf("%q\n%s", got.Warnings, diff)
	}
	if got.Commit.Permits != 2 {
		t.Errorf("%d shards may commit at a time, want both", got.Commit.Permits)
	}
}

func TestPostgresDefaults(t *testing.T) {
	t.Parallel()
	got, err := load(t, "store: postgres\ndatabase_cluster: {master: {host: db}}\n", nil)
	if err != nil || len(got.Databases) != 4 {
		t.Fatalf("%d databases, %v", len(got.Databases), err)
	}
	want := config.Database{
		DSN: "postgres://florin@db:5432/florin_3", PreparedStatements: true,
		Pool: config.Pool{MinSize: 20, MaxSize: 100, Timeout: 30 * time.Second, CommandTimeout: 30 * time.Second},
	}
	if diff := cmp.Diff(want, got.Databases[3], internals, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	got, err = load(t, "store: postgres\nshards: 8\ndatabase_cluster: {master: {host: '::1', port: 5}}\n", nil)
	if err != nil || len(got.Databases) != 8 || got.Databases[7].DSN != "postgres://florin@[::1]:5/florin_7" ||
		got.Commit.Permits != 8 {
		t.Errorf("eight shards: %+v, %v", got.Databases, err)
	}
}

func TestAShardsOwnEntryStandsOverTheCluster(t *testing.T) {
	t.Setenv("FLORIN_TEST_COMMON", "common\n")
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("of-its-own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := load(t, `
database_cluster:
  master: {host: /run/postgresql, max_connections: 300}
  read_replicas: [{host: r}]
  password_env: FLORIN_TEST_COMMON
  prepared_statements: false
  connection_pool: {max_size: 50, command_timeout: 5s}
shards:
  - {}
  - dsn: host=b user=u dbname=d
    max_connections: 40
    read_replicas: []
    password_file: `+file+`
    prepared_statements: true
    connection_pool: {min_size: 0, max_size: 40, timeout: 1s}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Database{
		{
			DSN: "user=florin host='/run/postgresql' port=5432 dbname=florin_0", Password: "common\n",
			Replicas: []config.Replica{{Host: "r", Port: 5432, Weight: 1}},
			Pool:     config.Pool{MinSize: 20, MaxSize: 50, Timeout: 30 * time.Second, CommandTimeout: 5 * time.Second},
		},
		{
			DSN: "host=b user=u dbname=d", Password: "of-its-own", PreparedStatements: true,
			Pool: config.Pool{MinSize: 0, MaxSize: 40, Timeout: time.Second, CommandTimeout: 5 * time.Second},
		},
	}
	if diff := cmp.Diff(want, got.Databases, internals, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(form, got); strings.Contains(text, "of-its-own") {
			t.Errorf("%s prints a password: %s", form, text)
		}
	}
}

func TestADefaultPoolIsCutToFit(t *testing.T) {
	t.Parallel()
	const common = "database_cluster: {master: {host: db, max_connections: "
	for text, want := range map[string][2]int{ // of shard 0: min, max
		common + "100}}\n": {20, 24},
		common + "43}}\n":  {10, 10},
		common + "400}}\n": {20, 100},

		common + "53}}\nshards: [{}, {connection_pool: {max_size: 30}}]\n": {20, 20},
	} {
		got, err := load(t, text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		pool := got.Databases[0].Pool
		if pool.MinSize != want[0] || pool.MaxSize != want[1] || (pool.MaxSize < 100) != (len(got.Warnings) == 1) {
			t.Errorf("%s: %+v, want %v; %q", text, pool, want, got.Warnings)
		}
	}
}

func TestTheWarningOfACutSaysWhatWasAskedAndWhatIsUsed(t *testing.T) {
	t.Parallel()
	const server = "database_cluster:\n  master: {host: db, max_connections: 100}\n  connection_pool: "
	for pool, want := range map[string]string{
		"":                                   "20 and max_size 100 (the default) become 20 and 24 for each of 4 shards",
		"{min_size: 60, max_size: 100}":      "60 and max_size 100 (as connection_pool asks) become 24 and 24 for each",
		"{min_size: 0, command_timeout: 5s}": "0 and max_size 100 (the default) become 0 and 24 for each of 4 shards",
	} {
		got, err := load(t, server+pool+"\n", nil)
		if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "min_size "+want) ||
			!strings.Contains(got.Warnings[0], "a second process needs a smaller max_size") {
			t.Errorf("%s: %q, %v; want %q", pool, got.Warnings, err, want)
		}
	}
}

// The beginnings of files.
const (
	masterBlock = "database_cluster:\n  master:\n    host: db\n"
	oneShard    = "store: postgres\nshards:\n  - dsn: postgres://florin@db/florin_0\n"
	twoPools    = "database_cluster:\n  master: {host: db, max_connections: 200}\n  connection_pool:\n    max_size: 101\n"
)

func TestClusterErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	checkErrors(t, [][2]string{
		{"store: postgres\n", ":1: store: postgres needs the databases: name them in shards"},
		{"partitions:\n  keep_months: -1\n", ":2: partitions.keep_months: -1 is not 0 to 1200"},
		{oneShard + "partitions: {keep_months: 1201}\n", ":4: partitions.keep_months: 1201 is not 0 to 1200"},
		{"partitions:\n  keep_months: 3\n", ":2: partitions.keep_months: is for store: postgres, and the store is sqlite"},
		{masterBlock + "    prt: 5432\n", ":4: unknown field prt; is it port?"},
		{masterBlock + "    port: 0\n", ":4: database_cluster.master.port: 0 is not 1 to 65535"},
		{masterBlock + "    port: 70000\n", ":4: database_cluster.master.port: 70000 is not 1 to 65535"},
		{masterBlock + "    port: many\n", ":4: `many` is no whole number"},
		{masterBlock + "    max_connections: 0\n", ":4: database_cluster.master.max_connections: 0 is not 1"},
		{masterBlock + "    max_connections: 6\n", ":4: database_cluster.master.max_connections: 6 is too few"},
		{"database_cluster:\n  master:\n    port: 1\n", ":2: database_cluster.master.host: is missing"},
		{"database_cluster:\n  master: {host: a b}\n", `:2: database_cluster.master.host: "a b" is no host's name`},
		{
			"database_cluster:\n  master: {host: \"a:5432\"}\n",
			`:2: database_cluster.master.host: "a:5432" is no host's name`,
		},
		{"database_cluster: 3\n", ":1: `3` is no block database_cluster"},
		{masterBlock + "  max_lag: 2s\n", ":4: database_cluster.max_lag: 2s is less than 3s"},
		{masterBlock + "  max_lag: 0s\n", ":4: database_cluster.max_lag: 0s is less than 3s"},
		{masterBlock + "  read_replicas: r\n", ":4: `r` is no list of replicas"},
		{
			masterBlock + "  read_replicas:\n    - {host: r, weight: 0}\n",
			":5: database_cluster.read_replicas[0].weight: 0 is not 1",
		},
		{
			masterBlock + "  read_replicas:\n    - {host: r, weight: 1001}\n",
			":5: database_cluster.read_replicas[0].weight: 1001",
		},
		{
			masterBlock + "  read_replicas:\n    - {host: r, port: -1}\n",
			":5: database_cluster.read_replicas[0].port: -1 is not",
		},
		{
			masterBlock + "  read_replicas:\n    - {weight: 1}\n",
			":5: database_cluster.read_replicas[0].host: \"\" is no",
		},
		{
			masterBlock + "  read_replicas:\n    - {host: r}\n    - {host: r, port: 5432}\n",
			":6: database_cluster.read_replicas[1].host: r:5432 is in",
		},
		{
			masterBlock + "  read_replicas: [{host: db}]\n",
			": shards[0].read_replicas: db:5432 is the shard's master",
		},
	})
}

func TestPoolErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	checkErrors(t, [][2]string{
		{
			masterBlock + "  connection_pool:\n    min_size: 5\n    max_size: 4\n",
			":5: database_cluster.connection_pool.min_size: 5 is more than max_size, 4",
		},
		{
			masterBlock + "  connection_pool: {max_size: 0}\n",
			":4: database_cluster.connection_pool.max_size: 0 is not 2",
		},
		{
			masterBlock + "  connection_pool: {min_size: -1}\n",
			":4: database_cluster.connection_pool.min_size: -1 is not 0",
		},
		{
			masterBlock + "  connection_pool: {timeout: 30}\n",
			":4: database_cluster.connection_pool.timeout: 30 has no unit",
		},
		{
			masterBlock + "  connection_pool: {timeout: 0s}\n",
			":4: database_cluster.connection_pool.timeout: 0s is no time",
		},
		{
			masterBlock + "  connection_pool: {command_timeout: 2h}\n",
			":4: database_cluster.connection_pool.command_timeout: 2h0m0s",
		},
		{masterBlock + "  connection_pool: {size: 3}\n", ":4: unknown field size"},
		{masterBlock + "  password: secret\n", ":4: unknown field password"},
		{
			masterBlock + "  password_env: FLORIN_TEST_NO_SUCH\n",
			":4: database_cluster.password_env: the environment has no FLORIN_TEST_NO_SUCH",
		},
		{
			masterBlock + "  password_file: /no/such/file\n",
			":4: database_cluster.password_file: open /no/such/file: no such file",
		},
		{
			masterBlock + "  password_file: a\n  password_env: b\n",
			":4: database_cluster.password_file: password_env says",
		},
		{masterBlock + "  prepared_statements: maybe\n", ":4: `maybe` is no true or false"},
		{"store: sqlite\n" + required, ":2: database_cluster: is for store: postgres"},
		{"store: postgres\ndata: \"\"\n" + masterBlock, ":2: data: must name a directory"},
		{
			"database_cluster:\n  master: {host: db, max_connections: 90}\n  connection_pool: {max_size: 91}\n",
			":3: database_cluster.connection_pool.max_size: the pools of 4",
		},
	})
}

func TestShardErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	checkErrors(t, [][2]string{
		{
			oneShard + "  - dsn: postgres://florin@db/florin_1\n" + "  - dsn: postgres://florin@db/florin_2\n",
			":2: shards: 3 is no power of two from 1 to 256",
		},
		{"store: postgres\nshards: 3\n" + masterBlock, ":2: shards: 3 is no power of two from 1 to 256"},
		{"store: postgres\nshards: []\n", ":2: shards: is empty: name a database a shard"},
		{
			oneShard + "  - dsn: postgres://other@db:5432/florin_0\n",
			":4: shards[1].dsn: the database florin_0 of db:5432 is that of shards[0]",
		},
		{
			oneShard + "  - dsn: host=a,db user=f dbname=florin_0\n",
			":4: shards[1].dsn: the database florin_0 of db:5432 is that",
		},
		{oneShard + "  - {}\n", ":4: shards[1].dsn: is missing, and there is no database_cluster"},
		{
			oneShard + "  - dsn: postgres://florin:secret@db/florin_1\n",
			":4: shards[1].dsn: holds a password: passwords come from",
		},
		{oneShard + "  - dsn: postgres://db/florin_1?password=secret\n", ":4: shards[1].dsn: holds a password"},
		{oneShard + "  - dsn: postgres://db/d?pass%77ord=secret\n", ":4: shards[1].dsn: holds a password"},
		{oneShard + "  - dsn: host=db password = 'secret' dbname=x\n", ":4: shards[1].dsn: holds a password"},
		{oneShard + "  - dsn: postgres://florin:sec/ret@db/florin_1\n", ":4: shards[1].dsn: "},
		{
			oneShard + "  - dsn: postgres://florin@db:port/florin_1\n",
			":4: shards[1].dsn: is no PostgreSQL address: invalid port",
		},
		{
			oneShard + "  - dsn: postgres://florin@db:70000/florin_1\n",
			":4: shards[1].dsn: is no PostgreSQL address: invalid port",
		},
		{
			oneShard + "  - dsn: florin_1\n",
			":4: shards[1].dsn: is no PostgreSQL address: it begins with postgres:// or postgresql://, as in",
		},
		{
			oneShard + "  - dsn: mysql://florin@db/florin_1?a=b\n",
			":4: shards[1].dsn: is no PostgreSQL address: it begins with postgres:// or postgresql://, as in",
		},
		{oneShard + "  - dns: postgres://florin@db/florin_1\n", ":4: unknown field dns; is it dsn?"},
		{
			"store: postgres\nshards:\n  - postgres://florin@db/florin_0\n",
			":3: `postgre...` is no block of a shard, such as {dsn: \"postgres://florin@db:5432/florin_0\"}",
		},
		{oneShard + "  - dsn: postgres://florin@db\n", ":4: shards[1].dsn: names no database"},
		{
			oneShard + "  - dsn: postgres://db/d?pool_max_conns=4\n",
			":4: shards[1].dsn: pool_max_conns: sizes and times",
		},
		{oneShard + "  - dsn: postgres://db/d?sslmode=maybe\n", ":4: shards[1].dsn: is no PostgreSQL address: "},
	})
}

func TestShardSettingErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	checkErrors(t, [][2]string{
		{oneShard + "    port: 5\n", ":4: unknown field port"},
		{oneShard + "    connection_pool:\n      max_size: none\n", ":5: `none` is no whole number"},
		{
			oneShard + "    connection_pool:\n      timeout: 5\n",
			":5: shards[0].connection_pool.timeout: 5 has no unit",
		},
		{oneShard + "    max_connections: 0\n", ":4: shards[0].max_connections: 0 is not 1 to"},
		{
			oneShard + "    password_env: FLORIN_TEST_NO_SUCH\n",
			":4: shards[0].password_env: the environment has no",
		},
		{
			oneShard + "    read_replicas:\n      - {host: r, weight: 2000}\n",
			":5: shards[0].read_replicas[0].weight: 2000 is not 1 to 1000",
		},
		{"shards: {dsn: x}\n", ":1: "},
		{"store: sqlite\nshards:\n  - dsn: x\n", ":2: shards: is a list, which is for store: postgres"},
		{
			twoPools + "shards: [{}, {}]\n",
			":4: database_cluster.connection_pool.max_size: the pools of 2 shards on db:5432 may take 202",
		},
		{
			"store: postgres\nshards: 2\n" + twoPools,
			":6: database_cluster.connection_pool.max_size: the pools of 2 shards",
		},
		{
			oneShard + "    max_connections: 10\n    connection_pool:\n      max_size: 11\n",
			":6: shards[0].connection_pool.max_size: the pools of",
		},
	})
}

// checkErrors holds that each text is refused, with what the error says behind
// the file's name, and that no password is told.
func checkErrors(t *testing.T, texts [][2]string) {
	t.Helper()
	for _, row := range texts {
		text, want := row[0], row[1]
		_, err := load(t, text, nil)
		if err == nil {
			t.Errorf("%q is taken, want %q", text, want)
			continue
		}
		_, got, _ := strings.Cut(err.Error(), "florin.yaml")
		if !strings.HasPrefix(got, want) || strings.Contains(got, "secret") || strings.Contains(got, "sec/ret") {
			t.Errorf("%q: the error is %q, want %q", text, got, want)
		}
	}
}

// TestTheReadmesFilesLoad, as they stand.
func TestTheReadmesFilesLoad(t *testing.T) {
	t.Setenv("FLORIN_DB_PASSWORD", "of-the-readme")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	stores := map[string]int{}
	for _, block := range strings.Split(string(readme), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		if !strings.HasPrefix(text, "mode:") && !strings.HasPrefix(text, "store:") {
			continue // another program's
		}
		cfg, err := load(t, text, nil)
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		stores[cfg.Store]++
	}
	if stores[config.SQLite] == 0 || stores[config.Postgres] == 0 {
		t.Errorf("the README shows files of %v", stores)
	}
}

func TestProcessesShareAServersConnections(t *testing.T) {
	t.Parallel()
	cfg, err := load(t, "database_cluster:\n  master: {host: db, max_connections: 100}\n"+
		"  connection_pool:\n    max_size: 10\nshards: 4\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.FitProcesses(2); err != nil {
		t.Errorf("two: %v", err)
	}
	err = cfg.FitProcesses(3)
	const want = ":4: database_cluster.connection_pool.max_size: 3 processes may take 120 connections on db:5432"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("three: %v, want %q", err, want)
	}
}
