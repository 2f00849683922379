package sim

import (
	"fmt"
	"io"
	"time"
)

// Config says what to simulate.
type Config struct {
	// Seed decides everything that happens.
	Seed uint64
	// Steps is how many choices the scheduler makes while things go wrong; 6000
	// by default.
	Steps int
	// Shards is the store's number of shards, a power of two; 4 by default.
	Shards int
	// Trace is written every line of the trace; nil for none.
	Trace io.Writer
	// Break is broken on purpose: for tests of the auditor. "" breaks nothing.
	Break Break
}

func (c Config) withDefaults() Config {
	if c.Steps <= 0 {
		c.Steps = 6000
	}
	if c.Shards <= 0 {
		c.Shards = 4
	}
	return c
}

// Report is what happened in a run.
type Report struct {
	Seed uint64 `json:"seed"`
	// Hash is the trace's: alike for alike seeds and programs.
	Hash string `json:"hash"`
	// Steps are the scheduler's, in both phases.
	Steps int `json:"steps"`
	// SimulatedMS is how far the clock went.
	SimulatedMS int64 `json:"simulated_ms"`

	Requests  int `json:"requests"` // tries of clients
	Answers   int `json:"answers"`
	Payments  int `json:"payments"`
	Charges   int `json:"charges"` // that stand at the end
	Refunds   int `json:"refunds"`
	Reversals int `json:"reversals"`
	Groups    int `json:"groups"`
	Commands  int `json:"commands"`
	Inquiries int `json:"inquiries"`
	// Counts are the rest: what went wrong, and what clients were told.
	Counts map[string]int `json:"counts"`
}

// patience is how long everything may take to settle once nothing goes wrong any
// more: an hour for a challenge that nobody ends, another, the longest pause between
// two inquiries, if it has come up later than its gateway promises, and what one takes.
const patience = 2*time.Hour + 30*time.Minute

// Run simulates one seed. Its error is the first thing that the auditor, or the
// program itself, found wrong, with the seed and the end of the trace.
func Run(cfg Config) (Report, error) {
	w, err := newWorld(cfg.withDefaults())
	if err != nil {
		return Report{}, err
	}
	defer w.close()
	for w.err == nil && w.step < w.cfg.Steps {
		w.turn()
	}
	w.settle()
	w.check()
	w.report.Steps, w.report.Hash = w.step, w.trace.hash()
	w.report.SimulatedMS = w.now().Sub(began).Milliseconds()
	if w.err != nil {
		return w.report, fmt.Errorf("%w\n%s", w.err, w.trace.last())
	}
	return w.report, nil
}

// settle is the liveness phase: nothing goes wrong any more, and everything has
// to come to an end.
func (w *world) settle() {
	if w.err != nil {
		return
	}
	w.say("the liveness phase begins")
	w.calm = true
	limit := w.now().Add(patience)
	w.liveUntil(limit, func() bool { return w.workload.quiet() && w.audit.open() == "" && w.landed() })
	if w.shape.long {
		w.manual.Advance(w.leap(authorizedFor + time.Minute))
		w.latest = w.now()
		limit = w.latest.Add(patience)
		w.liveUntil(limit, func() bool { return w.audit.open() == "" && w.landed() })
	}
	if w.err == nil {
		w.spawn(nil, "last client", w.workload.last)
		w.liveUntil(limit.Add(patience), func() bool { return len(w.tasks) == 0 && w.audit.open() == "" && w.landed() })
	}
}

// landed tells whether the gateways have told all that was on the way.
func (w *world) landed() bool {
	for _, p := range w.providers {
		if len(p.timers) > 0 || p.telling > 0 {
			return false
		}
	}
	return true
}

// liveUntil goes on until quiet, which must be before limit.
func (w *world) liveUntil(limit time.Time, quiet func() bool) {
	for w.err == nil && !quiet() {
		if w.now().After(limit) {
			w.fail("not settled in time: %s", w.open())
			return
		}
		w.turn()
	}
}

// open says what is not settled yet.
func (w *world) open() string {
	text := w.audit.open()
	for _, t := range w.tasks {
		text += ", " + t.name
	}
	if !w.landed() {
		text += ", a late operation"
	}
	return text
}
