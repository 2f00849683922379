package clock

import (
	"sync"
	"time"
)

// Pace lets something happen once in a while, and counts what it holds back. It is
// safe for concurrent use; the zero value holds nothing back yet.
type Pace struct {
	mu   sync.Mutex
	next time.Time
	held int
}

// Take tells whether it may happen now, pause after the last time at the earliest, and
// if so how often it was held back since.
func (p *Pace) Take(now time.Time, pause time.Duration) (held int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.next) {
		p.held++
		return 0, false
	}
	held, p.held, p.next = p.held, 0, now.Add(pause)
	return held, true
}
