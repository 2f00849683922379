package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"florin/internal/clock"
)

// The statuses of a Report and of its checks.
const (
	Healthy   = "healthy"
	Degraded  = "degraded"
	Unhealthy = "unhealthy"
	Disabled  = "disabled" // not configured; it does not count
)

// Report is what /health answers.
type Report struct {
	Status    string `json:"status" enum:"healthy,degraded,unhealthy"`
	Timestamp string `json:"timestamp" doc:"When the checks began." format:"date-time"`
	Checks    Checks `json:"checks"`
	// Shards are the parts of the database check, by number.
	Shards []Check `json:"-"`
}

// Working tells whether at least one shard answers.
func (r Report) Working() bool { return r.Checks.Database.Status != Unhealthy }

// Checks are what a process depends on.
type Checks struct {
	Database Check `json:"database" doc:"Degraded while some shards or replicas are away."`
	Redis    Check `json:"redis"`
	Kafka    Check `json:"kafka"`

	Gateways *GatewaysCheck `json:"gateways,omitempty" doc:"Degraded while every breaker is open."`
}

// GatewaysCheck is the state of the gateways. It is never unhealthy: what is here
// can be read, and a wallet can pay.
type GatewaysCheck struct {
	Check
	Gateways []GatewayCheck `json:"gateways" nullable:"false" doc:"In the order in which they are tried."`
}

// GatewayCheck is the state of one gateway.
type GatewayCheck struct {
	Name    string `json:"name" example:"simulated"`
	Breaker string `json:"breaker" enum:"closed,open,half_open"`
}

// checkGateways makes the check of gateways; nil of none.
func checkGateways(states []GatewayState) *GatewaysCheck {
	if len(states) == 0 {
		return nil
	}
	sum := &GatewaysCheck{Check: Check{Status: Degraded, Error: "the breaker of every gateway is open"}}
	for _, g := range states {
		sum.Gateways = append(sum.Gateways, GatewayCheck{Name: g.Name, Breaker: g.Breaker})
		if g.Breaker != "open" {
			sum.Check = Check{Status: Healthy}
		}
	}
	return sum
}

// Check is the state of one thing that a process depends on.
type Check struct {
	Status    string  `json:"status" enum:"healthy,degraded,unhealthy,disabled"`
	LatencyMS float64 `json:"latency_ms"`
	Error     string  `json:"error,omitempty"`
	// cause is the error itself; it may name hosts, so /health does not show it.
	cause error
}

// CheckerConfig is what a Checker is made of.
type CheckerConfig struct {
	Shards int
	// Ping asks whether a shard answers: store.Reader's.
	Ping func(ctx context.Context, shard int) error
	// Lacks says what a shard that answers is without, a replica say; "" when it is
	// whole. nil for never.
	Lacks func(shard int) string
	// Redis and Kafka ask the same of those; nil when they are not configured.
	Redis, Kafka func(ctx context.Context) error
	// Gateways tells how the gateways are; nil for none.
	Gateways func() []GatewayState
	// Timeout is how long a probe may take; 1 s by default.
	Timeout time.Duration
	// Keep is how long a report is good; 2 s by default.
	Keep  time.Duration
	Clock clock.Clock // the machine's by default
	Log   *slog.Logger
}

// Checker probes what a process depends on, everything at the same time. Its
// report is shared by all who ask, while it is made and for some time after.
type Checker struct {
	cfg    CheckerConfig
	shards []*probe
	redis  *probe
	kafka  *probe

	mu      sync.Mutex
	last    Report
	goodTo  time.Time
	pending chan struct{} // closed once the report under way is in last
}

