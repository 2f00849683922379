package api

import (
	"net/http"
)

// Readiness is what /livez and /readyz answer.
type Readiness struct {
	Status string `json:"status" enum:"live,ready,draining,not_ready"`
	Error  string `json:"error,omitempty"`
}

// Shard is a shard as JSON tells it.
type Shard struct {
	Object    string  `json:"object" enum:"shard"`
	Index     int     `json:"index" doc:"It holds the users whose user_id modulo the number of shards is this."`
	Status    string  `json:"status" enum:"healthy,unhealthy"`
	LatencyMS float64 `json:"latency_ms"`
	Error     string  `json:"error,omitempty"`
	Queue     int     `json:"queue" doc:"Commands that wait to be committed."`
}

// health answers GET /health. Its status is 503 only when this process can take
// no payment: a load balancer must not empty itself because Kafka is down.
func (c *call) health() error {
	report := c.api.cfg.Health.Check(c.r.Context())
	status := http.StatusOK
	if draining := c.api.draining.Load(); draining || !report.Working() {
		report.Status, status = Unhealthy, http.StatusServiceUnavailable
	}
	return c.object(status, report)
}

// livez answers GET /livez.
func (c *call) livez() error { return c.object(http.StatusOK, Readiness{Status: "live"}) }

// readyz answers GET /readyz. With one shard that answers there is work to do.
func (c *call) readyz() error {
	if c.api.draining.Load() {
		return c.object(http.StatusServiceUnavailable, Readiness{Status: "draining"})
	}
	if err := c.api.cfg.Ready(); err != nil {
		return c.object(http.StatusServiceUnavailable, Readiness{Status: "not_ready", Error: err.Error()})
	}
	if report := c.api.cfg.Health.Check(c.r.Context()); !report.Working() {
		return c.object(http.StatusServiceUnavailable, Readiness{
			Status: "not_ready", Error: "no shard answers: " + report.Checks.Database.Error,
		})
	}
	return c.object(http.StatusOK, Readiness{Status: "ready"})
}

// metrics answers GET /metrics.
func (c *call) metrics() error {
	c.status = http.StatusOK
	c.api.scrapes.ServeHTTP(c.w, c.r)
	return nil
}

// listShards answers GET /api/v1/shards.
func (c *call) listShards() error {
	if err := c.noQuery(); err != nil {
		return err
	}
	checks := c.api.cfg.Health.Check(c.r.Context()).Shards
	list := List[Shard]{Object: "list", Data: make([]Shard, 0, len(checks))}
	for i, check := range checks {
		shard := Shard{
			Object: "shard", Index: i, Status: check.Status, LatencyMS: check.LatencyMS, Queue: c.api.cfg.Queue(i),
		}
		if check.cause != nil {
			shard.Error = check.cause.Error()
		}
		list.Data = append(list.Data, shard)
	}
	return c.object(http.StatusOK, list)
}
