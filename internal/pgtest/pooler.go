package pgtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Pooler starts PgBouncer in transaction mode in front of a server, and returns
// what makes a DSN of it that leads through it. A test skips where there is no
// PgBouncer, and fails with CI=true or INSTALL=1.
func (s *Server) Pooler(t testing.TB) (through func(dsn string) string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			lacks(t, "no PgBouncer is installed: `apt-get install pgbouncer`")
		}
	}
	server, err := pgx.ParseConfig(s.DSN)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("florin-pgtest-%d-%d", os.Getpid(), counter.Add(1)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pgbouncer.ini")
	settings := fmt.Sprintf(`[databases]
* = host=%s port=%d

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s/users
pool_mode = transaction
default_pool_size = 12
max_client_conn = 1000
query_wait_timeout = 30
ignore_startup_parameters = extra_float_digits
`, server.Host, server.Port, port, dir)
	for name, text := range map[string]string{file: settings, dir + "/users": fmt.Sprintf("%q \"\"\n", server.User)} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil { //nolint:gosec // another user reads it
			t.Fatal(err)
		}
	}
	as, err := owner(dir)
	if err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(program, "-q", file), as, port) //nolint:gosec // the installed program
	return func(dsn string) string {
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable", port, cfg.User, cfg.Database)
	}
}

// run runs a program that listens until the test ends.
func run(t testing.TB, command *exec.Cmd, as *syscall.SysProcAttr, port int) {
	t.Helper()
	command.SysProcAttr = as
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGQUIT)
		<-ended
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for until := time.Now().Add(20 * time.Second); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatal("the program does not listen: ", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lacks skips a test that something is not installed for, and fails it where all
// must be.
func lacks(t testing.TB, text string) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("INSTALL") == "1" {
		t.Fatal(text)
	}
	t.Skip(text)
}
