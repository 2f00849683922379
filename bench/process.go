package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Server is a server that runs as a child process, and is started again when it
// dies, if it is meant to.
type Server struct {
	Addr string

	start   func() *exec.Cmd
	restart bool
	log     io.Writer
	cancel  context.CancelFunc
	ended   chan struct{} // closed when nothing runs any more

	mu       sync.Mutex
	cmd      *exec.Cmd
	exited   chan struct{}
	tail     *tail
	restarts int
	err      error // why it is not there any more
}

// readyWithin is how long a server may take to come up; recovery of a large
// store's log is part of it.
const readyWithin = 60 * time.Second

// StartServer starts the program that command makes and waits until it answers
// at addr. Its pid goes to log. With restart it is started again whenever it
// dies, until Stop.
func StartServer(
	ctx context.Context, addr string, command func() *exec.Cmd, restart bool, log io.Writer,
) (*Server, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{
		Addr: addr, start: command, restart: restart, log: log, cancel: cancel, ended: make(chan struct{}),
	}
	if err := s.launch(ctx); err != nil {
		cancel()
		return nil, err
	}
	go s.watch(ctx)
	return s, nil
}

// launch starts one process and waits until it is ready, or dead.
func (s *Server) launch(ctx context.Context) error {
	cmd, t, exited := s.start(), &tail{}, make(chan struct{})
	cmd.Stdout, cmd.Stderr = t, t
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	fmt.Fprintf(s.log, "server pid %d at http://%s\n", cmd.Process.Pid, s.Addr)
	s.mu.Lock()
	s.cmd, s.tail, s.exited = cmd, t, exited
	s.mu.Unlock()
	go func() {
		_ = cmd.Wait() // what it said counts, not how it ended
		close(exited)
	}()
	deadline := time.Now().Add(readyWithin)
	for {
		switch {
		case ready(ctx, s.Addr):
			return nil
		case ctx.Err() != nil:
			s.end()
			return ctx.Err()
		case time.Now().After(deadline):
			s.end()
			return fmt.Errorf("the server was not ready within %s; it said: %s", readyWithin, t)
		}
		select {
		case <-exited:
			return fmt.Errorf("the server ended before it was ready (%s); it said: %s", cmd.ProcessState, t)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var probe = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func ready(ctx context.Context, addr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	res, err := probe.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// watch starts the server again when it died, or notes that it did.
func (s *Server) watch(ctx context.Context) {
	defer close(s.ended)
	for {
		select {
		case <-ctx.Done():
			s.end()
			return
		case <-s.exited:
		}
		if ctx.Err() != nil {
			return
		}
		if !s.restart {
			s.fail(fmt.Errorf("the server ended (%s); it said: %s", s.cmd.ProcessState, s.tail))
			return
		}
		fmt.Fprintf(s.log, "the server ended (%s) and is started again\n", s.cmd.ProcessState)
		s.mu.Lock()
		s.restarts++
		s.mu.Unlock()
		if err := s.relaunch(ctx); err != nil {
			s.fail(err)
			return
		}
	}
}

// relaunch tries several times: whoever kills the server may do it again before
// it is ready.
func (s *Server) relaunch(ctx context.Context) (err error) {
	for range 10 {
		if err = s.launch(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("the server could not be started again: %w", err)
}

func (s *Server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !errors.Is(err, context.Canceled) {
		s.err = err
	}
}

// end stops the process that runs: gently first, so that a profile is written.
func (s *Server) end() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(20 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// Stop stops the server and returns why it was not there any more, if so.
func (s *Server) Stop() error {
	s.cancel()
	<-s.ended
	return s.Err()
}

// Err returns why the server is not there any more; nil while it runs.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Said returns the last lines that the server said.
func (s *Server) Said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const most = 2 << 10
	said := s.tail.end(most)
	if _, lines, cut := strings.Cut(said, "\n"); cut && len(said) == most {
		return lines // the first is no whole one
	}
	return said
}

// PID returns the number of the process that runs, or ran last.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid
}

// Restarts returns how often the server was started again.
func (s *Server) Restarts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts
}
