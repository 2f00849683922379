package simulated_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/problem"
)

func TestSettingsRange(t *testing.T) {
	t.Parallel()
	g := open(t, simulated.Config{})
	for _, c := range []struct{ json, param string }{
		{`{"latency_ms":-1}`, "latency_ms"},
		{`{"latency_ms":60001}`, "latency_ms"},
		{`{"late_ms":-1}`, "late_ms"},
		{`{"late_ms":600001}`, "late_ms"},
		{`{"decline_rate":-0.1}`, "decline_rate"},
		{`{"timeout_rate":1.1}`, "timeout_rate"},
		{`{"error_before_rate":2}`, "error_before_rate"},
		{`{"error_after_rate":-1}`, "error_after_rate"},
		{`{"pending_rate":1.5}`, "pending_rate"},
		{`{"latency_ms":60000,"late_ms":600000,"decline_rate":1,"timeout_rate":1}`, ""},
		{`{"error_before_rate":1,"error_after_rate":1,"down":true}`, ""},
		{`{}`, ""},
	} {
		var s simulated.Settings
		if err := json.Unmarshal([]byte(c.json), &s); err != nil {
			t.Fatal(err)
		}
		before := g.Settings()
		err := g.Set(s)
		var p *problem.Problem
		switch {
		case c.param == "" && (err != nil || g.Settings() != s):
			t.Errorf("%s: %v, %+v", c.json, err, g.Settings())
		case c.param != "" && (!errors.As(err, &p) || p.Code != problem.InvalidParameter || p.Param != c.param):
			t.Errorf("%s: %v", c.json, err)
		case c.param != "" && g.Settings() != before:
			t.Errorf("%s took effect", c.json)
		}
	}
	if g.Set(simulated.Settings{DeclineRate: math.NaN()}) == nil {
		t.Error("NaN is a rate")
	}
}

// fault is what settings make of a call.
type fault struct {
	name     string
	settings simulated.Settings
	deadline time.Duration
	answered gateway.Status // "" if not
	notSent  bool
	took     time.Duration
	effect   gateway.Status // as resolved right after
	landed   gateway.Status // as resolved a minute later
}

var faults = []fault{
	{
		name: "none", deadline: time.Second,
		answered: gateway.Approved, effect: gateway.Approved, landed: gateway.Approved,
	},
	{
		name: "down", settings: simulated.Settings{Down: true, LatencyMS: 1000}, deadline: time.Second,
		notSent: true, effect: gateway.NotFound, landed: gateway.NotFound,
	},
	{
		name: "latency", settings: simulated.Settings{LatencyMS: 500}, deadline: time.Second,
		took: 500 * time.Millisecond, answered: gateway.Approved, effect: gateway.Approved, landed: gateway.Approved,
	},
	{
		name: "latency beyond the deadline", settings: simulated.Settings{LatencyMS: 1500}, deadline: time.Second,
		took: time.Second, effect: gateway.NotFound, landed: gateway.NotFound,
	},
	{
		name: "decline", settings: simulated.Settings{DeclineRate: 1}, deadline: time.Second,
		answered: gateway.Declined, effect: gateway.Declined, landed: gateway.Declined,
	},
	{
		name: "timeout", settings: simulated.Settings{TimeoutRate: 1}, deadline: time.Second,
		took: time.Second, effect: gateway.Approved, landed: gateway.Approved,
	},
	{
		name: "timeout, late", settings: simulated.Settings{TimeoutRate: 1, LateMS: 20_000}, deadline: time.Second,
		took: time.Second, effect: gateway.NotFound, landed: gateway.Approved,
	},
	{
		name: "timeout, late and declined", deadline: time.Second,
		settings: simulated.Settings{TimeoutRate: 1, LateMS: 20_000, DeclineRate: 1},
		took:     time.Second, effect: gateway.NotFound, landed: gateway.Declined,
	},
	{
		name: "error before", settings: simulated.Settings{ErrorBeforeRate: 1, LateMS: 1}, deadline: time.Second,
		effect: gateway.NotFound, landed: gateway.NotFound,
	},
	{
		name: "error after", settings: simulated.Settings{ErrorAfterRate: 1}, deadline: time.Second,
		effect: gateway.Approved, landed: gateway.Approved,
	},
	{
		name: "error after, late", settings: simulated.Settings{ErrorAfterRate: 1, LateMS: 20_000},
		deadline: time.Second, effect: gateway.NotFound, landed: gateway.Approved,
	},
}

