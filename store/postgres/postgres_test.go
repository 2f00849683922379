//go:build services

package postgres_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"florin/access"
	"florin/internal/pgtest"
	"florin/store"
	"florin/store/postgres"
	"florin/store/storetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	pgtest.Stop()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// idle are migrated and empty databases: the stores of so many shards that no
// test uses just now.
var idle struct {
	sync.Mutex
	of map[int][]postgres.Config
}

// fresh returns the configuration of an empty store. To make databases takes
// long, so that they are emptied and used again.
func fresh(t testing.TB, shards int) postgres.Config {
	t.Helper()
	idle.Lock()
	list := idle.of[shards]
	var cfg postgres.Config
	if n := len(list); n > 0 {
		cfg = list[n-1]
		idle.of[shards] = list[:n-1]
	}
	idle.Unlock()
	if cfg.Shards == nil {
		cfg = migrated(t, shards)
	}
	t.Cleanup(func() {
		for _, shard := range cfg.Shards {
			if err := pgtest.Run(shard.DSN, wipe); err != nil {
				t.Error(err)
				return
			}
		}
		idle.Lock()
		defer idle.Unlock()
		if idle.of == nil {
			idle.of = map[int][]postgres.Config{}
		}
		idle.of[shards] = append(idle.of[shards], cfg)
	})
	return cfg
}

// wipe leaves a database as it was after its migration, but for the marks.
const wipe = `DO $$ DECLARE name text; BEGIN
	FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
		AND tablename NOT IN ('meta', 'slots', 'goose_db_version') AND tablename NOT LIKE 'ledger%\_2%'
	LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
	UPDATE meta SET last_high = 0;
	UPDATE slots SET holder = NULL, seen_at = NULL WHERE holder IS NOT NULL;
END $$`

// migrated makes databases and a store in them.
func migrated(t testing.TB, shards int) postgres.Config {
	t.Helper()
	cfg := empty(t, shards)
	if _, err := postgres.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// empty makes databases with nothing in them.
func empty(t testing.TB, shards int) postgres.Config {
	t.Helper()
	server := pgtest.Shared(t)
	cfg := postgres.Config{Mode: access.Test, Pool: postgres.Pool{MaxSize: 12}}
	for range shards {
		cfg.Shards = append(cfg.Shards, postgres.Shard{DSN: server.Database(t)})
	}
	return cfg
}

func open(t testing.TB, cfg postgres.Config) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shards     int
		unprepared bool
		access     postgres.Access
	}{{shards: 2}, {shards: 1, unprepared: true, access: postgres.Shared}} {
		t.Run(fmt.Sprintf("%d shards", c.shards), func(t *testing.T) {
			storetest.Exercise(t, func(t *testing.T) store.Store {
				cfg := fresh(t, c.shards)
				cfg.Unprepared, cfg.Access = c.unprepared, c.access
				return open(t, cfg)
			})
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	storetest.ExerciseGroups(t, func(t *testing.T) store.Store { return open(t, fresh(t, 2)) })
}
