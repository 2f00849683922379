// Package pgtest lends PostgreSQL to tests: databases on the server that
// FLORIN_TEST_POSTGRES names (a superuser's DSN), or on one that it starts in a
// temporary folder and stops when the tests are over. It is for tests alone.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Env names the variable with a server's DSN.
const Env = "FLORIN_TEST_POSTGRES"

var (
	mu      sync.Mutex // held while the server is started, and while databases are made
	shared  *Server
	made    []string // databases that are to be dropped
	taken   sync.Map // ports that were lent
	counter atomic.Int64
)

// Server is a PostgreSQL server that a test has for itself.
type Server struct {
	DSN  string // a superuser's, of the database postgres
	Port int
	Dir  string // of its data

	bin      string // where the server's programs are
	as       *syscall.SysProcAttr
	settings []string
	command  *exec.Cmd
	ended    chan struct{}
}

// Shared returns the server that all tests of a package share. A test skips where
// there is no PostgreSQL, and fails with CI=true or INSTALL=1.
func Shared(t testing.TB) *Server {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	if shared != nil {
		return shared
	}
	if dsn := os.Getenv(Env); dsn != "" {
		shared = &Server{DSN: dsn}
		if c, err := pgx.ParseConfig(dsn); err == nil {
			shared.Port = int(c.Port)
		}
		return shared
	}
	stopOrphans()
	s, err := start(filepath.Join(os.TempDir(), fmt.Sprintf("florin-pgtest-%d", os.Getpid())))
	if errors.Is(err, errMissing) {
		missing(t)
	}
	if err != nil {
		t.Fatal(err)
	}
	shared = s
	return s
}

// New starts a server for one test, which may do with it what it likes.
func New(t testing.TB, settings ...string) *Server {
	t.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("florin-pgtest-%d-%d", os.Getpid(), counter.Add(1)))
	s, err := start(dir, settings...)
	if errors.Is(err, errMissing) {
		missing(t)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func missing(t testing.TB) {
	t.Helper()
	const text = "no PostgreSQL is installed: `apt-get install postgresql`, or name a server in " + Env
	if os.Getenv("CI") == "true" || os.Getenv("INSTALL") == "1" {
		t.Fatal(text)
	}
	t.Skip(text)
}

// Stop drops the databases that were made and stops the shared server, if it was
// started here. A package's TestMain calls it when all tests are over.
func Stop() {
	mu.Lock()
	defer mu.Unlock()
	if shared == nil {
		return
	}
	if shared.command == nil { // it goes on
		for _, name := range made {
			_ = shared.Exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		}
	}
	shared.Stop()
	shared = nil
}

// Database makes an empty database and returns its DSN. It is there until Stop.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("florin_test_%d_%d", os.Getpid(), counter.Add(1))
	mu.Lock()
	defer mu.Unlock()
	if err := s.Exec(context.WithoutCancel(t.Context()), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	made = append(made, name)
	return s.Of(name)
}

// Run runs a script in a database.
func Run(dsn, script string) error {
	return (&Server{DSN: dsn}).Exec(context.Background(), script)
}

// Of returns the DSN of a database.
func (s *Server) Of(database string) string {
	cfg, err := pgx.ParseConfig(s.DSN)
	if err != nil {
		panic("pgtest: " + err.Error())
	}
	dsn := fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable", cfg.Host, cfg.Port, cfg.User, database)
	if cfg.Password != "" {
		dsn += " password='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(cfg.Password) + "'"
	}
	return dsn
}

// Exec runs a statement as the superuser.
func (s *Server) Exec(ctx context.Context, sql string) error {
	c, err := pgx.Connect(ctx, s.DSN)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	_, err = c.Exec(ctx, sql)
	return err
}

var errMissing = errors.New("pgtest: there is no PostgreSQL")

// start makes a cluster in a folder and starts a server on it.
func start(dir string, settings ...string) (*Server, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return nil, errMissing
	}
	bin := filepath.Dir(found[len(found)-1])
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	as, err := owner(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: filepath.Join(dir, "data"), bin: bin, as: as, settings: settings}
	if err := s.program("initdb", "-D", s.Dir, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8",
		"--locale=C.UTF-8"); err != nil {
		return nil, err
	}
	return s, s.runSomewhere()
}

