package clock_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"florin/internal/clock"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestSystem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var system clock.Clock = clock.System{}
		before := system.Now()
		if before.Location() != time.UTC {
			t.Errorf("Now is in %v", before.Location())
		}
		called := make(chan time.Time, 1)
		system.AfterFunc(time.Minute, func() { called <- system.Now() })
		stop := system.AfterFunc(time.Second, func() { t.Error("a stopped timer fired") })
		if !stop() || stop() {
			t.Error("stop must be true once")
		}
		if err := system.Sleep(t.Context(), time.Hour); err != nil {
			t.Errorf("Sleep: %v", err)
		}
		if got := system.Now().Sub(before); got != time.Hour {
			t.Errorf("slept for %v", got)
		}
		if got := (<-called).Sub(before); got != time.Minute {
			t.Errorf("fired after %v", got)
		}
	})
}

// Both clocks sleep alike; the manual one is moved by an hour while they do.
func TestSleepEnds(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() (clock.Clock, func()){
		"system": func() (clock.Clock, func()) { return clock.System{}, func() {} },
		"manual": func() (clock.Clock, func()) {
			manual := clock.NewManual(start)
			return manual, func() { manual.Advance(time.Hour) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, move := open()
				ended, end := context.WithCancel(t.Context())
				end()
				for _, d := range []time.Duration{-time.Second, 0} {
					if err := c.Sleep(t.Context(), d); err != nil {
						t.Errorf("Sleep(%v): %v", d, err)
					}
				}
				for _, d := range []time.Duration{-time.Second, 0, time.Minute} {
					if err := c.Sleep(ended, d); !errors.Is(err, context.Canceled) {
						t.Errorf("Sleep(%v) in an ended context: got %v", d, err)
					}
				}
				slept := make(chan error, 1)
				go func() { slept <- c.Sleep(t.Context(), time.Minute) }()
				synctest.Wait()
				move()
				if err := <-slept; err != nil {
					t.Errorf("Sleep: %v", err)
				}
				running, stop := context.WithCancel(t.Context())
				go func() { slept <- c.Sleep(running, time.Minute) }()
				synctest.Wait()
				stop()
				if err := <-slept; !errors.Is(err, context.Canceled) {
					t.Errorf("Sleep in a context that ends: got %v", err)
				}
			})
		})
	}
}

func TestManualStandsStill(t *testing.T) {
	t.Parallel()
	manual := clock.NewManual(start.In(time.FixedZone("east", 3600)))
	if got := manual.Now(); !got.Equal(start) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v", got, start)
	}
	manual.Advance(90 * time.Minute)
	manual.Advance(-30 * time.Minute)
	if got := manual.Now(); !got.Equal(start.Add(time.Hour)) {
		t.Errorf("after Advance: got %v", got)
	}
	var zero clock.Manual
	if got := zero.Now(); !got.Equal(time.UnixMilli(0)) {
		t.Errorf("the zero value stands at %v", got)
	}
}

func TestManualRunsTimersInOrder(t *testing.T) {
	t.Parallel()
	manual := clock.NewManual(start)
	var got []string
	timer := func(name string, d time.Duration) func() bool {
		return manual.AfterFunc(d, func() { got = append(got, name+manual.Now().Sub(start).String()) })
	}
	timer("c", 3*time.Second)
	timer("a", time.Second)
	timer("b", 2*time.Second)
	timer("b2", 2*time.Second) // alike in time: in the order of their making
	timer("later", time.Minute)
	stopped := timer("stopped", time.Second)
	manual.AfterFunc(time.Second, func() { timer("nested", time.Second) })
	if !stopped() || stopped() {
		t.Error("stop must be true once")
	}
	fired := timer("now", 0)
	if len(got) != 0 {
		t.Errorf("before Advance: %v", got)
	}
	manual.Advance(3 * time.Second)
	if want := []string{"now0s", "a1s", "b2s", "b22s", "nested2s", "c3s"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if fired() {
		t.Error("stop after the timer fired must be false")
	}
	if got := manual.Now().Sub(start); got != 3*time.Second {
		t.Errorf("the clock moved by %v", got)
	}
}

// A timer that moves the clock itself must not be undone.
func TestManualNeverFallsBackByItself(t *testing.T) {
	t.Parallel()
	manual := clock.NewManual(start)
	manual.AfterFunc(time.Second, func() { manual.Advance(time.Hour) })
	manual.Advance(2 * time.Second)
	if got := manual.Now().Sub(start); got != time.Hour+time.Second {
		t.Errorf("the clock moved by %v", got)
	}
}

// Timers that were not stopped run once, in the order of their times.
func TestManualAgainstAList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		manual := clock.NewManual(start)
		delays := rapid.SliceOfN(rapid.IntRange(0, 20), 0, 30).Draw(t, "delays")
		var want, got []int
		for i, delay := range delays {
			stop := manual.AfterFunc(time.Duration(delay), func() { got = append(got, i) })
			if rapid.Bool().Draw(t, "stopped") {
				stop()
			} else {
				want = append(want, i)
			}
		}
		if n := manual.Waiting(); n != len(want) {
			t.Fatalf("%d wait, want %d", n, len(want))
		}
		slices.SortStableFunc(want, func(a, b int) int { return delays[a] - delays[b] })
		for range 21 {
			manual.Advance(time.Duration(rapid.IntRange(1, 3).Draw(t, "step")))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestManualFromManyGoroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		manual := clock.NewManual(start)
		for range 8 {
			go func() {
				for range 50 {
					manual.AfterFunc(time.Millisecond, func() {})()
					manual.Advance(time.Millisecond)
				}
			}()
		}
		synctest.Wait()
		if got := manual.Now().Sub(start); got > 400*time.Millisecond || got < 50*time.Millisecond {
			t.Errorf("the clock moved by %v", got)
		}
	})
}

func TestPace(t *testing.T) {
	t.Parallel()
	var pace clock.Pace
	now := time.Unix(1_700_000_000, 0)
	for i, step := range []struct {
		after time.Duration
		held  int
		ok    bool
	}{
		{0, 0, true},
		{0, 0, false},
		{999 * time.Millisecond, 0, false},
		{time.Millisecond, 2, true},
		{time.Hour, 0, true},
		{0, 0, false},
		{time.Second, 1, true},
	} {
		now = now.Add(step.after)
		if held, ok := pace.Take(now, time.Second); held != step.held || ok != step.ok {
			t.Errorf("step %d: %d, %v, want %d, %v", i, held, ok, step.held, step.ok)
		}
	}
}
