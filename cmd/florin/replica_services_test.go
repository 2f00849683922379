//go:build services

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/internal/pgtest"
)

// replicated is a store of two shards on a primary with two replicas.
type replicated struct {
	file      string // its configuration
	replicas  []*pgtest.Server
	databases []string // their DSNs on the second replica
}

func onReplicas(t *testing.T) (r replicated) {
	t.Helper()
	primary := pgtest.New(t)
	text := "database_cluster:\n  connection_pool: {min_size: 0, max_size: 16}\n  max_lag: 3s\n  read_replicas:\n"
	for range 2 {
		standby := primary.Replica(t)
		r.replicas = append(r.replicas, standby)
		text += fmt.Sprintf("    - {host: 127.0.0.1, port: %d, weight: 50}\n", standby.Port)
	}
	text += "shards:\n"
	for shard := range 2 {
		dsn := primary.Database(t)
		text += fmt.Sprintf("  - dsn: %q\n", dsn)
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(shard, err)
		}
		r.databases = append(r.databases, r.replicas[1].Of(cfg.Database))
	}
	r.file = writeConfig(t, text)
	mustFlorin(t, "migrate", "up", "--config", r.file)
	return r
}

// reads counts the reads of payments on the second replica.
func (r replicated) reads(t *testing.T) (sum int) {
	t.Helper()
	for _, dsn := range r.databases {
		c, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		err = c.QueryRow(t.Context(), `SELECT coalesce(sum(seq_scan + idx_scan), 0)::int FROM pg_stat_user_tables
			WHERE relname = 'payments'`).Scan(&n)
		if err := errors.Join(err, c.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// customer pays and looks at once whether it is there.
type customer struct {
	user            int
	key             string
	pays, looks     string // URLs of servers
	tells           bool   // sends what the last answer told of consistency
	consistency     string
	rounds, wrong   int
	firstOfTheWrong string
}

func (c *customer) call(ctx context.Context, method, url, body string) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.tells && c.consistency != "" {
		request.Header.Set("Florin-Consistency", c.consistency)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	if told := response.Header.Get("Florin-Consistency"); told != "" {
		c.consistency = told
	}
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// round pays, and lists the payments: the new one must be the first.
func (c *customer) round(ctx context.Context) error {
	body := strings.Replace(onePayment, `"user_id":1`, fmt.Sprintf(`"user_id":%d`, c.user), 1)
	status, text, err := c.call(ctx, http.MethodPost, c.pays+"/api/v1/payments", body)
	if err != nil || status != http.StatusCreated {
		return fmt.Errorf("a payment is answered %d %s: %w", status, text, err)
	}
	var paid struct{ ID string }
	if err := json.Unmarshal([]byte(text), &paid); err != nil {
		return err
	}
	url := fmt.Sprintf("%s/api/v1/payments?user_id=%d&limit=1", c.looks, c.user)
	status, text, err = c.call(ctx, http.MethodGet, url, "")
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("a list is answered %d %s: %w", status, text, err)
	}
	var list struct{ Data []struct{ ID, Status string } }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return err
	}
	if len(list.Data) != 1 || list.Data[0].ID != paid.ID || list.Data[0].Status != "succeeded" {
		return fmt.Errorf("%s was paid, and the list is %s", paid.ID, text)
	}
	return nil
}

// shop pays and looks until it is told to stop.
func (c *customer) shop(ctx context.Context, stop *atomic.Bool) {
	for ; !stop.Load(); c.rounds++ {
		if err := c.round(ctx); err != nil {
			if c.wrong++; c.wrong == 1 {
				c.firstOfTheWrong = err.Error()
			}
		}
	}
}

// awaitHealth asks until a server's database check has a status.
func awaitHealth(t *testing.T, url, want string) (text string) {
	t.Helper()
	visitor := customer{}
	for until := time.Now().Add(40 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		var status int
		var err error
		status, text, err = visitor.call(t.Context(), http.MethodGet, url+"/health", "")
		if err == nil && status == http.StatusOK && strings.Contains(text, `"database":{"status":"`+want+`"`) {
			return text
		}
	}
	t.Fatalf("the database is not %s: %s", want, text)
	return text
}

// TestOwnWritesWhileReplicasComeAndGo: customers pay and read what they paid, while
// a replica is stopped, another's replay is paused, and both come back. Not one
// read fails, and not one is from before the customer's own payment.
func TestOwnWritesWhileReplicasComeAndGo(t *testing.T) {
	t.Parallel()
	on := onReplicas(t)
	file, replicas := on.file, on.replicas
	dir := filepath.Join(t.TempDir(), "data")
	first, second := startWith(t, file, dir, false), startWith(t, file, dir, false)
	if err := second.node.reloadKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*running{first, second} {
		awaitHealth(t, s.url, "healthy")
	}
	key := first.key()
	customers := []*customer{
		{user: 1, key: key, pays: first.url, looks: first.url},
		{user: 2, key: key, pays: second.url, looks: second.url},
		{user: 3, key: key, pays: first.url, looks: second.url, tells: true},
		{user: 4, key: key, pays: second.url, looks: first.url, tells: true},
	}
	var stop atomic.Bool
	var shopping sync.WaitGroup
	for _, c := range customers {
		shopping.Go(func() { c.shop(t.Context(), &stop) })
	}

	replicas[0].Crash(t)
	told := awaitHealth(t, first.url, "degraded")
	if !strings.Contains(told, "shard 0: 1 of 2 replicas left out") || strings.Contains(told, "127.0.0.1") {
		t.Errorf("it is told as %s", told)
	}
	if err := replicas[1].Exec(t.Context(), "SELECT pg_wal_replay_pause()"); err != nil {
		t.Fatal(err)
	}
	awaitText(t, first.url, "2 of 2 replicas left out")
	// Who asks without having watched knows a shorter lag: since the last Tx replayed.
	status := ""
	for until := time.Now().Add(30 * time.Second); strings.Count(status, "is not read from: ") != 4; {
		if status = mustFlorin(t, "shards", "status", "--config", file); time.Now().After(until) {
			t.Fatalf("the shards are %s", status)
		}
	}
	replicas[0].Start(t)
	awaitText(t, first.url, "1 of 2 replicas left out")
	if err := replicas[1].Exec(t.Context(), "SELECT pg_wal_replay_resume()"); err != nil {
		t.Fatal(err)
	}
	awaitHealth(t, first.url, "healthy")
	awaitHealth(t, second.url, "healthy")
	stop.Store(true)
	shopping.Wait()

	for _, c := range customers {
		if c.wrong > 0 || c.rounds < 20 {
			t.Errorf("user %d: %d of %d rounds went wrong, the first: %s", c.user, c.wrong, c.rounds, c.firstOfTheWrong)
		}
	}
	first.stop()
	second.stop()
	on.areLogged(t, first.log)
	if n := on.reads(t); n < 20 {
		t.Errorf("a replica was read from %d times", n)
	}
	if out := mustFlorin(t, "audit", "--config", file, "--data", dir); !strings.Contains(out, "the books are right") {
		t.Errorf("the audit prints %s", out)
	}
}

// awaitText asks until a server's health says something.
func awaitText(t *testing.T, url, want string) {
	t.Helper()
	for until := time.Now().Add(40 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		if strings.Contains(awaitHealth(t, url, "degraded"), want) {
			return
		}
	}
	t.Fatalf("it never says %s", want)
}

// areLogged holds a log against replicas each of which was left out once, and came
// back.
func (r replicated) areLogged(t *testing.T, log *buffer) {
	t.Helper()
	for _, replica := range r.replicas {
		for _, what := range []string{"a replica is left out", "a replica is read from again"} {
			if n := lines(log, what, fmt.Sprintf(`127.0.0.1:%d"`, replica.Port)); n < 2 || n > 4 { // of two shards
				t.Errorf("the log has %d times that %s: %s", n, what, log)
			}
		}
	}
}

// lines counts the lines of a log that have all of some texts.
func lines(log *buffer, texts ...string) (n int) {
	for line := range strings.Lines(log.String()) {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			n++
		}
	}
	return n
}

// TestAReplicaThatIsNoneIsLogged, once a shard, from the start.
func TestAReplicaThatIsNoneIsLogged(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	var dsns []string
	for range 2 {
		dsns = append(dsns, fmt.Sprintf("  - dsn: %q\n", server.Of(server.Database(t))))
	}
	file := writeConfig(t, fmt.Sprintf("database_cluster:\n  connection_pool: {min_size: 0, max_size: 8}\n"+
		"  read_replicas: [{host: localhost, port: %d}]\nshards:\n%s", server.Port, strings.Join(dsns, "")))
	mustFlorin(t, "migrate", "up", "--config", file)
	r := startWith(t, file, t.TempDir(), false)
	const left = "a replica is left out"
	for until := time.Now().Add(20 * time.Second); lines(r.log, left) < 2 && time.Now().Before(until); {
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(2500 * time.Millisecond) // two looks more
	n := lines(r.log, `"level":"WARN"`, left, `"replica":"localhost:`, "it is no standby")
	if n != 2 || lines(r.log, left) != 2 {
		t.Errorf("%d lines, want one a shard: %s", n, r.log)
	}
}
