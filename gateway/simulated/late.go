package simulated

import (
	"context"
	"sync"
	"time"

	"florin/gateway"
	"florin/internal/clock"
)

// How long a listener that returned an error is left alone: doubling from the
// first to the last.
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// land lets a late request take effect, and tells of it. A request that cannot
// take effect any more is lost, as in a crash.
func (g *Gateway) land(ctx context.Context, r request) {
	outcome, err := g.apply(ctx, r)
	if err != nil || r.kind == KindEvidence { // what becomes of it is told of the dispute
		return
	}
	g.tell(ctx, gateway.Notice{Gateway: g.cfg.Name, Operation: r.operation, Outcome: outcome}, firstPause)
}

// tell hands the notice to the listener, again after a pause if need be.
func (g *Gateway) tell(ctx context.Context, n gateway.Notice, pause time.Duration) {
	listen := *g.listener.Load()
	if listen == nil || listen(ctx, n) == nil {
		return
	}
	g.late.after(pause, func(ctx context.Context) { g.tell(ctx, n, min(2*pause, lastPause)) })
}

// schedule is work for later that can be stopped as a whole.
type schedule struct {
	clock clock.Clock
	spawn func(func())

	mu     sync.Mutex
	closed bool
	// tickets are what waits or runs.
	tickets map[*ticket]struct{}
	running sync.WaitGroup
}

type ticket struct {
	stop   func() bool        // while it waits
	cancel context.CancelFunc // once it runs
}

// after runs work once, d from now, unless the schedule is closed by then.
func (s *schedule) after(d time.Duration, work func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.tickets == nil {
		s.tickets = map[*ticket]struct{}{}
	}
	t := &ticket{}
	s.tickets[t] = struct{}{}
	t.stop = s.clock.AfterFunc(d, func() { s.spawn(func() { s.run(t, work) }) })
}

func (s *schedule) run(t *ticket, work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !s.begin(t, cancel) {
		return
	}
	defer s.end(t)
	work(ctx)
}

func (s *schedule) begin(t *ticket, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	t.cancel = cancel
	s.running.Add(1)
	return true
}

func (s *schedule) end(t *ticket) {
	s.mu.Lock()
	delete(s.tickets, t)
	s.mu.Unlock()
	s.running.Done()
}

// close drops what waits, ends the context of what runs, and waits for it.
func (s *schedule) close() {
	s.mu.Lock()
	s.closed = true
	for t := range s.tickets {
		t.stop()
		if t.cancel != nil {
			t.cancel()
		}
	}
	clear(s.tickets)
	s.mu.Unlock()
	s.running.Wait()
}
