package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// freeAddr returns an address of this machine that nobody listens on. The port
// is below those that a system gives to outgoing connections: none can take it
// while the server is being started again.
func freeAddr() (string, error) {
	var last error
	for range 100 {
		port := 20000 + rand.IntN(12000) //nolint:gosec // any port will do
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = l.Close()
			return l.Addr().String(), nil
		}
		last = err
	}
	return "", fmt.Errorf("no free port: %w", last)
}

// runRaw runs a child that prints a rate and ends.
func runRaw(ctx context.Context, cmd *exec.Cmd) (float64, error) {
	said, stop := &tail{}, make(chan struct{})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, said
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start the raw inserts: %w", err)
	}
	undo := context.AfterFunc(ctx, func() {
		_ = cmd.Process.Kill()
		close(stop)
	})
	err := cmd.Wait()
	if !undo() {
		<-stop
		return 0, ctx.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("the raw inserts failed (%w): %s", err, said)
	}
	rate, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
	if err != nil || rate <= 0 {
		return 0, errors.New("the raw inserts told no rate: " + said.String())
	}
	return rate, nil
}

// tail keeps the end of what a child says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 16 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*maxTail {
		t.text = append(t.text[:0], t.text[len(t.text)-maxTail:]...)
	}
	return len(p), nil
}

// end returns the last n bytes, or less.
func (t *tail) end(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text[max(0, len(t.text)-n):]))
}

// String returns what was kept.
func (t *tail) String() string {
	if text := t.end(maxTail); text != "" {
		return text
	}
	return "(nothing)"
}
