//go:build services

package postgres_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"florin/access"
	"florin/store"
	"florin/store/postgres"
)

// TestOpenRefuses opens what is not the store that is asked for.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	cfg, other, none := migrated(t, 2), migrated(t, 2), empty(t, 1)
	with := func(change func(*postgres.Config)) postgres.Config {
		c := cfg
		c.Shards = slices.Clone(cfg.Shards)
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		cfg  postgres.Config
		want error
		says string
	}{
		"swapped": {with(func(c *postgres.Config) { slices.Reverse(c.Shards) }), postgres.ErrMarks, "is shard"},
		"another store": {
			with(func(c *postgres.Config) { c.Shards[1] = other.Shards[1] }), postgres.ErrMarks, "another store",
		},
		"another mode": {with(func(c *postgres.Config) { c.Mode = access.Live }), postgres.ErrMarks, "mode test"},
		"another count": {
			with(func(c *postgres.Config) { c.Shards = c.Shards[:1] }), postgres.ErrMarks, "a store of 2 shards",
		},
		"no schema": {
			with(func(c *postgres.Config) { c.Shards = none.Shards }), postgres.ErrSchema, "florin migrate up",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := postgres.Open(t.Context(), c.cfg)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if err == nil {
				_ = s.Close()
			}
			if errors.Is(c.want, postgres.ErrMarks) {
				if _, err := postgres.Migrate(t.Context(), c.cfg); !errors.Is(err, postgres.ErrMarks) {
					t.Errorf("migrate: error is %v", err)
				}
			}
		})
	}
}

// TestOpenOldSchema refuses a schema of another version.
func TestOpenOldSchema(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	exec(t, connect(t, cfg, 0), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
	if _, err := postgres.Open(t.Context(), cfg); !errors.Is(err, postgres.ErrSchema) {
		t.Errorf("error is %v", err)
	}
	if _, err := postgres.Migrate(t.Context(), cfg); !errors.Is(err, postgres.ErrSchema) {
		t.Errorf("migrate: error is %v", err)
	}
}

// TestSchemaOfLater: a server that runs while another version's schema is made has no
// new connections meanwhile, and goes on when the schema is its own again.
func TestSchemaOfLater(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	c, s := connect(t, cfg, 0), open(t, cfg)
	expectWorks(t, s)
	exec(t, c, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
	expectWorks(t, s)
	for range 3 {
		terminate(t, c)
		var err error
		for range 3 { // what was ended is noticed once
			if _, err = s.Payment(t.Context(), ids.New(4)); errors.Is(err, store.ErrUnavailable) {
				break
			}
		}
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error is %v", err)
		}
	}
	exec(t, c, "DELETE FROM goose_db_version WHERE version_id = 99")
	expectWorks(t, s)
}

// TestMigrate makes a store, twice.
func TestMigrate(t *testing.T) {
	t.Parallel()
	cfg := empty(t, 2)
	check := func(schemas []postgres.Schema, err error, migrated bool) {
		t.Helper()
		if err != nil || len(schemas) != 2 {
			t.Fatal(schemas, err)
		}
		for shard, schema := range schemas {
			if schema.Shard != shard || schema.Latest == 0 || migrated != (schema.Version == schema.Latest) {
				t.Errorf("%+v", schema)
			}
		}
	}
	schemas, err := postgres.Schemas(t.Context(), cfg)
	check(schemas, err, false)
	schemas, err = postgres.Migrate(t.Context(), cfg)
	check(schemas, err, false)
	schemas, err = postgres.Migrate(t.Context(), cfg)
	check(schemas, err, true)
	schemas, err = postgres.Schemas(t.Context(), cfg)
	check(schemas, err, true)
}

// TestOpenWithoutShard opens a store of which a shard is away, and one frozen:
// they are unavailable, soon the first time and at once from then on, and the
// others work.
func TestOpenWithoutShard(t *testing.T) {
	t.Parallel()
	frozen, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = frozen.Close() }()
	for name, dsn := range map[string]string{
		"away":   "postgres://postgres@127.0.0.1:1/none?sslmode=disable",
		"frozen": "postgres://postgres@" + frozen.Addr().String() + "/none?sslmode=disable",
	} {
		cfg := fresh(t, 2)
		cfg.Shards = slices.Clone(cfg.Shards)
		cfg.Shards[1].DSN = dsn
		began := time.Now()
		s := open(t, cfg)
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("%s: to open took %s", name, took)
		}
		if err := s.Ping(t.Context(), 0); err != nil {
			t.Errorf("%s: the other shard: %v", name, err)
		}
		for range 3 {
			began = time.Now()
			if _, err := s.Begin(t.Context(), 1); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: error is %v", name, err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s: it took %s", name, took)
			}
		}
	}
}
