package sqlite_test

import (
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"florin/store/sqlite"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	cfg := sqlite.Config{Dir: t.TempDir(), Shards: 2}
	check := func(schemas []sqlite.Schema, err error, version int64) {
		t.Helper()
		if err != nil || len(schemas) != 2 {
			t.Fatalf("%v, %v", schemas, err)
		}
		for shard, schema := range schemas {
			if schema.Shard != shard || schema.Version != version || schema.Latest != latest(t) {
				t.Errorf("%+v", schema)
			}
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, 0)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, 0)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, latest(t))
	schemas, err = sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, latest(t))
}

// migrations lists the program's own, in order.
func migrations(t *testing.T) []string {
	t.Helper()
	names, err := fs.Glob(sqlite.Embedded, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}

// latest is the number of the last one.
func latest(t *testing.T) int64 {
	t.Helper()
	names := migrations(t)
	number, _, _ := strings.Cut(path.Base(names[len(names)-1]), "_")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
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
		"migrations/09001_future.sql": {Data: []byte(`
			ALTER TABLE payments ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
			CREATE TABLE futures (user_id INTEGER CHECK (user_id % {{.Shards}} = {{.Shard}})) STRICT;
			INSERT INTO futures SELECT user_id FROM payments;`)},
		"migrations/09002_broken.sql": {Data: []byte(`
			CREATE TABLE half (x INTEGER) STRICT;
			INSERT INTO nothing VALUES (1);`)},
	}
	for _, name := range migrations(t) {
		text, err := fs.ReadFile(sqlite.Embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	for shard := range 2 {
		if err := sqlite.MigrateFile(t.Context(), dir, shard, 2, files); err == nil {
			t.Fatal("a broken migration passed")
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), sqlite.Config{Dir: dir})
	if err != nil || schemas[0].Version != 9001 || schemas[1].Version != 9001 {
		t.Fatalf("%v, %v", schemas, err)
	}
	for _, kind := range []sqlite.Access{sqlite.ReadWrite, sqlite.Shared, sqlite.ReadOnly} {
		refused(t, sqlite.Config{Dir: dir, Access: kind}, sqlite.ErrSchema, "this program")
	}
}
