package gateway

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"florin/ident"
	"florin/problem"
)

// ErrOpen is the answer of a Guard whose breaker is open. It wraps ErrNotSent.
var ErrOpen = fmt.Errorf("circuit breaker open: %w", ErrNotSent)

// GuardConfig says when a Guard opens and what it lets through.
type GuardConfig struct {
	// FailureThreshold is how many calls in a row fail until the breaker opens;
	// default 3.
	FailureThreshold int
	// OpenFor is how long it then stays open, until one trial decides; default
	// 30 s.
	OpenFor time.Duration
	// Deadline is the longest that one call may take, Resolve too, once it has
	// its slot; default 8 s.
	Deadline time.Duration
	// MaxConcurrent is how many calls are out at a time, Resolve not counted;
	// default 100.
	MaxConcurrent int
	// Observe is told that the breaker opens, and that it is closed again; it may
	// be nil, and must not block.
	Observe func(open bool)
}

func (c GuardConfig) withDefaults() GuardConfig {
	if c.FailureThreshold <= 0 {
		c.FailureThreshold = 3
	}
	if c.OpenFor <= 0 {
		c.OpenFor = 30 * time.Second
	}
	if c.Deadline <= 0 {
		c.Deadline = 8 * time.Second
	}
	if c.MaxConcurrent <= 0 {
		c.MaxConcurrent = 100
	}
	return c
}

// Guard is a Gateway behind a circuit breaker, a deadline and a limit of
// concurrent calls. It sends every call once: it never repeats or hedges one.
//
// An answer is a success of the gateway, whatever it says: approval, decline, or
// an error that carries a decline's code, which is about the request. Any other
// error is a failure, ErrNotSent and the end of the context included, and so is
// an outcome that is unknown. A result that comes in after the breaker has
// changed its state does not count.
type Guard struct {
	gateway Gateway
	cfg     GuardConfig
	slots   chan struct{}
	waiting atomic.Int64
	out     atomic.Int64

	mu      sync.Mutex // over breaker and epoch together
	breaker circuitbreaker.CircuitBreaker[any]
	epoch   uint64 // how often the breaker has changed its state
}

var _ Gateway = (*Guard)(nil)

// NewGuard returns a guard around gw.
func NewGuard(gw Gateway, cfg GuardConfig) *Guard {
	cfg = cfg.withDefaults()
	g := &Guard{gateway: gw, cfg: cfg, slots: make(chan struct{}, cfg.MaxConcurrent)}
	g.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(uint(cfg.FailureThreshold)).
		WithSuccessThreshold(1).
		WithDelay(cfg.OpenFor).
		// Every change comes from a call below that holds mu.
		OnStateChanged(g.changed).
		Build()
	return g
}

// changed counts a change of the breaker's state and tells of it. Between open
// and closed stands the trial, of which nobody is told.
func (g *Guard) changed(e circuitbreaker.StateChangedEvent) {
	g.epoch++
	switch {
	case g.cfg.Observe == nil:
	case e.NewState == circuitbreaker.ClosedState:
		g.cfg.Observe(false)
	case e.OldState == circuitbreaker.ClosedState:
		g.cfg.Observe(true)
	}
}

// Name implements Gateway.
func (g *Guard) Name() string { return g.gateway.Name() }

// Capabilities implements Gateway.
func (g *Guard) Capabilities() Capabilities { return g.gateway.Capabilities() }

// Charge implements Gateway. Besides the gateway's own errors there are ErrOpen,
// and one that wraps ErrNotSent and the context's if that ended before there was
// a free slot; so for Capture, Refund, Void and
// SubmitEvidence.
func (g *Guard) Charge(ctx context.Context, c Charge) (Outcome, error) {
	return g.call(ctx, func(ctx context.Context) (Outcome, error) { return g.gateway.Charge(ctx, c) })
}

// Capture implements Gateway.
func (g *Guard) Capture(ctx context.Context, c Capture) (Outcome, error) {
	return g.call(ctx, func(ctx context.Context) (Outcome, error) { return g.gateway.Capture(ctx, c) })
}

