// Package clock is where time comes from: the machine's clock, or one that a
// test or the simulator moves by hand.
package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Clock tells and measures time.
type Clock interface {
	// Now returns the present time in UTC.
	Now() time.Time
	// AfterFunc calls f once, d from now, unless the returned stop is called
	// first; f must not block.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
	// Sleep waits for d, or until ctx ends and then returns its error.
	Sleep(ctx context.Context, d time.Duration) error
}

// System is the machine's clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now().UTC() }

// AfterFunc implements Clock.
func (System) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// Sleep implements Clock.
func (System) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Manual is a clock that stands still until it is moved. The zero value stands
// at 1970; it is safe for concurrent use.
type Manual struct {
	mu     sync.Mutex
	now    time.Time
	timers []*manualTimer
}

type manualTimer struct {
	at   time.Time
	call func()
}

// NewManual returns a clock that stands at now.
func NewManual(now time.Time) *Manual { return &Manual{now: now.UTC()} }

// Now implements Clock.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.present()
}

// present returns the time; m.mu is held.
func (m *Manual) present() time.Time {
	if m.now.IsZero() {
		m.now = time.Unix(0, 0).UTC()
	}
	return m.now
}

// AfterFunc implements Clock: f is called by Advance, even when d is not
// positive.
func (m *Manual) AfterFunc(d time.Duration, f func()) func() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	timer := &manualTimer{at: m.present().Add(d), call: f}
	m.timers = append(m.timers, timer)
	return func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		i := slices.Index(m.timers, timer)
		if i < 0 {
			return false
		}
		m.timers = slices.Delete(m.timers, i, i+1)
		return true
	}
}

// Sleep implements Clock: it waits until the clock has been moved by d.
func (m *Manual) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	done := make(chan struct{})
	stop := m.AfterFunc(d, func() { close(done) })
	select {
	case <-done:
	case <-ctx.Done():
		if stop() {
			return ctx.Err()
		}
	}
	return nil
}

// Waiting returns how many sleeps and functions wait for the clock to be moved.
func (m *Manual) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.timers)
}

// Advance moves the clock by d and runs, in order, what became due. A negative
// d sets it back, as a corrected machine clock is. What it runs may itself
// advance the clock, which then never falls behind that.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	target := m.present().Add(d)
	for {
		due := -1
		for i, timer := range m.timers {
			if !timer.at.After(target) && (due < 0 || timer.at.Before(m.timers[due].at)) {
				due = i
			}
		}
		if due < 0 {
			break
		}
		timer := m.timers[due]
		m.timers = slices.Delete(m.timers, due, due+1)
		if m.now.Before(timer.at) {
			m.now = timer.at
		}
		m.mu.Unlock()
		timer.call()
		m.mu.Lock()
	}
	if d < 0 || m.now.Before(target) {
		m.now = target
	}
	m.mu.Unlock()
}