// runSomewhere starts the server on a port that is free.
func (s *Server) runSomewhere() (err error) {
	for range 20 {
		if s.Port, err = freePort(); err != nil {
			return err
		}
		if err = s.run(); err == nil {
			return nil
		}
	}
	return err
}

// program runs one of the installed programs, as the server's user.
func (s *Server) program(name string, args ...string) error {
	command := exec.Command(filepath.Join(s.bin, name), args...) //nolint:gosec // the installed server's own program
	command.SysProcAttr, command.Dir = s.as, filepath.Dir(s.Dir)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: %s: %w\n%s", name, err, out)
	}
	return nil
}

// stopOrphans stops servers whose tests were killed before they could.
func stopOrphans() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), "florin-pgtest-*"))
	for _, dir := range dirs {
		var tests, server int
		name := strings.TrimPrefix(filepath.Base(dir), "florin-pgtest-")
		if _, err := fmt.Sscanf(name, "%d", &tests); err != nil || isAlive(tests) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
		if err == nil {
			if _, err := fmt.Sscanf(string(text), "%d", &server); err != nil || server <= 1 {
				continue
			}
			_ = syscall.Kill(server, syscall.SIGQUIT)
			_ = syscall.Kill(server, syscall.SIGCONT) // a test may have frozen it
		}
		_ = os.RemoveAll(dir)
	}
}

// isAlive tells whether there is a process of that number.
func isAlive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// owner gives the folder to the user that a server runs as, who is never root.
func owner(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{Setpgid: true}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMissing, err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
		return nil, err
	}
	as := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return &syscall.SysProcAttr{Credential: as, Setpgid: true}, nil
}

// freePort returns a port on which nobody listens just now, and which it has not
// returned before: who had it may be away, and come back.
func freePort() (int, error) {
	from := 15400 + os.Getpid()%20*100 // tests of several packages run at once
	if text := os.Getenv("FLORIN_TEST_PORTS"); text != "" {
		var err error
		if from, err = strconv.Atoi(text); err != nil {
			return 0, fmt.Errorf("pgtest: FLORIN_TEST_PORTS: %w", err)
		}
	}
	for port := from; port < from+100; port++ {
		if _, used := taken.LoadOrStore(port, true); used {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("pgtest: no port is free")
}

// run starts the server and waits until it answers.
func (s *Server) run() error {
	dir := filepath.Dir(s.Dir)
	args := []string{
		"-D", s.Dir, "-p", strconv.Itoa(s.Port), "-k", dir, "-c", "listen_addresses=127.0.0.1",
		"-c", "max_connections=400", "-c", "autovacuum=off", "-c", "fsync=on", "-c", "log_min_messages=fatal",
	}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	s.command = exec.Command(filepath.Join(s.bin, "postgres"), args...) //nolint:gosec // the installed server
	s.command.SysProcAttr, s.command.Dir, s.command.Stdout, s.command.Stderr = s.as, dir, log, log
	if err := s.command.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(command *exec.Cmd, ended chan struct{}) {
		_ = command.Wait()
		close(ended)
	}(s.command, s.ended)
	s.DSN = fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", s.Port)
	return s.await(filepath.Join(dir, "log"))
}

func (s *Server) await(log string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		err := s.isThis(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			text, _ := os.ReadFile(log)
			return fmt.Errorf("pgtest: the server ended: %s", text)
		case <-ctx.Done():
			return fmt.Errorf("pgtest: the server does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// isThis asks whether what answers is this server, and not another's on its port.
func (s *Server) isThis(ctx context.Context) error {
	return s.Exec(ctx, "DO $$ BEGIN IF current_setting('data_directory') <> '"+s.Dir+
		"' THEN RAISE 'another server'; END IF; END $$")
}

// Signal sends the server's first process a signal.
func (s *Server) Signal(signal syscall.Signal) error { return s.command.Process.Signal(signal) }

// Stop stops the server at once, since nobody wants its data, and deletes its folder.
func (s *Server) Stop() {
	if s.command == nil {
		return
	}
	_ = s.Signal(syscall.SIGQUIT)
	<-s.ended
	_ = os.RemoveAll(filepath.Dir(s.Dir))
}
