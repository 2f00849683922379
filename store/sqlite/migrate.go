package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"text/template"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver that goose uses
)

// firstKept is the schema from which on stores are brought forward. Those that
// were made before it were trials.
const firstKept = 10

//go:embed migrations/*.sql
var embedded embed.FS

// Schema is the version of one shard's schema.
type Schema struct {
	Shard   int
	Version int64 // 0 when the file is not there yet
	Latest  int64 // that this program knows
}

// Migrate brings the schema of every shard to the latest version, making the
// store when there is none, and returns what each was before. It needs the
// store's lock, as Open with ReadWrite does, which migrates by itself.
func Migrate(ctx context.Context, cfg Config) (before []Schema, err error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	lock, err := prepareDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	before, err = Schemas(ctx, cfg)
	if err != nil {
		return nil, err
	}
	_, err = makeShards(ctx, cfg)
	return before, err
}

// Schemas tells every shard's schema version and changes nothing.
func Schemas(ctx context.Context, cfg Config) ([]Schema, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	want, _, err := survey(cfg)
	if err != nil {
		return nil, err
	}
	list := make([]Schema, want.shards)
	for shard := range list {
		list[shard].Shard = shard
		name := shardPath(cfg.Dir, shard)
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			list[shard].Latest, err = latest(embedded)
			if err != nil {
				return nil, err
			}
			continue
		}
		if list[shard].Version, list[shard].Latest, err = schemaOf(ctx, name); err != nil {
			return nil, fmt.Errorf("store/sqlite: schema of %s: %w", name, err)
		}
	}
	return list, nil
}

func schemaOf(ctx context.Context, name string) (version, latest int64, err error) {
	err = withGoose(name, embedded, marks{}, func(_ *sql.DB, provider *goose.Provider) (err error) {
		version, latest, err = provider.GetVersions(ctx)
		return err
	})
	return version, latest, err
}

// makeShards makes and migrates all files of a store and returns their marks.
func makeShards(ctx context.Context, cfg Config) (marks, error) {
	want, missing, err := survey(cfg)
	if err != nil {
		return want, err
	}
	isMissing := map[int]bool{}
	for _, shard := range missing {
		isMissing[shard] = true
	}
	for shard := want.shards - 1; shard >= 0; shard-- {
		want.shard = shard
		if err := migrate(ctx, shardPath(cfg.Dir, shard), embedded, want, isMissing[shard]); err != nil {
			return want, fmt.Errorf("store/sqlite: migrate shard %d: %w", shard, err)
		}
	}
	return want, nil
}

// migrate brings one file to the latest version and marks it when it is new.
func migrate(ctx context.Context, name string, files fs.FS, m marks, isNew bool) error {
	if isNew {
		// Nobody else's to read; SQLite gives the log the same mode.
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return withGoose(name, files, m, func(db *sql.DB, provider *goose.Provider) error {
		version, latest, err := provider.GetVersions(ctx)
		if err != nil {
			return err
		}
		if version > latest {
			return fmt.Errorf("%w: it is at %d, this program knows %d", ErrSchema, version, latest)
		}
		if version > 0 && version < firstKept {
			return fmt.Errorf("%w: it is at %d, of before the first release, and cannot be brought forward: begin a new store",
				ErrSchema, version)
		}
		if _, err := provider.Up(ctx); err != nil || !isNew {
			return err
		}
		_, err = db.ExecContext(ctx, `INSERT INTO meta (id, store, shard, shards, mode) VALUES (1, ?, ?, ?, ?)`,
			m.store, m.shard, m.shards, string(m.mode))
		return err
	})
}

// withGoose runs f with a connection to a file and the migrations for it.
func withGoose(name string, files fs.FS, m marks, f func(*sql.DB, *goose.Provider) error) (err error) {
	pragmas := url.Values{"_pragma": {
		"page_size(" + strconv.Itoa(pageSize) + ")", "journal_mode(WAL)", "synchronous(FULL)",
		"busy_timeout(" + strconv.Itoa(busyTimeoutMillis) + ")",
	}, "_txlock": {"immediate"}}
	// A '?' or '#' in a directory's name must not end the path.
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: name}).EscapedPath()+"?"+pragmas.Encode())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	provider, err := newProvider(db, files, m)
	if err != nil {
		return err
	}
	return f(db, provider)
}

// newProvider reads the migrations: files NNNNN_name.sql, forward only, each a
// template that is given the shard's number and count.
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
		up := func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, script)
			return err
		}
		migrations = append(migrations, goose.NewGoMigration(version, &goose.GoFunc{RunTx: up}, nil))
	}
	return goose.NewProvider(goose.DialectSQLite3, db, nil,
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
	err = t.Execute(&script, struct{ Shard, Shards int }{m.shard, m.shards})
	return script.String(), err
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
