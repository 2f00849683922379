package gateway_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"florin/gateway"
	"florin/ident"
	"florin/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// provider is a gateway whose answers a test chooses.
type provider struct {
	charge  func(context.Context) (gateway.Outcome, error)
	resolve func(context.Context) (gateway.Outcome, error)
	calls   atomic.Int64
}

func (p *provider) Name() string { return "provider" }

func (p *provider) Capabilities() gateway.Capabilities {
	return gateway.Capabilities{Settling: time.Hour}
}

func (p *provider) Charge(ctx context.Context, _ gateway.Charge) (gateway.Outcome, error) {
	p.calls.Add(1)
	return p.charge(ctx)
}

func (p *provider) Refund(ctx context.Context, _ gateway.Refund) (gateway.Outcome, error) {
	p.calls.Add(1)
	return p.charge(ctx)
}

func (p *provider) Void(ctx context.Context, _ gateway.Void) (gateway.Outcome, error) {
	p.calls.Add(1)
	return p.charge(ctx)
}

func (p *provider) Capture(ctx context.Context, _ gateway.Capture) (gateway.Outcome, error) {
	p.calls.Add(1)
	return p.charge(ctx)
}

func (p *provider) SubmitEvidence(ctx context.Context, _ gateway.Evidence) (gateway.Outcome, error) {
	p.calls.Add(1)
	return p.charge(ctx)
}

func (p *provider) Resolve(ctx context.Context, _ ident.ID) (gateway.Outcome, error) {
	return p.resolve(ctx)
}

var errBroken = errors.New("the connection broke")

func answer(status gateway.Status, err error) func(context.Context) (gateway.Outcome, error) {
	return func(context.Context) (gateway.Outcome, error) { return gateway.Outcome{Status: status}, err }
}

// hang answers only when the context ends.
func hang(ctx context.Context) (gateway.Outcome, error) {
	<-ctx.Done()
	return gateway.Outcome{}, ctx.Err()
}

func charge(g *gateway.Guard) error {
	_, err := g.Charge(context.Background(), gateway.Charge{})
	return err
}

// expect checks what the guard says of itself, and how often it has called.
func expect(t *testing.T, g *gateway.Guard, p *provider, state string, available bool, calls int64) {
	t.Helper()
	if g.State() != state || g.Available() != available || p.calls.Load() != calls {
		t.Errorf("%s, available %t, %d calls; want %s, %t, %d",
			g.State(), g.Available(), p.calls.Load(), state, available, calls)
	}
}

// TestBreaker walks the breaker through its states by R14's values.
func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{charge: answer("", errBroken)}
		g := gateway.NewGuard(p, gateway.GuardConfig{})
		for range 2 {
			if err := charge(g); !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
		}
		p.charge = answer(gateway.Declined, nil) // ends the row
		if err := charge(g); err != nil {
			t.Fatal(err)
		}
		p.charge = answer("", errBroken)
		for range 3 {
			expect(t, g, p, "closed", true, p.calls.Load())
			_ = charge(g)
		}
		expect(t, g, p, "open", false, 6)
		err := charge(g)
		if !errors.Is(err, gateway.ErrOpen) || !errors.Is(err, gateway.ErrNotSent) {
			t.Errorf("while open: %v", err)
		}
		time.Sleep(30*time.Second - time.Nanosecond)
		if err := charge(g); !errors.Is(err, gateway.ErrOpen) {
			t.Errorf("a moment before its end: %v", err)
		}
		expect(t, g, p, "open", false, 6)
		time.Sleep(time.Nanosecond)
		expect(t, g, p, "half_open", true, 6)
		_ = charge(g) // the trial fails
		expect(t, g, p, "open", false, 7)
		time.Sleep(30 * time.Second)

		p.charge = answer(gateway.Approved, nil)
		if err := charge(g); err != nil {
			t.Fatal(err)
		}
		expect(t, g, p, "closed", true, 8)
	})
}