// SubmitEvidence implements Gateway.
func (g *Guard) SubmitEvidence(ctx context.Context, e Evidence) (Outcome, error) {
	return g.call(ctx, func(ctx context.Context) (Outcome, error) { return g.gateway.SubmitEvidence(ctx, e) })
}

// Refund implements Gateway.
func (g *Guard) Refund(ctx context.Context, r Refund) (Outcome, error) {
	return g.call(ctx, func(ctx context.Context) (Outcome, error) { return g.gateway.Refund(ctx, r) })
}

// Void implements Gateway.
func (g *Guard) Void(ctx context.Context, v Void) (Outcome, error) {
	return g.call(ctx, func(ctx context.Context) (Outcome, error) { return g.gateway.Void(ctx, v) })
}

// Resolve implements Gateway. Only the deadline applies to it: what became of a
// call must be found out most of all when calls fail.
func (g *Guard) Resolve(ctx context.Context, operation ident.ID) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.Deadline)
	defer cancel()
	return g.gateway.Resolve(ctx, operation)
}

// Available tells whether a call would be sent now: the breaker is closed, or its
// trial is still to be had.
func (g *Guard) Available() bool {
	switch g.breaker.State() {
	case circuitbreaker.ClosedState:
		return true
	case circuitbreaker.OpenState:
		return g.breaker.RemainingDelay() == 0
	default: // The breaker half-opens for a trial, which is out until it changes again.
		return false
	}
}

// State returns the breaker's state: "closed", "open", or "half_open" from the
// moment at which a trial may be sent until its result.
func (g *Guard) State() string {
	switch state := g.breaker.State(); {
	case state == circuitbreaker.ClosedState:
		return "closed"
	case state == circuitbreaker.OpenState && g.breaker.RemainingDelay() > 0:
		return "open"
	default:
		return "half_open"
	}
}

// RemainingDelay returns how long the breaker stays open, 0 when it is not.
func (g *Guard) RemainingDelay() time.Duration { return g.breaker.RemainingDelay() }

// Reset closes the breaker: what made calls fail was mended. The results of calls
// that are out do not count any more.
func (g *Guard) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.breaker.Close()
}

// Waiting returns how many calls wait for a slot.
func (g *Guard) Waiting() int64 { return g.waiting.Load() }

// Out returns how many calls are out at the gateway, Resolve not counted.
func (g *Guard) Out() int64 { return g.out.Load() }

func (g *Guard) call(ctx context.Context, send func(context.Context) (Outcome, error)) (Outcome, error) {
	if !g.Available() { // so that nobody waits for a slot to be told this
		return Outcome{}, ErrOpen
	}
	if err := g.enter(ctx); err != nil {
		return Outcome{}, fmt.Errorf("gateway %s: no free slot: %w: %w", g.Name(), ErrNotSent, err)
	}
	defer g.leave()
	epoch, ok := g.permit()
	if !ok {
		return Outcome{}, ErrOpen
	}
	answered := false
	defer func() { g.record(epoch, answered) }()                          // after a panic too
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > g.cfg.Deadline { // a timer less in each call
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.cfg.Deadline)
		defer cancel()
	}
	outcome, err := send(ctx)
	answered = err == nil && outcome.Status != Unknown || problem.CodeOf(err).IsDecline()
	return outcome, err
}

// enter takes a slot. The error is the context's.
func (g *Guard) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g.slots <- struct{}{}:
	default:
		g.waiting.Add(1)
		defer g.waiting.Add(-1)
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	g.out.Add(1)
	return nil
}

func (g *Guard) leave() {
	g.out.Add(-1)
	<-g.slots
}

// permit asks the breaker; it returns the epoch in which it agreed.
func (g *Guard) permit() (epoch uint64, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ok = g.breaker.TryAcquirePermit()
	return g.epoch, ok
}

func (g *Guard) record(epoch uint64, success bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case epoch != g.epoch:
	case success:
		g.breaker.RecordSuccess()
	default:
		g.breaker.RecordFailure()
	}
}
