package simulated

import (
	"florin/problem"
)

// Settings are the faults of the gateway. The zero value has none: calls are
// answered at once and in the caller's goroutine. A rate is a probability, 0 to
// 1, drawn for each call.
type Settings struct {
	// LatencyMS is how long, 0 to 60,000 ms, a call takes before it takes
	// effect. A context that ends before that ends the call without effect.
	LatencyMS int `json:"latency_ms"`
	// DeclineRate is the part of new operations, refunds and voids too, that is
	// declined with generic_decline though it would have been approved.
	DeclineRate float64 `json:"decline_rate"`
	// TimeoutRate is the part of calls that take effect, at once or LateMS
	// later, but are not answered until their context ends.
	TimeoutRate float64 `json:"timeout_rate"`
	// ErrorBeforeRate is the part of the other calls that end with an error
	// which leaves the outcome open, without effect.
	ErrorBeforeRate float64 `json:"error_before_rate"`
	// ErrorAfterRate is the part of the calls still left that take effect, at
	// once or LateMS later, and end with such an error.
	ErrorAfterRate float64 `json:"error_after_rate"`
	// PendingRate is the part of new charges, captures and refunds that is
	// answered as pending and ends LateMS later, or after 1 s when that is 0. The
	// listener is told of it then.
	PendingRate float64 `json:"pending_rate"`
	// LateMS is how much later, 0 to 600,000 ms, what TimeoutRate and
	// ErrorAfterRate hit takes effect, and what follows an approval comes. The
	// listener is told of it then.
	LateMS int `json:"late_ms"`
	// Down refuses every call, Resolve too, with gateway.ErrNotSent.
	Down bool `json:"down"`
}

// The longest times that Settings take, in milliseconds.
const (
	maxLatencyMS = 60_000
	maxLateMS    = 600_000
)

// Settings returns the settings in force.
func (g *Gateway) Settings() Settings { return *g.settings.Load() }

// Set puts settings in force for the calls that begin from now on. One out of
// its range is an invalid_parameter problem that names its JSON field.
func (g *Gateway) Set(s Settings) error {
	if err := s.validate(); err != nil {
		return err
	}
	g.settings.Store(&s)
	return nil
}

func (s Settings) validate() error {
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"latency_ms", s.LatencyMS, maxLatencyMS},
		{"late_ms", s.LateMS, maxLateMS},
	} {
		if f.value < 0 || f.value > f.max {
			return problem.Invalid(f.name, "must be 0 to %d", f.max)
		}
	}
	for _, f := range []struct {
		name string
		rate float64
	}{
		{"decline_rate", s.DeclineRate},
		{"timeout_rate", s.TimeoutRate},
		{"error_before_rate", s.ErrorBeforeRate},
		{"error_after_rate", s.ErrorAfterRate},
		{"pending_rate", s.PendingRate},
	} {
		if !(f.rate >= 0 && f.rate <= 1) { // so that NaN is caught too
			return problem.Invalid(f.name, "must be 0 to 1")
		}
	}
	return nil
}

// roll draws whether something of that probability happens. It draws nothing
// for 0.
func (g *Gateway) roll(rate float64) bool {
	if rate == 0 {
		return false
	}
	g.dice.Lock()
	defer g.dice.Unlock()
	return float64(g.cfg.Chance()>>11)/(1<<53) < rate
}
