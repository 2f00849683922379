package postgres

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"florin/ident"
	"florin/money"
)

//go:embed migrations/*.sql
var embedded embed.FS

// Schema is the version of one shard's schema.
type Schema struct {
	Shard   int
	Version int64 // 0 when nothing is there yet
	Latest  int64 // that this program knows
}

// migrationLock is the advisory lock under which a database is migrated.
const migrationLock = 7_236_104

// Migrate brings the schema of every shard to the latest version, making the
// store when there is none, and returns what each was before. It needs all
// databases, and the right to make tables in them.
func Migrate(ctx context.Context, cfg Config) (before []Schema, err error) {
	return migrate(ctx, cfg, embedded)
}

func migrate(ctx context.Context, cfg Config, files fs.FS) (before []Schema, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	want, err := survey(ctx, cfg)
	if err != nil {
		return nil, err
	}
	before = make([]Schema, len(cfg.Shards))
	for number := len(cfg.Shards) - 1; number >= 0; number-- {
		want.shard = number
		schema, err := migrateShard(ctx, cfg, files, want)
		if err != nil {
			return nil, &ShardError{number, fmt.Errorf("migrate: %w", err)}
		}
		before[number] = schema
	}
	return before, nil
}

// leastServer is the first PostgreSQL that does all that the store asks for.
const leastServer = 15

// checkServer refuses a server's version, such as "15.14", that is too old. What it
// cannot read it lets pass.
func checkServer(version string) error {
	first, _, _ := strings.Cut(version, ".")
	if major, err := strconv.Atoi(first); err == nil && major < leastServer {
		return fmt.Errorf("the server is PostgreSQL %s; Florin needs %d or newer", version, leastServer)
	}
	return nil
}

// survey reads the marks of all databases that have some, and returns what the
// others are to bear.
func survey(ctx context.Context, cfg Config) (want marks, err error) {
	want = marks{shards: len(cfg.Shards), mode: cfg.Mode}
	for number := range cfg.Shards {
		err := withConn(ctx, cfg, number, func(c *pgx.Conn) error {
			if err := checkServer(c.PgConn().ParameterStatus("server_version")); err != nil {
				return err
			}
			found, ok, err := readMarks(ctx, c)
			if err != nil || !ok {
				return adviseNew(c, err)
			}
			want.shard = number
			if err := found.check(want); err != nil {
				return err
			}
			want.store = found.store
			return nil
		})
		if err != nil {
			return want, &ShardError{number, err}
		}
	}
	if want.store == "" {
		var name ident.ID
		_, _ = rand.Read(name[:]) // never fails
		want.store = hex.EncodeToString(name[:])
	}
	return want, nil
}

// readMarks reads a database's marks; found is false where there are none.
func readMarks(ctx context.Context, c *pgx.Conn) (m marks, found bool, err error) {
	const query = `SELECT store::text, shard, shards, mode FROM meta`
	err = c.QueryRow(ctx, query).Scan(&m.store, &m.shard, &m.shards, &m.mode)
	if stateOf(err) == stateNoTable || errors.Is(err, pgx.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, err
}

// Schemas tells every shard's schema version and changes nothing.
func Schemas(ctx context.Context, cfg Config) ([]Schema, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if _, err := survey(ctx, cfg); err != nil {
		return nil, err
	}
	latest, err := latest(embedded)
	if err != nil {
		return nil, err
	}
	list := make([]Schema, len(cfg.Shards))
	for number := range cfg.Shards {
		list[number] = Schema{Shard: number, Latest: latest}
		err := withConn(ctx, cfg, number, func(c *pgx.Conn) error {
			const query = `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`
			err := c.QueryRow(ctx, query).Scan(&list[number].Version)
			if stateOf(err) == stateNoTable {
				return nil
			}
			return err
		})
		if err != nil {
			return nil, &ShardError{number, fmt.Errorf("schema: %w", err)}
		}
	}
	return list, nil
}

// withConn lends f a connection to a shard's primary that depends on nothing in the
// database. Of several hosts it is the one that a Store would take.
func withConn(ctx context.Context, cfg Config, number int, f func(*pgx.Conn) error) (err error) {
	to, err := connConfig(cfg.Shards[number])
	if err != nil {
		return err
	}
	wantReadWrite(to)
	cfg = cfg.withDefaults()
	sh := &shard{store: &Store{cfg: cfg}, number: number, hosts: hosts{longest: cfg.Freeze / 2}}
	sh.chooseHost(to)
	sh.survey(ctx, to)
	_ = sh.hosts.sort(ctx, to) // never fails
	c, err := pgx.ConnectConfig(ctx, to)
	if err != nil {
		return errorOf(err)
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	return f(c)
}

// connConfig is how one connects to migrate: without keeping any statement, so
// that it works behind PgBouncer too.
func connConfig(shard Shard) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(shard.DSN)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["application_name"] = applicationName
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	return cfg, nil
}

// migrateShard brings one database to the latest version, and marks it when it is
// new. Another process that does the same waits.
func migrateShard(ctx context.Context, cfg Config, files fs.FS, m marks) (before Schema, err error) {
	before.Shard = m.shard
	err = withConn(ctx, cfg, m.shard, func(lock *pgx.Conn) error {
		tx, err := lock.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(ctx) }()
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		db := stdlib.OpenDB(*lock.Config())
		defer func() { err = errors.Join(err, db.Close()) }()
		before.Version, before.Latest, err = up(ctx, db, files, m)
		if err != nil && before.Version <= 0 { // nothing was made yet
			return adviseNew(lock, err)
		}
		if err != nil {
			return err
		}
		return makeAllPartitions(ctx, cfg, m.shard, time.Now())
	})
	return before, err
}

