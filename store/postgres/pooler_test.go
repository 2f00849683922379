//go:build services

package postgres_test

import (
	"slices"
	"testing"

	"florin/internal/pgtest"
	"florin/store"
	"florin/store/postgres"
	"florin/store/storetest"
)

// pooled leads a configuration through PgBouncer.
func pooled(cfg postgres.Config, through func(string) string) postgres.Config {
	cfg.Unprepared, cfg.Shards = true, slices.Clone(cfg.Shards)
	for i := range cfg.Shards {
		cfg.Shards[i].DSN = through(cfg.Shards[i].DSN)
	}
	return cfg
}

// TestConformanceThroughPgBouncer: nothing rests on a connection's being the same
// server's from one Tx to the next.
func TestConformanceThroughPgBouncer(t *testing.T) {
	t.Parallel()
	through := pgtest.Shared(t).Pooler(t)
	storetest.Exercise(t, func(t *testing.T) store.Store { return open(t, pooled(fresh(t, 2), through)) })
	storetest.ExerciseGroups(t, func(t *testing.T) store.Store { return open(t, pooled(fresh(t, 2), through)) })
}

// TestMigrateThroughPgBouncer makes a store.
func TestMigrateThroughPgBouncer(t *testing.T) {
	t.Parallel()
	cfg := pooled(empty(t, 1), pgtest.Shared(t).Pooler(t))
	if _, err := postgres.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if err := open(t, cfg).Ping(t.Context(), 0); err != nil {
		t.Error(err)
	}
}
