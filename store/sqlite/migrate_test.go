package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"florin/store/sqlite"
)

// embedded returns the program's migrations, and the number of the last.
func embedded(t *testing.T) (files fstest.MapFS, last int64) {
	t.Helper()
	names, err := fs.Glob(sqlite.Embedded, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files = fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(sqlite.Embedded, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
		number, _, _ := strings.Cut(path.Base(name), "_")
		if last, err = strconv.ParseInt(number, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return files, last
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	_, last := embedded(t)
	cfg := sqlite.Config{Dir: t.TempDir(), Shards: 2}
	check := func(schemas []sqlite.Schema, err error, version int64) {
		t.Helper()
		if err != nil || len(schemas) != 2 {
			t.Fatalf("%v, %v", schemas, err)
		}
		for shard, schema := range schemas {
			if schema.Shard != shard || schema.Version != version || schema.Latest != last {
				t.Errorf("%+v", schema)
			}
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, 0)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, 0)
	schemas, err = sqlite.Migrate(t.Context(), cfg)
	check(schemas, err, last)
	schemas, err = sqlite.Schemas(t.Context(), cfg)
	check(schemas, err, last)
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
	files, last := embedded(t)
	future, broken := fmt.Sprintf("migrations/%05d_future.sql", last+1), fmt.Sprintf("migrations/%05d_broken.sql", last+2)
	files[future] = &fstest.MapFile{Data: []byte(`
			ALTER TABLE payments ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
			CREATE TABLE futures (user_id INTEGER CHECK (user_id % {{.Shards}} = {{.Shard}})) STRICT;
			INSERT INTO futures SELECT user_id FROM payments;`)}
	files[broken] = &fstest.MapFile{Data: []byte(`
			CREATE TABLE half (x INTEGER) STRICT;
			INSERT INTO nothing VALUES (1);`)}
	for shard := range 2 {
		if err := sqlite.MigrateFile(t.Context(), dir, shard, 2, files); err == nil {
			t.Fatal("a broken migration passed")
		}
	}
	schemas, err := sqlite.Schemas(t.Context(), sqlite.Config{Dir: dir})
	if err != nil || schemas[0].Version != last+1 || schemas[1].Version != last+1 {
		t.Fatalf("%v, %v", schemas, err)
	}
	for _, kind := range []sqlite.Access{sqlite.ReadWrite, sqlite.Shared, sqlite.ReadOnly} {
		refused(t, sqlite.Config{Dir: dir, Access: kind}, sqlite.ErrSchema, "this program")
	}
}
