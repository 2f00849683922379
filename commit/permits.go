package commit

import (
	"sync/atomic"
	"time"

	"florin/internal/clock"
)

// Permits bound how many shards commit at a time, so that groups grow large
// instead of many. A permit that is held longer than its time is lent to
// somebody else: a disk or a shard that hangs stops nobody but itself.
type Permits struct {
	free  chan struct{}
	hold  time.Duration
	clock clock.Clock
}

// NewPermits returns n permits (1 or more), each given back after hold at the
// latest.
func NewPermits(n int, hold time.Duration, c clock.Clock) *Permits {
	p := &Permits{free: make(chan struct{}, n), hold: hold, clock: c}
	for range n {
		p.free <- struct{}{}
	}
	return p
}

// acquire waits for a permit. The returned release may be called once or more.
func (p *Permits) acquire() (release func()) {
	if p == nil {
		return func() {}
	}
	<-p.free
	var released atomic.Bool
	give := func() {
		if released.CompareAndSwap(false, true) {
			p.free <- struct{}{}
		}
	}
	stop := p.clock.AfterFunc(p.hold, give)
	return func() {
		stop()
		give()
	}
}
