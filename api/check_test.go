package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"florin/api"
	"florin/internal/clock"
)

func ok(context.Context) error { return nil }

// TestAShardThatLacksSomething works, and is told as degraded; what a shard that is
// away lacks is not of interest.
func TestAShardThatLacksSomething(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		down int // shards, from 0 on
		lack map[int]string
		want api.Check
	}{
		"nothing":      {0, nil, api.Check{Status: api.Healthy}},
		"a replica":    {0, map[int]string{2: "one"}, api.Check{Status: api.Degraded, Error: "shard 2: one"}},
		"two replicas": {0, map[int]string{0: "x", 1: "y"}, api.Check{Status: api.Degraded, Error: "shard 0: x; shard 1: y"}},
		"a shard":      {1, map[int]string{0: "x"}, api.Check{Status: api.Degraded, Error: "shard 0 cannot be reached"}},
		"all shards":   {4, map[int]string{0: "x"}, api.Check{Status: api.Unhealthy}},
	} {
		checker := api.NewChecker(api.CheckerConfig{
			Shards: 4, Lacks: func(shard int) string { return c.lack[shard] },
			Ping: func(_ context.Context, shard int) error {
				if shard < c.down {
					return errDial
				}
				return nil
			},
		})
		got := checker.Check(t.Context()).Checks.Database
		if got.Status != c.want.Status || c.want.Error != "" && got.Error != c.want.Error {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// never answers until its context ends.
func never(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func fail(context.Context) error { return errDial }

var errDial = errors.New("dial tcp 10.1.2.3:6379: refused")

func TestReports(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		down                                    int // shards
		redis, kafka                            func(context.Context) error
		status, database, redisState, kafkaText string
	}{
		"all well":          {0, ok, ok, api.Healthy, api.Healthy, api.Healthy, api.Healthy},
		"nothing else":      {0, nil, nil, api.Healthy, api.Healthy, api.Disabled, api.Disabled},
		"a shard is away":   {1, ok, nil, api.Degraded, api.Degraded, api.Healthy, api.Disabled},
		"all shards away":   {4, nil, nil, api.Unhealthy, api.Unhealthy, api.Disabled, api.Disabled},
		"kafka is silent":   {0, ok, never, api.Unhealthy, api.Healthy, api.Healthy, api.Unhealthy},
		"redis and a shard": {3, fail, nil, api.Unhealthy, api.Degraded, api.Unhealthy, api.Disabled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				checker := api.NewChecker(api.CheckerConfig{
					Shards: 4, Redis: c.redis, Kafka: c.kafka,
					Ping: func(_ context.Context, shard int) error {
						if shard < c.down {
							return errDial
						}
						return nil
					},
				})
				r := checker.Check(t.Context())
				got := []string{r.Status, r.Checks.Database.Status, r.Checks.Redis.Status, r.Checks.Kafka.Status}
				want := []string{c.status, c.database, c.redisState, c.kafkaText}
				if fmt.Sprint(got) != fmt.Sprint(want) || len(r.Shards) != 4 || r.Working() != (c.down < 4) {
					t.Errorf("got %v, want %v: %+v", got, want, r)
				}
				if text := fmt.Sprintf("%+v", r.Checks.Database.Error+r.Checks.Redis.Error); strings.Contains(text, "10.1.2.3") {
					t.Errorf("the report names hosts: %s", text)
				}
			})
		})
	}
}

// A probe that hangs costs a report the time-out and no more, and one goroutine
// however often reports are made.
func TestProbesThatHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		hang := make(chan struct{})
		checker := api.NewChecker(api.CheckerConfig{
			Shards: 1, Ping: func(context.Context, int) error { return nil },
			Redis: func(context.Context) error { calls.Add(1); <-hang; return nil },
		})
		began := time.Now()
		for range 5 {
			r := checker.Check(t.Context())
			if r.Checks.Redis.Status != api.Unhealthy || r.Checks.Redis.Error != "redis did not answer within 1s" {
				t.Errorf("got %+v", r.Checks.Redis)
			}
			time.Sleep(3 * time.Second)
		}
		if took := time.Since(began); took != 16*time.Second || calls.Load() != 1 {
			t.Errorf("5 reports took %v and %d calls", took, calls.Load())
		}
		close(hang)
		synctest.Wait()
		if r := checker.Check(t.Context()); r.Checks.Redis.Status != api.Healthy {
			t.Errorf("once it answers: %+v", r.Checks.Redis)
		}
	})
}

