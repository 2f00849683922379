package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Crash ends the server at once, as if its machine had lost its power: what was
// not synced is lost. Start starts it again.
func (s *Server) Crash(t testing.TB) {
	t.Helper()
	if err := s.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	<-s.ended
}

// Start starts a server again that has ended, on the same data and port.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Freeze stops all of the server's processes where they are; nothing is closed,
// and nothing answers, until Thaw.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	t.Cleanup(func() { s.Thaw(t) }) // else it could not be stopped
	first := s.command.Process.Pid
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil { // it starts no others from now on
		t.Fatal(err)
	}
	for _, pid := range childrenOf(t, first) {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

// Thaw lets a frozen server go on.
func (s *Server) Thaw(t testing.TB) {
	t.Helper()
	first := s.command.Process.Pid
	for _, pid := range append(childrenOf(t, first), first) {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	}
}

// childrenOf lists the processes that a process has started.
func childrenOf(t testing.TB, parent int) (children []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		t.Fatal("there is no /proc to find the server's processes in", err)
	}
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended meanwhile
		}
		// "PID (NAME) STATE PARENT ...": the name may hold anything.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			children = append(children, pid)
		}
	}
	return children
}

// Standby starts a standby of the server, which confirms each of its commits
// before the committer is told: nothing that was acknowledged is lost with one of
// the two.
func (s *Server) Standby(t testing.TB, settings ...string) *Server {
	t.Helper()
	const name = "florin_standby"
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("florin-pgtest-%d-%d", os.Getpid(), counter.Add(1)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	as, err := owner(dir)
	if err != nil {
		t.Fatal(err)
	}
	standby := &Server{Dir: filepath.Join(dir, "data"), bin: s.bin, as: as, settings: settings}
	if err := standby.program("pg_basebackup", "-D", standby.Dir, "-R", "-X", "stream", "-c", "fast",
		"-d", s.DSN+" application_name="+name); err != nil {
		t.Fatal(err)
	}
	if err := standby.runSomewhere(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
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
