package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"florin/access"
	"florin/internal/config"
)

// running is a server in this process.
type running struct {
	t       *testing.T
	node    *node
	dir     string
	url     string
	greeted string
	signals chan os.Signal
	ended   chan error
	over    chan struct{}
	log     *buffer
}

// buffer is a log that several goroutines write.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs a server on dir until the test ends.
func start(t *testing.T, dir string, terminal bool, fixed ...access.APIKey) *running {
	t.Helper()
	return startWith(t, "", dir, terminal, fixed...)
}

// startWith does the same with a configuration file.
func startWith(t *testing.T, file, dir string, terminal bool, fixed ...access.APIKey) *running {
	t.Helper()
	cfg, err := config.Load(file, map[string]string{"data": dir, "listen": "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{
		t: t, dir: dir, signals: make(chan os.Signal, 2), ended: make(chan error, 1), over: make(chan struct{}),
		log: &buffer{},
	}
	reader, writer := io.Pipe()
	c := &console{out: writer, err: r.log, terminal: terminal}
	if r.node, err = openNode(context.Background(), cfg, c.logger(), fixed...); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := r.node.serve(context.Background(), c, nil, stopper{signals: r.signals, ended: r.over})
		_ = writer.CloseWithError(err)
		r.ended <- err
	}()
	lines := bufio.NewReader(reader)
	for r.url == "" || !strings.Contains(r.greeted, "user_id") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the server ends before it has greeted: %v\n%s", err, r.log)
		}
		r.greeted += line
		if url := regexp.MustCompile(`listens on (http://\S+),`).FindStringSubmatch(line); url != nil {
			r.url = url[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	t.Cleanup(r.stop)
	return r
}

// stop ends the server as a signal does; a second call does nothing.
func (r *running) stop() {
	r.t.Helper()
	if r.node == nil {
		return
	}
	r.signals <- syscall.SIGTERM
	if err := <-r.ended; err != nil {
		r.t.Errorf("the server ended with %v\n%s", err, r.log)
	}
	if err := r.node.close(); err != nil {
		r.t.Errorf("closing: %v", err)
	}
	close(r.over)
	r.node = nil
}

// key returns the API key that the first start made.
func (r *running) key() string {
	r.t.Helper()
	secret, err := readKeyFile(filepath.Join(r.dir, keyFile))
	if err != nil {
		r.t.Fatal(err)
	}
	return secret
}

const onePayment = `{"user_id":1,"amount":1999,"currency":"USD","payment_method":"pm_card_visa","confirm":true}`

// post sends a request and returns the answer's status and body.
func (r *running) post(key, path, body string) (int, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, r.url+path, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err.Error()
	}
	return answer.StatusCode, string(text)
}

func (r *running) pay(key string) string {
	r.t.Helper()
	status, body := r.post(key, "/api/v1/payments", onePayment)
	if status != http.StatusCreated || !strings.Contains(body, `"status":"succeeded"`) {
		r.t.Fatalf("the answer is %d: %s", status, body)
	}
	return body
}

// writeConfig writes a configuration file.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "florin.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
