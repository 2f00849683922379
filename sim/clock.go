package sim

import (
	"context"
	"errors"
	"time"
)

// simClock is the clock of everything: the manual one, whose sleepers are tasks.
type simClock struct{ w *world }

// Now implements clock.Clock.
func (c simClock) Now() time.Time { return c.w.manual.Now() }

// AfterFunc implements clock.Clock.
func (c simClock) AfterFunc(d time.Duration, f func()) func() bool { return c.w.manual.AfterFunc(d, f) }

// Sleep implements clock.Clock.
func (c simClock) Sleep(ctx context.Context, d time.Duration) error {
	c.w.sleep(d)
	return canceled(ctx)
}

// canceled returns the error of a context that was canceled: that is the
// scheduler's doing, while a deadline would be the machine's clock's.
func canceled(ctx context.Context) error {
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