// TestOneTrial holds that of many calls at the moment of the trial one is sent.
func TestOneTrial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{charge: answer("", errBroken)}
		g := gateway.NewGuard(p, gateway.GuardConfig{FailureThreshold: 1, OpenFor: time.Second})
		_ = charge(g)
		time.Sleep(time.Second)
		proceed := make(chan struct{})
		p.charge = func(context.Context) (gateway.Outcome, error) {
			<-proceed
			return gateway.Outcome{Status: gateway.Approved}, nil
		}
		results := make(chan error, 10)
		for range cap(results) {
			go func() { results <- charge(g) }()
		}
		synctest.Wait()
		expect(t, g, p, "half_open", false, 2)
		if len(results) != 9 || g.Out() != 1 {
			t.Errorf("%d calls have ended, %d are out", len(results), g.Out())
		}
		close(proceed)
		synctest.Wait()
		failed := 0
		for range cap(results) {
			if err := <-results; errors.Is(err, gateway.ErrOpen) {
				failed++
			} else if err != nil {
				t.Error(err)
			}
		}
		if failed != 9 {
			t.Errorf("%d were refused, want 9", failed)
		}
		expect(t, g, p, "closed", true, 2)
	})
}

// TestStaleResult holds that a call from before the breaker opened does not
// decide the trial, nor close what it opened.
func TestStaleResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type call struct{ result chan error }
		sent := make(chan call, 10)
		p := &provider{charge: func(context.Context) (gateway.Outcome, error) {
			c := call{make(chan error)}
			sent <- c
			return gateway.Outcome{Status: gateway.Approved}, <-c.result
		}}
		g := gateway.NewGuard(p, gateway.GuardConfig{
			FailureThreshold: 1, OpenFor: time.Second, Deadline: time.Hour,
		})
		send := func() call {
			go func() { _ = charge(g) }()
			return <-sent
		}
		end := func(c call, err error) {
			c.result <- err
			synctest.Wait()
		}
		stale1, stale2, failing := send(), send(), send()
		end(failing, errBroken)
		expect(t, g, p, "open", false, 3)
		end(stale1, nil)
		expect(t, g, p, "open", false, 3)
		time.Sleep(time.Second)
		trial := send()
		expect(t, g, p, "half_open", false, 4)
		end(stale2, nil)
		expect(t, g, p, "half_open", false, 4)
		end(trial, errBroken)
		expect(t, g, p, "open", false, 4)
	})
}

// TestVerdicts holds what counts as a failure.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	rejected := problem.New(problem.GatewayRejected, "no").With(gateway.ErrNotSent)
	for _, c := range []struct {
		name    string
		answer  func(context.Context) (gateway.Outcome, error)
		failure bool
	}{
		{"approved", answer(gateway.Approved, nil), false},
		{"declined", answer(gateway.Declined, nil), false},
		{"pending", answer(gateway.Pending, nil), false},
		{"requires action", answer(gateway.RequiresAction, nil), false},
		{"a request that is refused", answer("", rejected), false},
		{"unknown", answer(gateway.Unknown, nil), true},
		{"an error", answer("", errBroken), true},
		{"not sent", answer("", gateway.ErrNotSent), true},
		{"a timeout", hang, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &provider{charge: c.answer}
				g := gateway.NewGuard(p, gateway.GuardConfig{FailureThreshold: 3})
				begun := time.Now()
				_, _ = g.Charge(t.Context(), gateway.Charge{})
				_, _ = g.Refund(t.Context(), gateway.Refund{})
				_, _ = g.Void(t.Context(), gateway.Void{})
				if took := time.Since(begun); took != 0 && took != 3*8*time.Second {
					t.Errorf("three calls took %s", took)
				}
				if failed := g.State() == "open"; failed != c.failure {
					t.Errorf("the breaker is %s", g.State())
				}
			})
		})
	}
}

