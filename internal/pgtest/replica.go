package pgtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Replica starts a standby of the server, for reading: nobody waits for it.
func (s *Server) Replica(t testing.TB, settings ...string) *Server {
	t.Helper()
	return s.follow(t, s.DSN, settings)
}

// Standby starts a standby of the server, which confirms each of its commits
// before the committer is told: nothing that was acknowledged is lost with one of
// the two.
func (s *Server) Standby(t testing.TB, settings ...string) *Server {
	t.Helper()
	const name = "florin_standby"
	standby := s.follow(t, s.DSN+" application_name="+name, settings)
	for _, sql := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = '" + name + "'", "SELECT pg_reload_conf()",
	} {
		if err := s.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	s.awaitSync(t)
	return standby
}

// follow starts a server on a copy of this one's data, which it reaches by a DSN.
func (s *Server) follow(t testing.TB, dsn string, settings []string) *Server {
	t.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("florin-pgtest-%d-%d", os.Getpid(), counter.Add(1)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	as, err := owner(dir)
	if err != nil {
		t.Fatal(err)
	}
	standby := &Server{Dir: filepath.Join(dir, "data"), bin: s.bin, as: as, settings: settings}
	err = standby.program("pg_basebackup", "-D", standby.Dir, "-R", "-X", "stream", "-c", "fast", "-d", dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := standby.runSomewhere(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	return standby
}

// awaitSync waits until the standby confirms commits.
func (s *Server) awaitSync(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	const wait = `DO $$ BEGIN
		WHILE NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync') LOOP
			PERFORM pg_sleep(0.05), pg_stat_clear_snapshot();
		END LOOP;
	END $$`
	if err := s.Exec(ctx, wait); err != nil {
		t.Fatal(err)
	}
}

// Promote makes a standby the primary.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	if err := s.program("pg_ctl", "-D", s.Dir, "-w", "-t", "60", "promote"); err != nil {
		t.Fatal(err)
	}
}
