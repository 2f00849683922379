//go:build services

package postgres_test

import (
	"errors"
	"testing"
	"time"

	"florin/access"
	"florin/ident"
	"florin/internal/pgtest"
	"florin/store"
	"florin/store/postgres"
)

// TestCommittedLocally: somebody cancels a COMMIT that waits for a synchronous
// standby, which is not there. The server answers COMMIT, and a warning; the caller
// is not told that it is done, until a standby is not asked for any more.
func TestCommittedLocally(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	cfg := postgres.Config{
		Mode: access.Test, Pool: postgres.Pool{MaxSize: 12}, Shards: []postgres.Shard{{DSN: server.Database(t)}},
		Freeze: 3 * time.Second,
	}
	if _, err := postgres.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	s := open(t, cfg)
	expectWorks(t, s)
	waitFor(t, server, "nobody")
	p, group := newPayment(ids.New(4)), ids.New(0)
	ended, canceled := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			select {
			case <-ended:
				canceled <- nil
				return
			case <-time.After(10 * time.Millisecond):
				err = server.Exec(t.Context(), "DO $$ BEGIN PERFORM pg_cancel_backend(pid) FROM pg_stat_activity "+
					"WHERE wait_event = 'SyncRep'; END $$")
			}
		}
		canceled <- err
	}()
	err := walk(t.Context(), s, p, group, func(string) {})
	close(ended)
	if err := <-canceled; err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, store.ErrCommitUnknown) {
		t.Errorf("the commit: %v", err)
	}
	if _, err := s.Committed(t.Context(), 0, group); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("whether it was committed: %v", err)
	}
	claim := claimOf(p.ID.Text(ident.Payment))
	if _, err := s.FindClaim(t.Context(), 0, claim); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("its claim: %v", err)
	}
	// Who repeats the request meets the claim in its own Tx, whose COMMIT tells no more.
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if holders, err := tx.Claim(t.Context(), []store.Claim{claim}); err != nil || holders[0] == nil {
		t.Errorf("the claim's holder: %v, %v", holders, err)
	}
	if err := tx.Commit(t.Context()); !errors.Is(err, store.ErrCommitUnknown) {
		t.Errorf("the repeat's commit: %v", err)
	}
	waitFor(t, server, "")
	if ok, err := s.Committed(t.Context(), 0, group); !ok || err != nil {
		t.Errorf("at last: %v, %v", ok, err)
	}
	if held, err := s.FindClaim(t.Context(), 0, claim); err != nil || held.Key != claim.Key {
		t.Errorf("its claim, at last: %+v, %v", held, err)
	}
}

// waitFor has the server's commits wait for a standby, for none where its name is empty.
func waitFor(t *testing.T, server *pgtest.Server, name string) {
	t.Helper()
	for _, sql := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = '" + name + "'", "SELECT pg_reload_conf()",
		`DO $$ BEGIN WHILE current_setting('synchronous_standby_names') <> '` + name + `' LOOP
			PERFORM pg_sleep(0.01); END LOOP; END $$`,
	} {
		if err := server.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
}