// operate sends an operation of the kind, against the charge c.
func operate(
	ctx context.Context, g *simulated.Gateway, kind simulated.Kind, c gateway.Charge, id ident.ID,
) (gateway.Outcome, error) {
	switch kind {
	case simulated.KindRefund:
		return g.Refund(ctx, gateway.Refund{Operation: id, Charge: c.Operation, Amount: euros(1)})
	case simulated.KindVoid:
		return g.Void(ctx, gateway.Void{Operation: id, Charge: c.Operation})
	default:
		c.Operation = id
		return g.Charge(ctx, c)
	}
}

// TestFaults holds what each setting makes of each call: the error, and whether
// the call took effect.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		for _, kind := range []simulated.Kind{simulated.KindCharge, simulated.KindRefund, simulated.KindVoid} {
			t.Run(f.name+" of a "+string(kind), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { f.check(t, kind) })
			})
		}
	}
}

func (f fault) check(t *testing.T, kind simulated.Kind) {
	g := open(t, simulated.Config{})
	c, id := newCharge(1000), ids.New(user)
	want(t, gateway.Approved, "")(g.Charge(t.Context(), c))
	set(t, g, f.settings)
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), f.deadline)
	defer cancel()
	got, err := operate(ctx, g, kind, c, id)
	if took := time.Since(begun); took != f.took {
		t.Errorf("it took %s, want %s", took, f.took)
	}
	if got.Status != f.answered || (err == nil) != (f.answered != "") {
		t.Errorf("%+v, %v; want %q", got, err, f.answered)
	}
	if errors.Is(err, gateway.ErrNotSent) != f.notSent {
		t.Errorf("%v; want ErrNotSent: %v", err, f.notSent)
	}
	set(t, g, simulated.Settings{})
	resolve := func(want gateway.Status) {
		t.Helper()
		if got, err := g.Resolve(t.Context(), id); err != nil || got.Status != want {
			t.Errorf("resolved to %+v, %v; want %s", got, err, want)
		}
	}
	resolve(f.effect)
	time.Sleep(time.Minute)
	resolve(f.landed)
}

// TestResolveFaults holds that Resolve suffers from Down and LatencyMS alone.
func TestResolveFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, simulated.Config{})
		c := newCharge(1000)
		want(t, gateway.Approved, "")(g.Charge(t.Context(), c))
		set(t, g, simulated.Settings{
			LatencyMS: 100, DeclineRate: 1, TimeoutRate: 1, ErrorBeforeRate: 1, ErrorAfterRate: 1, LateMS: 100,
		})
		begun := time.Now()
		want(t, gateway.Approved, "")(g.Resolve(t.Context(), c.Operation))
		if took := time.Since(begun); took != 100*time.Millisecond {
			t.Errorf("it took %s", took)
		}
		set(t, g, simulated.Settings{Down: true})
		if _, err := g.Resolve(t.Context(), c.Operation); !errors.Is(err, gateway.ErrNotSent) {
			t.Errorf("down: %v", err)
		}
	})
}

// TestRates holds that rates are rates, and that a repeated operation is not
// drawn for again.
func TestRates(t *testing.T) {
	t.Parallel()
	g := open(t, simulated.Config{})
	set(t, g, simulated.Settings{DeclineRate: 0.25, ErrorBeforeRate: 0.5})
	broken, declined := 0, 0
	for range 4000 {
		c := newCharge(1)
		got, err := g.Charge(t.Context(), c)
		switch {
		case err != nil:
			broken++
		case got.Status == gateway.Declined:
			declined++
			set(t, g, simulated.Settings{})
			want(t, gateway.Declined, problem.GenericDecline)(g.Charge(t.Context(), c))
			set(t, g, simulated.Settings{DeclineRate: 0.25, ErrorBeforeRate: 0.5})
		}
	}
	if broken < 1850 || broken > 2150 || declined < 400 || declined > 600 {
		t.Errorf("of 4000 %d broke and %d were declined, want some 2000 and 500", broken, declined)
	}
}

// TestSetWhileRunning is for the race detector.
func TestSetWhileRunning(t *testing.T) {
	t.Parallel()
	g := open(t, simulated.Config{Dir: t.TempDir()})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				c := newCharge(10)
				_, _ = g.Charge(t.Context(), c)
				_, _ = g.Refund(t.Context(), newRefund(c, 3))
				_, _ = g.Resolve(t.Context(), c.Operation)
			}
		})
	}
	for i := range 200 {
		set(t, g, simulated.Settings{DeclineRate: 0.5, ErrorAfterRate: 0.5, Down: i%2 == 0, LateMS: i % 3})
	}
	set(t, g, simulated.Settings{})
	all.Wait()
}