// up runs the migrations that are due, and marks the database.
func up(ctx context.Context, db *sql.DB, files fs.FS, m marks) (version, latest int64, err error) {
	provider, err := newProvider(db, files, m)
	if err != nil {
		return 0, 0, err
	}
	version, latest, err = provider.GetVersions(ctx)
	if err != nil {
		return version, latest, err
	}
	if version > latest {
		return version, latest, fmt.Errorf("%w: it is at %d, and this program knows %d: update Florin",
			ErrSchema, version, latest)
	}
	if _, err := provider.Up(ctx); err != nil {
		return version, latest, err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO meta (id, store, shard, shards, mode, timeline)
		SELECT 1, $1::uuid, $2::int, $3::int, $4::text,
			('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint
		ON CONFLICT DO NOTHING`, m.store, m.shard, m.shards, string(m.mode))
	return version, latest, err
}

// newProvider reads the migrations: files NNNNN_name.sql, forward only, each a
// template that is given the shard's number and count, and the currencies.
func newProvider(db *sql.DB, files fs.FS, m marks) (*goose.Provider, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var migrations []*goose.Migration
	for _, name := range names {
		version, err := versionOf(name)
		if err != nil {
			return nil, err
		}
		script, err := scriptOf(files, name, m)
		if err != nil {
			return nil, err
		}
		run := func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, script, pgx.QueryExecModeSimpleProtocol)
			return err
		}
		migrations = append(migrations, goose.NewGoMigration(version, &goose.GoFunc{RunTx: run}, nil))
	}
	return goose.NewProvider(goose.DialectPostgres, db, nil,
		goose.WithGoMigrations(migrations...), goose.WithDisableGlobalRegistry(true))
}

func scriptOf(files fs.FS, name string, m marks) (string, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return "", err
	}
	t, err := template.New(name).Parse(string(text))
	if err != nil {
		return "", err
	}
	var script bytes.Buffer
	err = t.Execute(&script, struct {
		Shard, Shards int
		Exponents     []exponent
	}{m.shard, m.shards, exponents()})
	return script.String(), err
}

// exponent is a number of digits, and the currencies that have so many.
type exponent struct {
	Digits int
	Codes  string // quoted
}

// exponents lists all currencies but those of two digits.
func exponents() (list []exponent) {
	for _, digits := range []int{0, 3, 4} {
		var codes []string
		for _, currency := range money.Currencies() {
			if currency.Exponent() == digits {
				codes = append(codes, "'"+string(currency)+"'")
			}
		}
		list = append(list, exponent{digits, strings.Join(codes, ", ")})
	}
	return list
}

func versionOf(name string) (int64, error) {
	digits, _, _ := strings.Cut(path.Base(name), "_")
	return strconv.ParseInt(digits, 10, 64)
}

func latest(files fs.FS) (version int64, err error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		return 0, err
	}
	return versionOf(names[len(names)-1]) // Glob sorts
}
