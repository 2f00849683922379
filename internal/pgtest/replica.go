package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Replica starts a standby of the server, for reading: nobody waits for it.
func (s *Server) Replica(t testing.TB, settings ...string) *Server {
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
	err = standby.program("pg_basebackup", "-D", standby.Dir, "-R", "-X", "stream", "-c", "fast", "-d", s.DSN)
	if err != nil {
		t.Fatal(err)
	}
	if err := standby.runSomewhere(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	return standby
}

// Halt ends the server at once and leaves its data. Resume starts it again.
func (s *Server) Halt(t testing.TB) {
	t.Helper()
	if err := s.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
	}
}

// Resume starts a server again that Halt has ended, on the same data and port.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}
