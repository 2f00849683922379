package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"florin/store/sqlite"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	cfg := sqlite.Config{Dir: t.TempDir(), Shards: 2}
	_, latest := migrations(t)
	check := func(schemas []sqlite.Schema, err error, version int64) {
		t.Helper()
		if err != nil || len(schemas) != 2 {
			t.Fatalf("%v, %v", schemas, err)
		}
		for shard, schema := range schemas {
			if schema.Shard != shard || schema.Version != version || schema.Latest != latest {
				t.Errorf("%+v", schema)
			}
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, 0)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, 0)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, latest)
	schemas, err = sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, latest)
}

// migrations returns the program's own, and the version of the last.
func migrations(t *testing.T) (files fstest.MapFS, latest int64) {
	t.Helper()
	names, err := fs.Glob(sqlite.Embedded, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files = fstest.MapFS{}
	for _, name := range names {
		data, err := fs.ReadFile(sqlite.Embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: data}
		if _, err := fmt.Sscanf(name, "migrations/%05d_", &latest); err != nil {
			t.Fatal(err)
		}
	}
	return files, latest
}

// TestMigrateData brings a store that holds data to a version of the future.
func TestMigrateData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	err = newWorkload(s, 100).run(t.Context(), 4, 100)
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	files, _ := migrations(t)
	maps.Copy(files, fstest.MapFS{
		"migrations/00998_future.sql": {Data: []byte(`
			ALTER TABLE payments ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
			CREATE TABLE futures (user_id INTEGER CHECK (user_id % {{.Shards}} = {{.Shard}})) STRICT;
			INSERT INTO futures SELECT user_id FROM payments;`)},
		"migrations/00999_broken.sql": {Data: []byte(`
			CREATE TABLE half (x INTEGER) STRICT;
			INSERT INTO nothing VALUES (1);`)},
	})
	for shard := range 2 {
		if err := sqlite.MigrateFile(t.Context(), dir, shard, 2, files); err == nil {
			t.Fatal("a broken migration passed")
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), sqlite.Config{Dir: dir})
	if err != nil || schemas[0].Version != 998 || schemas[1].Version != 998 {
		t.Fatalf("%v, %v", schemas, err)
	}
	for _, kind := range []sqlite.Access{sqlite.ReadWrite, sqlite.Shared, sqlite.ReadOnly} {
		refused(t, sqlite.Config{Dir: dir, Access: kind}, sqlite.ErrSchema, "this program")
	}
}

// TestMigrateTrial refuses a store of before the first release, and leaves it as
// it is.
func TestMigrateTrial(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := fstest.MapFS{"migrations/00005_trial.sql": {Data: []byte(`
		CREATE TABLE meta (id INTEGER, store TEXT, shard INTEGER, shards INTEGER, mode TEXT);
		INSERT INTO meta VALUES (1, 'a', 0, 1, 'test');`)}}
	if err := os.WriteFile(filepath.Join(dir, "shard-0.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.MigrateFile(t.Context(), dir, 0, 1, files); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "shard-0.db"))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, sqlite.Config{Dir: dir}, sqlite.ErrSchema, "begin a new store")
	if after, err := os.ReadFile(filepath.Join(dir, "shard-0.db")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed: %v", err)
	}
}