// NewChecker returns a Checker that has not asked anybody yet.
func NewChecker(cfg CheckerConfig) *Checker {
	if cfg.Timeout <= 0 {
		cfg.Timeout = time.Second
	}
	if cfg.Keep <= 0 {
		cfg.Keep = 2 * time.Second
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Checker{cfg: cfg, redis: newProbe("redis", cfg.Redis), kafka: newProbe("kafka", cfg.Kafka)}
	for shard := range cfg.Shards {
		c.shards = append(c.shards, newProbe(fmt.Sprintf("shard %d", shard),
			func(ctx context.Context) error { return cfg.Ping(ctx, shard) }))
	}
	return c
}

// Check returns a report that is at most Keep old. When ctx ends before a new
// one is there, it returns the last one.
func (c *Checker) Check(ctx context.Context) Report {
	c.mu.Lock()
	if c.pending == nil && c.cfg.Clock.Now().Before(c.goodTo) {
		defer c.mu.Unlock()
		return c.last
	}
	if c.pending == nil {
		c.pending = make(chan struct{})
		go c.renew(context.WithoutCancel(ctx), c.pending)
	}
	pending := c.pending
	c.mu.Unlock()
	select {
	case <-pending:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// renew makes a report.
func (c *Checker) renew(ctx context.Context, pending chan struct{}) {
	report := Report{Timestamp: timeText(c.cfg.Clock.Now()), Shards: make([]Check, len(c.shards))}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var wait sync.WaitGroup
	for shard, p := range c.shards {
		wait.Go(func() { report.Shards[shard] = c.run(ctx, p) })
	}
	wait.Go(func() { report.Checks.Redis = c.run(ctx, c.redis) })
	wait.Go(func() { report.Checks.Kafka = c.run(ctx, c.kafka) })
	wait.Wait()
	report.Checks.Database = c.lacking(together(report.Shards), report.Shards)
	if c.cfg.Gateways != nil {
		report.Checks.Gateways = checkGateways(c.cfg.Gateways())
	}
	report.Status = verdict(report.Checks)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.last, c.goodTo, c.pending = report, c.cfg.Clock.Now().Add(c.cfg.Keep), nil
	close(pending)
}

// together makes one check of all shards': degraded while some are away,
// unhealthy when all are.
func together(shards []Check) Check {
	sum := Check{Status: Healthy}
	away := 0
	for _, s := range shards {
		sum.LatencyMS = max(sum.LatencyMS, s.LatencyMS)
		if s.Status == Healthy {
			continue
		}
		if away++; sum.Error != "" {
			sum.Error += "; "
		}
		sum.Error += s.Error
	}
	switch {
	case len(shards) == away:
		sum.Status = Unhealthy
	case away > 0:
		sum.Status = Degraded
	}
	return sum
}

// lacking makes a healthy check of the shards degraded while one of them lacks
// something.
func (c *Checker) lacking(sum Check, shards []Check) Check {
	if c.cfg.Lacks == nil {
		return sum
	}
	for shard := range shards {
		what := c.cfg.Lacks(shard)
		if what == "" || shards[shard].Status != Healthy {
			continue
		}
		if sum.Status == Healthy {
			sum.Status = Degraded
		}
		if sum.Error != "" {
			sum.Error += "; "
		}
		sum.Error += fmt.Sprintf("shard %d: %s", shard, what)
	}
	return sum
}

// verdict is unhealthy when any check is, and else degraded when any is.
func verdict(c Checks) string {
	status := Healthy
	if c.Gateways != nil && c.Gateways.Status != Healthy {
		status = Degraded
	}
	for _, check := range []Check{c.Database, c.Redis, c.Kafka} {
		switch check.Status {
		case Unhealthy:
			return Unhealthy
		case Degraded:
			status = Degraded
		}
	}
	return status
}

// run runs a probe; one that does not answer in time is not waited for, and not
// started again until it has ended.
func (c *Checker) run(ctx context.Context, p *probe) Check {
	if p.call == nil {
		return Check{Status: Disabled}
	}
	began := c.cfg.Clock.Now()
	err := p.ask(ctx)
	check := Check{Status: Healthy, LatencyMS: milliseconds(c.cfg.Clock.Now().Sub(began)), cause: err}
	if err != nil {
		check.Status, check.Error = Unhealthy, p.name+" cannot be reached"
		if errors.Is(err, context.DeadlineExceeded) {
			check.Error = fmt.Sprintf("%s did not answer within %s", p.name, c.cfg.Timeout)
		}
	}
	c.tell(ctx, p, err)
	return check
}

// tell logs that a probe fails, and once it does no longer.
func (c *Checker) tell(ctx context.Context, p *probe, err error) {
	switch {
	case err != nil && !p.failing:
		c.cfg.Log.WarnContext(ctx, "a health check failed", "check", p.name, "error", err)
	case err == nil && p.failing:
		c.cfg.Log.InfoContext(ctx, "a health check succeeds again", "check", p.name)
	}
	p.failing = err != nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// probe asks one thing, one call at a time.
type probe struct {
	name string
	call func(ctx context.Context) error
	busy chan struct{} // holds a token while a call is under way
	// failing tells whether the last one failed, as the log has it.
	failing bool
}

func newProbe(name string, call func(ctx context.Context) error) *probe {
	return &probe{name: name, call: call, busy: make(chan struct{}, 1)}
}

func (p *probe) ask(ctx context.Context) error {
	select {
	case p.busy <- struct{}{}:
	default:
		return fmt.Errorf("the last probe still waits: %w", context.DeadlineExceeded)
	}
	answer := make(chan error, 1)
	go func() {
		err := p.call(ctx)
		<-p.busy
		answer <- err
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
