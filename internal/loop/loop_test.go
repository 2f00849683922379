package loop_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"florin/internal/loop"
)

func TestOnReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ready := make(chan struct{}, 1)
		steps := 0
		g := loop.New(t.Context(), slog.New(slog.DiscardHandler))
		g.OnReady(ready, func(context.Context) { steps++ })
		for range 3 {
			ready <- struct{}{}
			synctest.Wait()
		}
		g.Stop()
		ready <- struct{}{}
		synctest.Wait()
		if steps != 3 {
			t.Errorf("%d steps for 3 tokens before Stop and one after", steps)
		}
	})
}

// TestEvery counts the steps of a minute: one every 10 s, at once after one that
// has more to do, and with ever longer pauses after failures.
func TestEvery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		step     func(n int) (more bool, err error)
		from, to int
	}{
		{"steady", func(int) (bool, error) { return false, nil }, 6, 8},
		{"more", func(n int) (bool, error) { return n < 100, nil }, 105, 108},
		{"failing", func(int) (bool, error) { return false, errors.New("down") }, 2, 3},
		{"failing in part", func(n int) (bool, error) { return n < 100, errors.New("down") }, 101, 103},
		{"failing pass after pass", func(n int) (bool, error) { return n%10 != 0, errors.New("down") }, 20, 31},
		{"panicking", func(int) (bool, error) { panic("broken") }, 2, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				steps := 0
				g := loop.New(t.Context(), slog.New(slog.DiscardHandler))
				g.Every("test", 10*time.Second, func(context.Context) (bool, error) {
					steps++
					return c.step(steps)
				})
				time.Sleep(time.Minute)
				g.Stop()
				if steps < c.from || steps > c.to {
					t.Errorf("%d steps in a minute, want %d to %d", steps, c.from, c.to)
				}
			})
		})
	}
}

func TestStopWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := false
		g := loop.New(t.Context(), slog.New(slog.DiscardHandler))
		g.Go(func(ctx context.Context) {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
		})
		g.Stop()
		if !ended {
			t.Error("Stop returned before the loop had ended")
		}
	})
}

func TestEach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, limit int }{{0, 3}, {1, 3}, {5, 1}, {50, 3}, {3, 50}} {
		var mu sync.Mutex
		seen := map[int]int{}
		var out, most atomic.Int32
		loop.Each(c.n, c.limit, func(i int) {
			now := out.Add(1)
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			mu.Lock()
			seen[i]++
			mu.Unlock()
			out.Add(-1)
		})
		if len(seen) != c.n || most.Load() > int32(c.limit) {
			t.Errorf("Each(%d, %d): %d seen, %d at a time", c.n, c.limit, len(seen), most.Load())
		}
		for i, times := range seen {
			if i < 0 || i >= c.n || times != 1 {
				t.Errorf("Each(%d, %d): f(%d) was called %d times", c.n, c.limit, i, times)
			}
		}
	}
}

// TestEachPanics: one that breaks stops no process, and its caller learns of it.
func TestEachPanics(t *testing.T) {
	t.Parallel()
	var ran atomic.Int32
	defer func() {
		if cause := recover(); cause != "broken" {
			t.Errorf("Each panicked with %v", cause)
		}
		if ran.Load() == 0 {
			t.Error("nothing ran")
		}
	}()
	loop.Each(10, 3, func(i int) {
		if ran.Add(1); i == 4 {
			panic("broken")
		}
	})
	t.Error("Each returned")
}
