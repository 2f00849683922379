package simulated_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/internal/clock"
)

// TestListener holds that what lands late is journaled, and told until the
// listener takes it, 1 s later and then after twice the time, up to a minute.
func TestListener(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	dir := t.TempDir()
	charge := newCharge(100)
	var told []time.Duration
	refusals := 8
	g := open(t, simulated.Config{Dir: dir, Clock: c})
	g.Listen(func(_ context.Context, n gateway.Notice) error {
		told = append(told, c.Now().Sub(start))
		want := gateway.Outcome{Status: gateway.Approved, Reference: simulated.Reference(charge.Operation)}
		if n != (gateway.Notice{Gateway: "test", Operation: charge.Operation, Outcome: want}) {
			t.Errorf("told %+v", n)
		}
		if lines := journal(t, dir); len(lines) != 1 || lines[0].At != start.Add(30*time.Second) {
			t.Errorf("the journal holds %+v", lines)
		}
		if len(told) <= refusals {
			return errors.New("not now")
		}
		return nil
	})
	set(t, g, simulated.Settings{ErrorAfterRate: 1, LateMS: 30_000})
	if _, err := g.Charge(t.Context(), charge); err == nil || errors.Is(err, gateway.ErrNotSent) {
		t.Fatalf("error %v, want one that leaves it open", err)
	}
	for range 600 {
		c.Advance(time.Second)
	}
	var want []time.Duration
	at := 30 * time.Second
	for _, pause := range []int{0, 1, 2, 4, 8, 16, 32, 60, 60} {
		at += time.Duration(pause) * time.Second
		want = append(want, at)
	}
	if len(told) != len(want) {
		t.Fatalf("told after %v, want %v", told, want)
	}
	for i := range want {
		if told[i] != want[i] {
			t.Errorf("told the %d. time after %s, want %s", i+1, told[i], want[i])
		}
	}
}

// TestLandsOnce holds that a late effect and a repeated call are one.
func TestLandsOnce(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	notices := 0
	g := open(t, simulated.Config{Clock: c, Listener: func(context.Context, gateway.Notice) error {
		notices++
		return nil
	}})
	charge := newCharge(100)
	set(t, g, simulated.Settings{ErrorAfterRate: 1, LateMS: 1000})
	for range 3 {
		if _, err := g.Charge(t.Context(), charge); err == nil {
			t.Fatal("no error")
		}
	}
	set(t, g, simulated.Settings{})
	want(t, gateway.Approved, "")(g.Charge(t.Context(), charge))
	c.Advance(time.Minute)
	if n := len(entries(t, g.Entries)); n != 1 || notices != 3 {
		t.Errorf("%d entries and %d notices, want 1 and 3", n, notices)
	}
}

// TestSpawn holds that the caller may run late work itself.
func TestSpawn(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	var queue []func()
	g := open(t, simulated.Config{Clock: c, Spawn: func(work func()) { queue = append(queue, work) }})
	charge := newCharge(100)
	set(t, g, simulated.Settings{ErrorAfterRate: 1, LateMS: 1000})
	_, _ = g.Charge(t.Context(), charge)
	c.Advance(time.Second)
	if got, err := g.Resolve(t.Context(), charge.Operation); err != nil || got.Status != gateway.NotFound {
		t.Errorf("before it ran: %+v, %v", got, err)
	}
	if len(queue) != 1 {
		t.Fatalf("%d things to run", len(queue))
	}
	queue[0]()
	want(t, gateway.Approved, "")(g.Resolve(t.Context(), charge.Operation))
}

// TestClose holds that Close ends everything: waiting calls, a listener at work,
// and what was still to land.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		listening := make(chan struct{})
		g := open(t, simulated.Config{Dir: dir, Listener: func(ctx context.Context, _ gateway.Notice) error {
			close(listening)
			<-ctx.Done()
			return ctx.Err()
		}})
		set(t, g, simulated.Settings{ErrorAfterRate: 1, LateMS: 1000})
		told := newCharge(1)
		_, _ = g.Charge(t.Context(), told)
		<-listening
		set(t, g, simulated.Settings{ErrorAfterRate: 1, LateMS: 60_000})
		lost := newCharge(2)
		_, _ = g.Charge(t.Context(), lost)
		set(t, g, simulated.Settings{TimeoutRate: 1})
		unanswered := newCharge(3)
		result := make(chan error, 1)
		go func() {
			_, err := g.Charge(context.WithoutCancel(t.Context()), unanswered)
			result <- err
		}()
		synctest.Wait()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		if err := <-result; err == nil || errors.Is(err, gateway.ErrNotSent) {
			t.Errorf("an unanswered call ended with %v", err)
		}
		time.Sleep(time.Hour)
		for _, err := range []error{
			second(g.Charge(t.Context(), newCharge(4))),
			second(g.Resolve(t.Context(), told.Operation)),
		} {
			if err == nil {
				t.Error("a closed gateway answers")
			}
		}
		set(t, g, simulated.Settings{})
		if _, err := g.Charge(t.Context(), newCharge(4)); !errors.Is(err, gateway.ErrNotSent) {
			t.Errorf("a closed gateway: %v", err)
		}
		landed := map[int64]bool{}
		for _, e := range journal(t, dir) {
			landed[e.Amount.Minor] = true
		}
		if len(landed) != 2 || !landed[1] || !landed[3] {
			t.Errorf("landed: %v, want 1 and 3", landed)
		}
	})
}

func second(_ gateway.Outcome, err error) error { return err }
