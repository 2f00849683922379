package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Traffic is what one client asks for.
type Traffic interface {
	// Next fills payments from its beginning and returns how many; 0 when there
	// is nothing left.
	Next(payments []Payment) int
}

// Target is where a load goes.
type Target struct {
	// Addrs are the processes' addresses, host:port; clients take turns.
	Addrs  []string
	APIKey string
	// NetHTTP takes net/http's client in place of the cheap one.
	NetHTTP bool
	// Repeat sends what was not answered again, with the same key, until it is;
	// else that fails the load.
	Repeat bool
	// CPU tells the CPU time that the processes took so far; it may be nil, or
	// tell 0 where nobody knows.
	CPU func() time.Duration
}

func (t *Target) cpu() time.Duration {
	if t.CPU == nil {
		return 0
	}
	return t.CPU()
}

func (t *Target) exchanger(client int) Exchanger {
	addr := t.Addrs[client%len(t.Addrs)]
	if t.NetHTTP {
		return newHTTPClient(addr, t.APIKey)
	}
	return newConn(addr, t.APIKey)
}

// Load is one kind of load on one target.
type Load struct {
	Target  Target
	Clients int
	// Batch is how many payments a request has; 0 sends single requests.
	Batch   int
	Traffic func(client int) Traffic
	// Keys is what the idempotency keys begin with; no two loads share it.
	Keys string
	// Declines says that declines are to be expected.
	Declines bool
	// Rate is the requests a second of an open loop; 0 is a closed loop.
	Rate    float64
	Journal *Journal
	// Progress is told how many payments were answered; it may be nil.
	Progress func(settled int64)
}

// Measured is what became of a load.
type Measured struct {
	Slice
	Tally
	Open   []Pending
	Unsent int64 // of an open loop: due, but no client was free in time
	Took   time.Duration
}

// Pending is a payment that was answered as open.
type Pending struct {
	Payment
	ID, Key string
}

// Run puts the load on: ramp first, then the window that is measured. A window
// of 0 goes on until the traffic ends, and measures all of it.
func (l *Load) Run(ctx context.Context, ramp, window time.Duration) (Measured, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	rec := &recorder{from: start.Add(ramp), latency: newHistogram()}
	var pacing pace = closed{}
	var open *steady
	if window > 0 {
		rec.to = rec.from.Add(window)
		pacing = closed{end: rec.to}
		if l.Rate > 0 {
			open = newSteady(ctx, l.Rate, start, rec.to)
			pacing = open
		}
	}
	spent := -l.Target.cpu()
	clients := make([]*client, l.Clients)
	var wait sync.WaitGroup
	for i := range clients {
		c := newClient(l, i, pacing, rec)
		clients[i] = c
		wait.Go(func() {
			defer c.conn.Close()
			if err := c.run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	stopTelling := l.tell(rec)
	wait.Wait()
	stopTelling()
	took := time.Since(start)
	spent += l.Target.cpu()
	err := context.Cause(ctx)
	cancel(nil)
	m := Measured{Slice: rec.slice(orElse(window, took-ramp)), Took: took}
	if open != nil {
		m.Unsent = open.stop()
	}
	for _, c := range clients {
		m.add(&c.tally)
		m.Open = append(m.Open, c.open...)
	}
	if n := rec.all.Load(); n > 0 && spent > 0 {
		m.CPU = spent / time.Duration(n)
	}
	if unexpected := m.Err(); unexpected != nil {
		err = errors.Join(err, unexpected)
	}
	return m, err
}

func orElse(d, other time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return other
}

// tell calls Progress ten times a second.
func (l *Load) tell(rec *recorder) (stop func()) {
	if l.Progress == nil {
		return func() {}
	}
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				l.Progress(rec.all.Load())
			case <-ended:
				l.Progress(rec.all.Load())
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-told
	}
}

// noted returns that key where the journal will want it.
func (l *Load) noted(p *Payment, key []byte, i int) string {
	if l.Journal == nil || !p.kind.isPayment() {
		return ""
	}
	return l.keyOf(key, i)
}

// keyOf returns the key of the i-th payment of a request.
func (l *Load) keyOf(key []byte, i int) string {
	if l.Batch == 0 {
		return string(key)
	}
	return fmt.Sprintf("%s:%d", key, i)
}
