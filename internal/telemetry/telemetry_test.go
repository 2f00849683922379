package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/internal/telemetry"
)

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("got %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := telemetry.New(telemetry.Config{
		QueueLength: func() int { return 7 }, Connections: func() int { return 3 },
		OpenOperations: func() int { return 5 },
		Breakers: func(visit func(string, bool)) {
			visit("first", true)
			visit("second", false)
		},
	})
	m.Payment("succeeded", "simulated")
	m.Payment("succeeded", "simulated")
	m.Payment("declined", "")
	m.Processing(30 * time.Millisecond)
	m.Fraud(20 * time.Microsecond)
	m.GatewayCall("simulated", "approved", 2*time.Millisecond)
	m.Group(2, 9)
	m.Request("POST /api/v1/payments", 201)
	text := scrape(t, m)
	for _, line := range []string{
		`payment_requests_total{gateway="simulated",status="succeeded"} 2`,
		`payment_requests_total{gateway="none",status="declined"} 1`,
		`payment_processing_seconds_bucket{le="0.025"} 0`,
		`payment_processing_seconds_bucket{le="0.05"} 1`,
		`payment_processing_seconds_sum 0.03`,
		`fraud_detection_seconds_bucket{le="2.5e-05"} 1`,
		`gateway_call_seconds_count{gateway="simulated",status="approved"} 1`,
		`commit_group_size_bucket{shard="2",le="8"} 0`,
		`commit_group_size_bucket{shard="2",le="16"} 1`,
		`http_requests_total{code="201",route="POST /api/v1/payments"} 1`,
		`payment_queue_length 7`,
		`database_connections_active 3`,
		`payment_open_operations 5`,
		`gateway_breaker_open{gateway="first"} 1`,
		`gateway_breaker_open{gateway="second"} 0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds", "go_build_info"} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("the metrics lack %s", name)
		}
	}
}

func TestWithoutSources(t *testing.T) {
	t.Parallel()
	text := scrape(t, telemetry.New(telemetry.Config{}))
	for _, line := range []string{"payment_queue_length 0", "database_connections_active 0"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// Many who count the same new labels at once lose nothing.
func TestCountingAtOnce(t *testing.T) {
	t.Parallel()
	m := telemetry.New(telemetry.Config{})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for code := range 100 {
				m.Request("GET /", code)
				m.Payment("succeeded", "simulated")
			}
		})
	}
	wait.Wait()
	text := scrape(t, m)
	if !strings.Contains(text, `http_requests_total{code="99",route="GET /"} 8`) ||
		!strings.Contains(text, `payment_requests_total{gateway="simulated",status="succeeded"} 800`) {
		t.Error("counts are lost")
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	m := telemetry.New(telemetry.Config{})
	allocated := testing.AllocsPerRun(100, func() {
		m.Payment("succeeded", "simulated")
		m.Request("GET /", 200)
		m.Processing(time.Millisecond)
		m.Group(1, 5)
		m.GatewayCall("simulated", "approved", time.Millisecond)
	})
	if allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

func BenchmarkPayment(b *testing.B) {
	m := telemetry.New(telemetry.Config{})
	for b.Loop() {
		m.Payment("succeeded", "simulated")
	}
}