func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	p := &provider{charge: func(context.Context) (gateway.Outcome, error) { panic("a broken connector") }}
	g := gateway.NewGuard(p, gateway.GuardConfig{FailureThreshold: 1, MaxConcurrent: 1})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = charge(g)
	}()
	if g.State() != "open" || g.Out() != 0 {
		t.Errorf("%s, %d out", g.State(), g.Out())
	}
}

// TestSlots holds that no more than MaxConcurrent calls are out, and that a
// caller who does not get a slot has sent nothing.
func TestSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{charge: hang}
		g := gateway.NewGuard(p, gateway.GuardConfig{FailureThreshold: 1000})
		results := make(chan error, 150)
		for range cap(results) {
			go func() { results <- charge(g) }()
		}
		synctest.Wait()
		if g.Out() != 100 || g.Waiting() != 50 || p.calls.Load() != 100 {
			t.Errorf("%d out, %d waiting, %d calls", g.Out(), g.Waiting(), p.calls.Load())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := g.Charge(ctx, gateway.Charge{})
		if !errors.Is(err, gateway.ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without a slot: %v", err)
		}
		_, err = g.Charge(ctx, gateway.Charge{})
		if !errors.Is(err, gateway.ErrNotSent) || p.calls.Load() != 100 {
			t.Errorf("with an ended context: %v", err)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if g.Out() != 0 || g.Waiting() != 0 || p.calls.Load() != 150 || len(results) != 150 {
			t.Errorf("%d out, %d waiting, %d calls, %d ended", g.Out(), g.Waiting(), p.calls.Load(), len(results))
		}
	})
}

// TestResolvePasses holds that Resolve has the deadline, but neither asks the
// breaker nor counts.
func TestResolvePasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{charge: answer("", errBroken), resolve: answer(gateway.NotFound, nil)}
		g := gateway.NewGuard(p, gateway.GuardConfig{FailureThreshold: 1, MaxConcurrent: 1, Deadline: time.Second})
		_ = charge(g)
		if got, err := g.Resolve(t.Context(), ident.ID{}); err != nil || got.Status != gateway.NotFound {
			t.Errorf("while open: %+v, %v", got, err)
		}
		p.resolve = hang
		begun := time.Now()
		_, err := g.Resolve(t.Context(), ident.ID{})
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("%v after %s", err, took)
		}
		if g.Name() != "provider" || g.Capabilities() != p.Capabilities() {
			t.Error("it does not say what the gateway says")
		}
	})
}

func BenchmarkGuard(b *testing.B) {
	p := &provider{charge: answer(gateway.Approved, nil)}
	g := gateway.NewGuard(p, gateway.GuardConfig{})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Charge(ctx, gateway.Charge{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestGuardTellsOfItsBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &provider{charge: answer(gateway.Unknown, errBroken)}
		var told []bool
		g := gateway.NewGuard(p, gateway.GuardConfig{
			FailureThreshold: 2, OpenFor: 10 * time.Second, Observe: func(open bool) { told = append(told, open) },
		})
		check := func(when string, remaining time.Duration, want ...bool) {
			t.Helper()
			if got := g.RemainingDelay(); got != remaining || !slices.Equal(told, want) {
				t.Errorf("%s: %s remain and it told %v, want %s and %v", when, got, told, remaining, want)
			}
		}
		_ = charge(g)
		check("after one failure", 0)
		_ = charge(g)
		check("opened", 10*time.Second, true)
		time.Sleep(4 * time.Second)
		check("later", 6*time.Second, true)
		time.Sleep(6 * time.Second)
		_ = charge(g) // the trial
		check("the trial failed", 10*time.Second, true)
		g.Reset()
		check("reset", 0, true, false)
		expect(t, g, p, "closed", true, 3)
		g.Reset()
		check("reset again", 0, true, false)
		_, _ = charge(g), charge(g)
		time.Sleep(10 * time.Second)
		p.charge = answer(gateway.Approved, nil)
		_ = charge(g)
		check("the trial succeeded", 0, true, false, true, false)
	})
}
