package bench

import (
	"context"
	"sync/atomic"
	"time"
)

// A pace says when a client sends its next request.
type pace interface {
	// wait returns when the request is due; false when the load is over.
	wait(ctx context.Context) (due time.Time, ok bool)
}

// closed is the closed loop: each client sends as soon as it was answered, until
// the end; a zero end is none.
type closed struct{ end time.Time }

func (p closed) wait(ctx context.Context) (time.Time, bool) {
	now := time.Now()
	return now, ctx.Err() == nil && (p.end.IsZero() || now.Before(p.end))
}

// steady is the open loop: requests are due at a fixed rate, whatever the server
// does. A request that no client is free for waits, and its waiting counts.
type steady struct {
	due    chan time.Time
	end    time.Time
	unsent atomic.Int64
	ended  chan struct{}
}

// waiting is how many requests may be due before they are counted as never sent.
const waiting = 1 << 20

// lateness is how late a client may take a request when the load ends.
const lateness = 20 * time.Millisecond

// newSteady starts the clock: perSecond requests a second from start to end.
func newSteady(ctx context.Context, perSecond float64, start, end time.Time) *steady {
	every := float64(time.Second) / perSecond
	count := int64(float64(end.Sub(start)) / every)
	p := &steady{due: make(chan time.Time, min(count+1, waiting)), end: end.Add(lateness), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		defer close(p.due)
		for i := range count {
			at := start.Add(time.Duration(float64(i) * every))
			for left := time.Until(at); left > 0 && ctx.Err() == nil; left = time.Until(at) {
				nap(min(left, 50*time.Millisecond))
			}
			select {
			case p.due <- at:
			default:
				p.unsent.Add(1)
			}
		}
	}()
	return p
}

func (p *steady) wait(ctx context.Context) (time.Time, bool) {
	select {
	case at, ok := <-p.due:
		if ok && time.Now().After(p.end) {
			p.unsent.Add(1)
			return at, false
		}
		return at, ok
	case <-ctx.Done():
		return time.Time{}, false
	}
}

// stop returns how many requests were due and never sent. The clients have
// ended.
func (p *steady) stop() int64 {
	<-p.ended
	for range p.due {
		p.unsent.Add(1)
	}
	return p.unsent.Load()
}
