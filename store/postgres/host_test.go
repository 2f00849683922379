//go:build services

package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/access"
	"florin/event"
	"florin/internal/pgtest"
	"florin/store"
	"florin/store/postgres"
)

// TestOldPrimary: once a process knows that another server has taken over, it neither
// writes to the old one nor reads from it, through connections that it has either.
func TestOldPrimary(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	c, s := connect(t, cfg, 0), open(t, cfg)
	expectWorks(t, s)
	s.Supersede(0)
	p := newPayment(ids.New(4))
	if err := walk(t.Context(), s, p, ids.New(0), func(string) {}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a Tx on the old primary: %v", err)
	}
	if _, err := s.Payment(t.Context(), p.ID); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a read from the old primary: %v", err)
	}
	exec(t, c, "UPDATE meta SET epoch = epoch + 1, timeline = timeline + 1") // it is the new one now
	expectWorks(t, s)
	if isThere(t, s, p) {
		t.Error("the old primary was written to")
	}
}

// TestNewPrimary: two processes find at once that another server has become the
// primary, while a Tx of before ends there: the epoch rises once, both go on, and what
// is written from then on stands behind all that the old one may have had.
func TestNewPrimary(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	c := connect(t, cfg, 0)
	exec(t, c, "UPDATE meta SET timeline = 0")
	exec(t, c, insertEvent)
	slow := beginTx(t, cfg)
	if _, err := slow.Exec(t.Context(), insertEvent); err != nil {
		t.Fatal(err)
	}
	var opening sync.WaitGroup
	for range 2 {
		opening.Go(func() {
			s := open(t, cfg)
			if err := walkEvent(t, s); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	if err := slow.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	opening.Wait()
	var epoch, base int64
	if err := c.QueryRow(t.Context(), "SELECT epoch, base FROM meta").Scan(&epoch, &base); err != nil ||
		epoch != 2 || base != 1<<20 {
		t.Errorf("epoch %d, base %d, %v", epoch, base, err)
	}
	s := open(t, cfg)
	expectEvents(t, s, 4)
	events, err := s.Events(t.Context(), 0, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if skipped := events[2].Position - events[1].Position; skipped < event.Position(1<<40) {
		t.Errorf("between the primaries are %d positions", skipped)
	}
}

// TestHostsInAnyOrder: of several hosts those who look on and those who migrate take
// the primary, as servers do, wherever it stands; a standby by itself can be looked at.
func TestHostsInAnyOrder(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t)
	dsn := primary.Database(t)
	standby := primary.Standby(t)
	_, database, _ := strings.Cut(dsn, "dbname=")
	database, _, _ = strings.Cut(database, " ")
	both := func(first, second *pgtest.Server) (cfg postgres.Config) {
		cfg = postgres.Config{Mode: access.Test, Pool: postgres.Pool{MaxSize: 4}}
		cfg.Shards = []postgres.Shard{{DSN: fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/%s?sslmode=disable",
			first.Port, second.Port, database)}}
		return cfg
	}
	looksAt := func(what string, cfg postgres.Config, want *pgtest.Server) {
		t.Helper()
		cfg.Access = postgres.ReadOnly
		s, err := postgres.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(what, err)
		}
		defer func() { _ = s.Close() }()
		status, err := s.Inspect(t.Context(), 0)
		if err != nil || status.Where != fmt.Sprintf("127.0.0.1:%d/%s", want.Port, database) {
			t.Errorf("%s: it looks at %s, %v", what, status.Where, err)
		}
	}
	if _, err := postgres.Migrate(t.Context(), both(standby, primary)); err != nil {
		t.Fatal(err)
	}
	looksAt("a standby is first", both(standby, primary), primary)
	awaitReplayed(t, standby, database)
	looksAt("a standby alone", postgres.Config{Mode: access.Test, Shards: []postgres.Shard{{DSN: standby.Of(database)}}},
		standby)
	standby.Promote(t)
	for _, sql := range []string{"ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"} {
		if err := primary.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	looksAt("an old primary is first", both(primary, standby), standby)
	const older = "UPDATE goose_db_version SET version_id = 1 WHERE version_id > 1"
	if err := pgtest.Run(primary.Of(database), older); err != nil {
		t.Fatal(err)
	}
	schemas, err := postgres.Migrate(t.Context(), both(primary, standby))
	if err != nil || schemas[0].Version != schemas[0].Latest {
		t.Errorf("migrated was %+v, %v", schemas, err)
	}
}

// TestSlowToConnect: of several hosts the primary may take its time, as one that has
// much to do does, while the others refuse at once.
func TestSlowToConnect(t *testing.T) {
	t.Parallel()
	cfg, slow := through(t, migrated(t, 1))
	slow.mu.Lock()
	slow.slow = 900 * time.Millisecond
	slow.mu.Unlock()
	cfg.Shards[0].DSN = strings.Replace(cfg.Shards[0].DSN, "@", "@127.0.0.1:1,127.0.0.1:2,", 1)
	cfg.Pool.MaxSize = 8
	s := open(t, cfg)
	var all sync.WaitGroup
	for range 8 { // each on a connection of its own
		all.Go(func() {
			if err := walk(t.Context(), s, newPayment(ids.New(4)), ids.New(0), func(string) {}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// awaitReplayed waits until a standby has the marks of a store.
func awaitReplayed(t *testing.T, standby *pgtest.Server, database string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := pgtest.Run(standby.Of(database), "DO $$ BEGIN ASSERT (SELECT count(*) FROM meta) = 1; END $$")
		if err == nil {
			return
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

// TestReplicaOfOldPrimary: replicas are left out as soon as another server is known to
// have taken over from the primary that they were seen to follow.
func TestReplicaOfOldPrimary(t *testing.T) {
	t.Parallel()
	primary := pgtest.New(t)
	replica := primary.Replica(t)
	cfg := postgres.Config{Mode: access.Test, Pool: postgres.Pool{MaxSize: 4}, Shards: []postgres.Shard{{
		DSN:      primary.Database(t),
		Replicas: []postgres.Replica{{Host: "127.0.0.1", Port: replica.Port, Weight: 1}},
	}}}
	if _, err := postgres.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	f := &fleet{T: t, cfg: cfg, store: open(t, cfg)}
	f.awaitOut("")
	f.store.Supersede(0)
	if why := f.store.LeftOut(0)[0]; why == nil || !strings.Contains(why.Error(), "does not follow the primary of now") {
		t.Errorf("it is left out for %v", why)
	}
}
