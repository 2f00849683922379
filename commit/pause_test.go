package commit

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"florin/internal/clock"
	"florin/store"
)

// TestPause: a committer waits for more commands only while they come at the same
// time and are few, and longer where its groups take long.
func TestPause(t *testing.T) {
	t.Parallel()
	const least = 2 * time.Millisecond
	for name, test := range map[string]struct {
		pause    time.Duration
		commands int // of each group before
		waiting  int // now
		took     time.Duration
		want     time.Duration
	}{
		"alone":         {least, 1, 0, 3 * time.Millisecond, 0},
		"two at a time": {least, 2, 1, 3 * time.Millisecond, least},
		"one waits":     {least, 1, 1, 3 * time.Millisecond, least},
		"a slow store":  {least, 2, 1, 20 * time.Millisecond, 17 * time.Millisecond},
		"a frozen one":  {least, 2, 1, 3 * time.Second, 100 * time.Millisecond},
		"none asked":    {0, 2, 1, 20 * time.Millisecond, 0},
	} {
		c := New(Config{Pause: test.pause})
		for range test.waiting {
			if _, err := c.Enqueue(true, func() {}, &keyed{}); err != nil {
				t.Fatal(err)
			}
		}
		c.observe(test.commands, 3*time.Millisecond)
		for range 100 {
			c.observe(test.commands, test.took)
		}
		if got := c.pause(); got.Round(time.Millisecond) != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestEnoughWaits: who waits for more commands does so no longer once there are enough.
func TestEnoughWaits(t *testing.T) {
	t.Parallel()
	const least, pause = 2 * time.Millisecond, 20 * time.Millisecond
	for name, test := range map[string]struct {
		before, later int // later: after 6 ms
		want          time.Duration
	}{
		"few":           {amortized - 1, 0, pause},
		"enough":        {amortized, 0, 0},
		"enough at 6ms": {1, amortized, 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := New(Config{Clock: clock.System{}, Pause: least})
				enqueue := func(n int) {
					for range n {
						if _, err := c.Enqueue(true, func() {}, &keyed{}); err != nil {
							t.Error(err)
						}
					}
				}
				enqueue(test.before)
				time.AfterFunc(6*time.Millisecond, func() { enqueue(test.later) })
				began := time.Now()
				c.await(t.Context(), pause)
				if got := time.Since(began); got != test.want {
					t.Errorf("waited %s, want %s", got, test.want)
				}
			})
		})
	}
}

// A store that is far away is not slow: its groups take as long as the quick ones.
func TestPauseFarAway(t *testing.T) {
	t.Parallel()
	c := New(Config{Pause: 2 * time.Millisecond})
	if _, err := c.Enqueue(true, func() {}, &keyed{}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		c.observe(2, 40*time.Millisecond)
	}
	if got := c.pause(); got != 2*time.Millisecond {
		t.Errorf("%s", got)
	}
}

// TestPauseAfterAnOutage: groups that failed, however quickly, say nothing of how long
// a group takes.
func TestPauseAfterAnOutage(t *testing.T) {
	t.Parallel()
	c := New(Config{Store: awayStore{}, Pause: 2 * time.Millisecond, Clock: clock.NewManual(time.Unix(0, 0))})
	c.observe(1, 20*time.Millisecond)
	ticket, err := c.Enqueue(true, func() {}, &keyed{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Step(t.Context()); err != nil || ticket.Errs[0] == nil {
		t.Fatal(ticket.Errs, err)
	}
	if c.quick != 20*time.Millisecond {
		t.Errorf("a quick group takes %s", c.quick)
	}
}

// awayStore is a store that cannot be reached.
type awayStore struct{ store.Store }

// Begin implements store.Store.
func (awayStore) Begin(context.Context, int) (store.Tx, error) { return nil, store.ErrUnavailable }

// TestRepeats: what waits under a key that is taken is answered with the group that
// has found so; what has other keys, or more of them, is not.
func TestRepeats(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	taken := store.Claim{Hash: 1, Key: "k"}
	tickets := make([]*Ticket, 0, 4)
	for _, claim := range []store.Claim{taken, {Hash: 2, Key: "other"}, taken, {Hash: 1, Key: "collides"}} {
		ticket, err := c.Enqueue(true, func() {}, &keyed{claim: claim})
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	if n := c.repeats([]error{nil, &LostClaim{Holder: taken}}); n != 2 || c.Len() != 2 {
		t.Errorf("%d were answered, %d wait", n, c.Len())
	}
	for i, want := range []bool{true, false, true, false} {
		var lost *LostClaim
		if errors.As(tickets[i].Errs[0], &lost) != want || want && lost.Holder.Key != "k" {
			t.Errorf("command %d: %v", i, tickets[i].Errs[0])
		}
	}
}

// TestFailuresFillNoLog: of a shard that is away the log has one line a second.
func TestFailuresFillNoLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := clock.NewManual(time.Unix(0, 0))
	c := New(Config{Clock: now, Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 4 {
		c.tell(1, store.ErrUnavailable)
	}
	now.Advance(failurePause)
	c.tell(1, store.ErrUnavailable)
	if strings.Count(log.String(), "group failed") != 2 || !strings.Contains(log.String(), "lines_left_out=3") {
		t.Errorf("the log says %s", log.String())
	}
}
