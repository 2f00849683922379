package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPGBench says that pgbench is not installed at the server's version.
var ErrNoPGBench = errors.New("store/postgres: there is no pgbench of the server's version")

// tpcbSchema is where pgbench has its tables, in the database of shard 0.
const tpcbSchema = "florin_bench_tpcb"

// What pgbench is run with.
const (
	tpcbClients = 16
	tpcbScale   = 16 // a branch a client, so that they do not wait for each other's
)

// TPCB is pgbench, PostgreSQL's own bench, on the server of shard 0.
type TPCB struct {
	cfg     Config
	program string
	target  []string // the environment that leads pgbench to the server
	made    bool
}

// NewTPCB finds pgbench, and changes nothing. The error is ErrNoPGBench, or the
// server's.
func NewTPCB(ctx context.Context, cfg Config) (*TPCB, error) {
	cfg = cfg.withDefaults()
	cfg.Shards = cfg.Shards[:1]
	t := &TPCB{cfg: cfg}
	err := withConn(ctx, cfg, 0, func(c *pgx.Conn) error {
		var version int
		if err := c.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
			return err
		}
		major := strconv.Itoa(version / 10_000)
		if t.program = findPGBench(ctx, major); t.program == "" {
			return fmt.Errorf("%w, %s", ErrNoPGBench, major)
		}
		t.target = environment(c)
		return nil
	})
	return t, err
}

// findPGBench returns a pgbench of a major version; "" for none.
func findPGBench(ctx context.Context, major string) string {
	for _, program := range []string{filepath.Join("/usr/lib/postgresql", major, "bin/pgbench"), "pgbench"} {
		said, err := exec.CommandContext(ctx, program, "--version").Output() //nolint:gosec // one of the two
		if err == nil && strings.Contains(string(said), "(PostgreSQL) "+major+".") {
			return program
		}
	}
	return ""
}

// environment leads libpq to where a connection leads.
func environment(c *pgx.Conn) []string {
	cfg := c.Config()
	host, port := cfg.Host, strconv.Itoa(int(cfg.Port))
	if remote, ok := c.PgConn().Conn().RemoteAddr().(*net.TCPAddr); ok { // of several hosts, the one that answered
		host, port = remote.IP.String(), strconv.Itoa(remote.Port)
	}
	return []string{
		"PGHOST=" + host, "PGPORT=" + port, "PGUSER=" + cfg.User, "PGPASSWORD=" + cfg.Password, "PGDATABASE=" + cfg.Database,
		"PGOPTIONS=-c search_path=" + tpcbSchema, "PGAPPNAME=florin bench",
	}
}

// Run measures transactions a second for a while, whole seconds, at least one:
// TPC-B-like, 16 clients, prepared. The first run makes the tables.
func (t *TPCB) Run(ctx context.Context, duration time.Duration) (perSecond float64, err error) {
	if !t.made {
		t.made = true // in part, should it fail
		err := t.cfg.eachSchema(ctx, "DROP SCHEMA IF EXISTS "+tpcbSchema+" CASCADE", "CREATE SCHEMA "+tpcbSchema)
		if err == nil {
			_, err = t.pgbench(ctx, "--initialize", "--quiet", "--scale", strconv.Itoa(tpcbScale))
		}
		if err != nil {
			return 0, err
		}
	}
	seconds := max(1, int(math.Round(duration.Seconds())))
	said, err := t.pgbench(ctx, "--no-vacuum", "--client", strconv.Itoa(tpcbClients), "--jobs", "2",
		"--protocol", "prepared", "--time", strconv.Itoa(seconds))
	if err != nil {
		return 0, err
	}
	rate := tpcbRate.FindSubmatch(said)
	if rate == nil {
		return 0, fmt.Errorf("pgbench does not say how many transactions it made: %s", said)
	}
	return strconv.ParseFloat(string(rate[1]), 64)
}

var tpcbRate = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// Close drops the tables.
func (t *TPCB) Close() error {
	if !t.made {
		return nil
	}
	return t.cfg.eachSchema(context.Background(), "DROP SCHEMA IF EXISTS "+tpcbSchema+" CASCADE")
}

func (t *TPCB) pgbench(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.program, args...) //nolint:gosec // the program that findPGBench has found
	cmd.Env = append(os.Environ(), t.target...)
	var said, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &wrong
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("pgbench: %w: %s", err, strings.TrimSpace(wrong.String()))
	}
	return said.Bytes(), nil
}
