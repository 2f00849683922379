package sim

import (
	"context"
	"time"
)

// simClock is the clock of everything: the manual one, whose sleepers are tasks.
type simClock struct{ w *world }

// Now implements clock.Clock.
func (c simClock) Now() time.Time { return c.w.manual.Now() }

// AfterFunc implements clock.Clock.
func (c simClock) AfterFunc(d time.Duration, f func()) func() bool { return c.w.manual.AfterFunc(d, f) }

// Sleep implements clock.Clock.
func (c simClock) Sleep(_ context.Context, d time.Duration) error {
	c.w.sleep(d)
	return nil
}
