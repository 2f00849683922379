package api_test

import (
	"errors"
	"strings"
	"testing"

	"florin/api"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status, database string
		want             int
	}{
		{api.Healthy, api.Healthy, 200},
		{api.Degraded, api.Degraded, 200},
		{api.Unhealthy, api.Healthy, 200}, // Kafka is down
		{api.Unhealthy, api.Unhealthy, 503},
	} {
		s := newServer(t, func(cfg *api.Config) {
			cfg.Health = fakeHealth{api.Report{
				Status: c.status, Timestamp: "2026-01-31T09:30:00.123Z",
				Checks: api.Checks{
					Database: api.Check{Status: c.database, LatencyMS: 0.25},
					Redis:    api.Check{Status: api.Disabled}, Kafka: api.Check{Status: api.Unhealthy, Error: "away"},
				},
			}}
		})
		got := s.get("/health")
		got.want(c.want)
		want := `{"status":"` + c.status + `","timestamp":"2026-01-31T09:30:00.123Z","checks":{"database":{"status":"` +
			c.database + `","latency_ms":0.25},"redis":{"status":"disabled","latency_ms":0},` +
			`"kafka":{"status":"unhealthy","latency_ms":0,"error":"away"}}}`
		if got.body != want {
			t.Errorf("got %s, want %s", got.body, want)
		}
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	var unready error
	s := newServer(t, func(c *api.Config) { c.Ready = func() error { return unready } })
	for _, path := range []string{"/livez", "/readyz", "/health"} {
		s.get(path).want(200)
	}
	unready = errors.New("the clock is 3s from the database's")
	if got := s.get("/readyz").want(503); got["error"] != unready.Error() || got["status"] != "not_ready" {
		t.Errorf("got %v", got)
	}
	s.get("/health").want(200)

	s.api.Drain()
	s.get("/livez").want(200)
	if got := s.get("/readyz").want(503); got["status"] != "draining" {
		t.Errorf("got %v", got)
	}
	if got := s.get("/health").want(503); got["status"] != api.Unhealthy {
		t.Errorf("got %v", got)
	}
	s.post(paymentsPath, simple).want(201) // what comes is still answered
}

func TestReadyWhileAShardAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		database, text string
		want           int
	}{
		{api.Healthy, "", 200},
		{api.Degraded, "shard 3 cannot be reached", 200},
		{api.Unhealthy, "shard 0 cannot be reached; shard 1 cannot be reached", 503},
	} {
		s := newServer(t, func(cfg *api.Config) {
			cfg.Health = fakeHealth{api.Report{Checks: api.Checks{Database: api.Check{Status: c.database, Error: c.text}}}}
		})
		got := s.get("/readyz").want(c.want)
		if c.want == 503 && (got["status"] != "not_ready" || got["error"] != "no shard answers: "+c.text) {
			t.Errorf("database %s: got %v", c.database, got)
		}
		s.get("/livez").want(200)
	}
}

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := s.get("/metrics")
	for _, name := range []string{
		"payment_processing_seconds_bucket", "database_connections_active 0", "fraud_detection_seconds_count 0",
		"payment_queue_length 0", "go_goroutines", "go_build_info",
	} {
		if !strings.Contains(got.body, name) {
			t.Errorf("the metrics lack %s", name)
		}
	}
}
