package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"florin/access"
	"florin/gateway/simulated"
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
	cfg, err := config.Load("", map[string]string{"data": dir, "listen": "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, dir: dir, signals: make(chan os.Signal, 2), ended: make(chan error, 1), log: &buffer{}}
	reader, writer := io.Pipe()
	c := &console{out: writer, err: r.log, terminal: terminal}
	if r.node, err = openNode(context.Background(), cfg, c.logger(), fixed...); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := r.node.serve(context.Background(), c, nil, r.signals)
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

func TestServeTakesAPayment(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "florin-data")
	r := start(t, dir, false)
	r.pay(r.key())
	if info, err := os.Stat(filepath.Join(dir, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file is %v, %v, want mode 0600", info.Mode(), err)
	}
	if strings.Contains(r.greeted, r.key()) || !strings.Contains(r.greeted, `$(cat `) {
		t.Errorf("without a terminal it prints\n%s", r.greeted)
	}
	audited := mustFlorin(t, "audit", "--data", dir) // while it runs
	if !strings.Contains(audited, "\n1 payments,") || !strings.Contains(audited, "the books are right") {
		t.Errorf("the audit prints %s", audited)
	}
	first := r.key()
	r.stop()
	if strings.Contains(r.log.String(), first) {
		t.Error("the key stands in the log")
	}
	again := start(t, dir, true)
	if again.key() != first || !strings.Contains(again.greeted, `"Authorization: Bearer `+first+`"`) {
		t.Errorf("the second start prints\n%s", again.greeted)
	}
	again.pay(first)
}

func TestServeGoesOnWithTheKeyOfAStartThatWasCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := newSecret(access.Test)
	if err := writeKeyFile(filepath.Join(dir, keyFile), secret); err != nil {
		t.Fatal(err)
	}
	r := start(t, dir, false)
	r.pay(secret)
	if keys := listKeys(t, dir); len(keys) != 1 {
		t.Errorf("there are %d keys, want 1", len(keys))
	}
}

func TestKeysChangeWhileItRuns(t *testing.T) {
	t.Parallel()
	fixed := access.APIKey{Hash: access.HashSecret("fixed"), Scopes: []string{"all"}}
	r := start(t, t.TempDir(), false, fixed)
	r.pay("fixed")
	reload := func() {
		t.Helper()
		if err := r.node.reloadKeys(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	secret := strings.TrimSpace(mustFlorin(t, "keys", "create", "--data", r.dir, "--name", "shop"))
	reload()
	r.pay(secret)
	mustFlorin(t, "keys", "revoke", "--data", r.dir, listKeys(t, r.dir)[1].ID)
	reload()
	if status, body := r.post(secret, "/api/v1/payments", onePayment); status != http.StatusUnauthorized {
		t.Errorf("a revoked key is answered %d: %s", status, body)
	}
	reader := mustFlorin(t, "keys", "create", "--data", r.dir, "--name", "r", "--scopes", "payments:read")
	reload()
	if status, body := r.post(strings.TrimSpace(reader), "/api/v1/payments", onePayment); status != http.StatusForbidden {
		t.Errorf("a key for reading is answered %d: %s", status, body)
	}
	r.pay("fixed")
}

func TestWhatHasBegunFinishes(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	gateway := r.node.gateways.list[0]
	if err := gateway.simulated.Set(simulated.Settings{LatencyMS: 300}); err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 1)
	go func() {
		_, body := r.post(r.key(), "/api/v1/payments", onePayment)
		answered <- body
	}()
	for gateway.guard.Out() == 0 {
		runtime.Gosched()
	}
	r.stop()
	if body := <-answered; !strings.Contains(body, `"status":"succeeded"`) {
		t.Errorf("the answer is %s", body)
	}
	mustFlorin(t, "audit", "--data", r.dir)
}

func TestServeThatCannotStart(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a store in use": {[]string{"--data", r.dir, "--listen", "127.0.0.1:0"}, "is held by another florin process"},
		"an address in use": {
			[]string{"--data", t.TempDir(), "--listen", strings.TrimPrefix(r.url, "http://")}, "cannot listen on 127.0.0.1:",
		},
		"no directory": {[]string{"--data", "/dev/null/x"}, "not a directory"},
		"no role":      {[]string{"--data", t.TempDir(), "--roles", "king"}, `--roles: "king" is none of payments`},
		"no address":   {[]string{"--data", t.TempDir(), "--listen", "here"}, `listen: "here" is no address`},
	} {
		got := florin(t, append([]string{"serve"}, c.args...)...)
		if got.code != 1 || !strings.Contains(got.err, c.want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: %+v, want 1 and %q", name, got, c.want)
		}
	}
}

func TestAuditNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), false)
	var p struct{ ID string }
	if err := json.Unmarshal([]byte(r.pay(r.key())), &p); err != nil {
		t.Fatal(err)
	}
	told := filepath.Join(t.TempDir(), "told.jsonl")
	line := `{"payment":"` + p.ID + `","user_id":1,"amount":1999,"currency":"USD","status":"succeeded","key":"k"}` + "\n"
	if err := os.WriteFile(told, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	mustFlorin(t, "audit", "--data", r.dir, "--journal", told)
	wrong := strings.Replace(line, "1999", "2999", 1)
	if err := os.WriteFile(told, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	got := florin(t, "audit", "--data", r.dir, "--journal", told)
	if got.code != 1 || !strings.Contains(got.out, "BROKEN by 1") || !strings.Contains(got.out, p.ID) {
		t.Errorf("%+v", got)
	}
	got = florin(t, "audit", "--data", r.dir, "--journal", told, "--json")
	var report struct{ OK bool }
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || report.OK || got.code != 1 || got.err != "" {
		t.Errorf("%+v: %v", got, err)
	}
}
