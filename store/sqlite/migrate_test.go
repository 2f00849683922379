package sqlite_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"florin/store/sqlite"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	cfg := sqlite.Config{Dir: t.TempDir(), Shards: 2}
	check := func(schemas []sqlite.Schema, err error, made bool) {
		t.Helper()
		if err != nil || len(schemas) != 2 {
			t.Fatalf("%v, %v", schemas, err)
		}
		for shard, schema := range schemas {
			version := int64(0)
			if made {
				version = schema.Latest
			}
			if schema.Shard != shard || schema.Version != version || schema.Latest < 1 {
				t.Errorf("%+v", schema)
			}
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, false)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, false)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, true)
	schemas, err = sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, true)
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
	files := fstest.MapFS{
		"migrations/90001_future.sql": {Data: []byte(`
			ALTER TABLE payments ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
			CREATE TABLE futures (user_id INTEGER CHECK (user_id % {{.Shards}} = {{.Shard}})) STRICT;
			INSERT INTO futures SELECT user_id FROM payments;`)},
		"migrations/90002_broken.sql": {Data: []byte(`
			CREATE TABLE half (x INTEGER) STRICT;
			INSERT INTO nothing VALUES (1);`)},
	}
	names, err := fs.Glob(sqlite.Embedded, "migrations/*.sql")
	for _, name := range names {
		text, readErr := fs.ReadFile(sqlite.Embedded, name)
		err = errors.Join(err, readErr)
		files[name] = &fstest.MapFile{Data: text}
	}
	if err != nil || len(names) == 0 {
		t.Fatalf("there are %d migrations: %v", len(names), err)
	}
	for shard := range 2 {
		if err := sqlite.MigrateFile(t.Context(), dir, shard, 2, files); err == nil {
			t.Fatal("a broken migration passed")
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), sqlite.Config{Dir: dir})
	if err != nil || schemas[0].Version != 90001 || schemas[1].Version != 90001 {
		t.Fatalf("%v, %v", schemas, err)
	}
	for _, kind := range []sqlite.Access{sqlite.ReadWrite, sqlite.Shared, sqlite.ReadOnly} {
		refused(t, sqlite.Config{Dir: dir, Access: kind}, sqlite.ErrSchema, "this program")
	}
}