// All who ask while a report is made, and for 2 s after, get that one.
func TestReportsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		checker := api.NewChecker(api.CheckerConfig{
			Shards: 1,
			Ping: func(context.Context, int) error {
				calls.Add(1)
				time.Sleep(300 * time.Millisecond)
				return nil
			},
		})
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				if r := checker.Check(t.Context()); r.Checks.Database.LatencyMS != 300 {
					t.Errorf("got %+v", r)
				}
			})
		}
		wait.Wait()
		time.Sleep(1999 * time.Millisecond)
		checker.Check(t.Context())
		if calls.Load() != 1 {
			t.Errorf("%d calls within 2 s", calls.Load())
		}
		time.Sleep(time.Millisecond)
		gone, leave := context.WithCancel(t.Context())
		leave()
		if r := checker.Check(gone); r.Status != api.Healthy { // the last one
			t.Errorf("a caller that left got %+v", r)
		}
		time.Sleep(time.Second)
		if calls.Load() != 2 {
			t.Errorf("%d calls, want 2", calls.Load())
		}
	})
}

func TestFailedChecksAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	checker := api.NewChecker(api.CheckerConfig{
		Shards: 1, Ping: func(context.Context, int) error { return errDial }, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	s := newServer(t, func(c *api.Config) { c.Health, c.Queue = checker, func(shard int) int { return 7 + shard } })
	shard := s.get("/api/v1/shards").want(200)["data"].([]any)[0].(map[string]any)
	if shard["status"] != "unhealthy" || shard["error"] != errDial.Error() || shard["queue"] != 7.0 {
		t.Errorf("got %v", shard)
	}
	if !strings.Contains(log.String(), "10.1.2.3") {
		t.Errorf("the log says: %s", log.String())
	}
}

// TestAFailureIsLoggedOnce, however often it is asked, and so is its end.
func TestAFailureIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var away error
	now := clock.NewManual(time.Unix(0, 0))
	checker := api.NewChecker(api.CheckerConfig{
		Shards: 1, Ping: func(context.Context, int) error { return away }, Clock: now,
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for _, err := range []error{nil, errDial, errDial, errDial, nil, nil} {
		away = err
		checker.Check(t.Context())
		now.Advance(time.Minute)
	}
	if lines := strings.Split(strings.TrimSpace(log.String()), "\n"); len(lines) != 2 ||
		!strings.Contains(lines[0], "a health check failed") || !strings.Contains(lines[1], "succeeds again") {
		t.Errorf("the log says %s", log.String())
	}
}

func TestReportsOfGateways(t *testing.T) {
	t.Parallel()
	for breakers, want := range map[string]string{
		"":                 api.Healthy,
		"closed":           api.Healthy,
		"open,closed":      api.Healthy,
		"open,half_open":   api.Healthy,
		"open":             api.Degraded,
		"open,open":        api.Degraded,
		"half_open,closed": api.Healthy,
	} {
		var states []api.GatewayState
		for i, breaker := range strings.FieldsFunc(breakers, func(r rune) bool { return r == ',' }) {
			states = append(states, api.GatewayState{Name: fmt.Sprint("gateway", i), Breaker: breaker})
		}
		r := api.NewChecker(api.CheckerConfig{
			Shards: 1, Ping: func(context.Context, int) error { return nil },
			Gateways: func() []api.GatewayState { return states },
		}).Check(t.Context())
		if r.Status != want || !r.Working() || (r.Checks.Gateways == nil) != (breakers == "") {
			t.Errorf("%q: got %+v, want %s", breakers, r, want)
			continue
		}
		for i, s := range states {
			if got := r.Checks.Gateways.Gateways[i]; got.Name != s.Name || got.Breaker != s.Breaker {
				t.Errorf("%q: gateway %d is %+v", breakers, i, got)
			}
		}
	}
}
