//go:build services

package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"florin/event"
	"florin/store/postgres"
)

// insertEvent writes the event of a new object as a Tx of the store does.
const insertEvent = `INSERT INTO events
	SELECT (base + pg_current_xact_id()::text::bigint) << 21, gen_random_uuid(), 'payment.created', 'pay',
		gen_random_uuid(), 1, 4, '{}' FROM meta`

// TestFeedSkipsNothing: an event whose Tx began later is not shown before that of
// one which still runs; another database's Txs hold nothing up.
func TestFeedSkipsNothing(t *testing.T) {
	t.Parallel()
	here, there := fresh(t, 1), fresh(t, 1)
	s := open(t, here)
	foreign := beginTx(t, there)
	s.Fill(t, 0, insertEvent)
	expectEvents(t, s, 1)
	slow := beginTx(t, here)
	if _, err := slow.Exec(t.Context(), insertEvent); err != nil {
		t.Fatal(err)
	}
	s.Fill(t, 0, insertEvent)
	expectEvents(t, s, 1)
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectEvents(t, s, 3)
	undone := beginTx(t, here)
	s.Fill(t, 0, insertEvent)
	expectEvents(t, s, 3)
	if err := undone.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectEvents(t, s, 4)
	if err := foreign.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectEvents(t, s, 4)
}

// beginTx begins a Tx in a store's first database and has it numbered.
func beginTx(t *testing.T, cfg postgres.Config) pgx.Tx {
	t.Helper()
	c, err := pgx.Connect(t.Context(), cfg.Shards[0].DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	return tx
}

// expectEvents reads the feed from its beginning, and its end.
func expectEvents(t *testing.T, s *postgres.Store, want int) {
	t.Helper()
	events, err := s.Events(t.Context(), 0, 0, 100)
	if err != nil || len(events) != want {
		t.Fatalf("%d events, want %d; %v", len(events), want, err)
	}
	last := event.Position(0)
	for _, e := range events {
		if e.Position <= last {
			t.Fatalf("position %d after %d", e.Position, last)
		}
		last = e.Position
	}
	latest, err := s.LatestEvents(t.Context(), 0, 1)
	if err != nil || len(latest) != 1 || latest[0].Position != last {
		t.Fatalf("the latest are %v, want position %d; %v", latest, last, err)
	}
}
