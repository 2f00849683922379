//go:build services

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/access"
	"florin/audit"
	"florin/bench"
	"florin/internal/pgtest"
)

func init() { ends = append(ends, pgtest.Stop) }

// longVariable makes the tests of faults as long as they are by hand.
const longVariable = "FLORIN_TEST_LONG"

// isLong says whether they are.
func isLong() bool { return os.Getenv(longVariable) != "" }

// cluster is a store of four shards on PostgreSQL, and processes that serve it.
type cluster struct {
	t         *testing.T
	file, dir string
	secret    string
	processes []*bench.Server
	client    *http.Client
	log       *buffer
}

// newCluster makes the databases of the DSNs a store. dsns are of empty databases.
func newCluster(t *testing.T, dsns ...string) *cluster {
	t.Helper()
	text := "store: postgres\ndatabase_cluster: {connection_pool: {min_size: 0, max_size: 8}}\nshards:\n"
	for _, dsn := range dsns {
		text += fmt.Sprintf("  - dsn: %q\n", dsn)
	}
	c := &cluster{
		t: t, file: writeConfig(t, text), dir: filepath.Join(t.TempDir(), "data"), secret: newSecret(access.Test),
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}, log: &buffer{},
	}
	t.Cleanup(c.client.CloseIdleConnections)
	mustFlorin(t, "migrate", "up", "--config", c.file, "--data", c.dir)
	return c
}

// newClusterOn makes a store of four shards on one server, and starts processes.
func newClusterOn(t *testing.T, server *pgtest.Server, processes int) *cluster {
	t.Helper()
	var dsns []string
	for range 4 {
		dsns = append(dsns, server.Database(t))
	}
	c := newCluster(t, dsns...)
	for range processes {
		c.start()
	}
	return c
}

// start starts one more process, and waits until it is ready.
func (c *cluster) start() *bench.Server {
	c.t.Helper()
	return c.startAgain(false)
}

// startAgain does the same; with again it is started again when it dies.
func (c *cluster) startAgain(again bool) *bench.Server {
	c.t.Helper()
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	address := freeAddress(c.t)
	server, err := bench.StartServer(context.Background(), address, func() *exec.Cmd {
		serve := exec.Command(self, "serve", "--config", c.file, "--data", c.dir, "--listen", address)
		serve.Env = append(os.Environ(), florinVariable+"=1", keyVariable+"="+c.secret)
		return serve
	}, again, c.log)
	if err != nil {
		c.t.Fatal(err)
	}
	c.processes = append(c.processes, server)
	c.t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			c.t.Error(err)
		}
	})
	return server
}

// freeAddress returns an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// answer is what a process said.
type answer struct {
	status int
	body   string
	retry  string // Retry-After
	took   time.Duration
	err    error
}

// field returns a member of the answer's object.
func (a answer) field(name string) string {
	var object map[string]any
	if json.Unmarshal([]byte(a.body), &object) != nil {
		return ""
	}
	return fmt.Sprint(object[name])
}

// call sends a request to a process, counted from 0.
func (c *cluster) call(process int, method, path, body, key string) answer {
	return c.callAt("http://"+c.processes[process%len(c.processes)].Addr, method, path, body, key)
}

func (c *cluster) callAt(url, method, path, body, key string) answer {
	return c.callWith(http.Header{}, url, method, path, body, key)
}

// callWith sends a request with more headers.
func (c *cluster) callWith(header http.Header, url, method, path, body, key string) answer {
	request, err := http.NewRequestWithContext(context.Background(), method, url+path, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	request.Header = header
	request.Header.Set("Authorization", "Bearer "+c.secret)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	began := time.Now()
	response, err := c.client.Do(request)
	if err != nil {
		return answer{err: err, took: time.Since(began)}
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	_, err = io.Copy(&text, response.Body)
	return answer{response.StatusCode, text.String(), response.Header.Get("Retry-After"), time.Since(began), err}
}

func (c *cluster) post(process int, path, body string) answer {
	return c.call(process, http.MethodPost, "/api/v1"+path, body, "")
}

func (c *cluster) get(process int, path string) answer {
	return c.call(process, http.MethodGet, "/api/v1"+path, "", "")
}

// must sends what has to be answered so, and returns the answer.
func (c *cluster) must(status int, a answer) answer {
	c.t.Helper()
	if a.status != status || a.err != nil {
		c.t.Fatalf("the answer is %d, %v, want %d: %s", a.status, a.err, status, a.body)
	}
	return a
}

// together calls f n times at once, and returns the answers.
func together(n int, f func(i int) answer) []answer {
	answers := make([]answer, n)
	begin := make(chan struct{})
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() {
			<-begin
			answers[i] = f(i)
		})
	}
	close(begin)
	running.Wait()
	return answers
}

// counts returns how many answers had which status.
func counts(answers []answer) map[int]int {
	n := map[int]int{}
	for _, a := range answers {
		n[a.status]++
	}
	return n
}

// fund puts an amount into a wallet.
func (c *cluster) fund(user, minor int) {
	c.t.Helper()
	c.must(http.StatusCreated, c.post(user, fmt.Sprintf("/wallets/%d/adjustments", user),
		fmt.Sprintf(`{"amount":%d,"currency":"USD","transaction_id":"fund","reason":"test"}`, minor)))
}

// available returns what a wallet has.
func (c *cluster) available(user int) int64 {
	c.t.Helper()
	a := c.must(http.StatusOK, c.get(user, fmt.Sprintf("/wallets/%d", user)))
	var wallet struct {
		Balances []struct {
			Currency  string
			Available int64
		}
	}
	if err := json.Unmarshal([]byte(a.body), &wallet); err != nil {
		c.t.Fatal(err)
	}
	for _, b := range wallet.Balances {
		if b.Currency == "USD" {
			return b.Available
		}
	}
	return 0
}

// pay makes a payment, and returns its id.
func (c *cluster) pay(process, user, minor int, more string) string {
	c.t.Helper()
	return c.must(http.StatusCreated, c.post(process, "/payments", payment(user, minor, more))).field("id")
}

// payment is a request for one.
func payment(user, minor int, more string) string {
	return fmt.Sprintf(`{"user_id":%d,"amount":%d,"currency":"USD","payment_method":"pm_card_visa","confirm":true%s}`,
		user, minor, more)
}

// audit checks the books and returns what they hold.
func (c *cluster) audit(args ...string) audit.Report {
	c.t.Helper()
	got := florin(c.t, append([]string{"audit", "--json", "--config", c.file, "--data", c.dir}, args...)...)
	var report audit.Report
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		c.t.Fatalf("the audit says %s %s: %v", got.out, got.err, err)
	}
	if got.code != 0 || !report.OK {
		c.t.Errorf("the books are wrong: %s", got.out)
	}
	return report
}

// await asks until something is so, for a minute at most.
func (c *cluster) await(what string, so func() bool) {
	c.t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
		if so() {
			return
		}
	}
	c.t.Fatalf("waited a minute for %s", what)
}
