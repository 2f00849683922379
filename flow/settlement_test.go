package flow_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"florin/flow"
	"florin/ledger"
	"florin/problem"
)

// A gateway's reference is booked once, whoever tells of it and how often.
func TestSettlementIsBookedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settle := flow.Settle{Gateway: "first", Reference: "r", Amount: usd(1000), FeeMinor: 30}
	var callers sync.WaitGroup
	var made atomic.Int32
	for range 40 {
		callers.Go(func() {
			s, replayed, err := w.flow.Settle(t.Context(), settle)
			if err != nil || s.NetMinor() != 970 {
				t.Errorf("%+v, %v", s, err)
			}
			if !replayed {
				made.Add(1)
			}
		})
	}
	callers.Wait()
	other := settle
	other.Gateway = "second"
	if _, replayed, err := w.flow.Settle(t.Context(), other); err != nil || replayed || made.Load() != 1 {
		t.Errorf("booked %d times; another gateway's of the same reference: %v, %v", made.Load(), replayed, err)
	}
	for param, change := range map[string]func(*flow.Settle){
		"gateway":   func(r *flow.Settle) { r.Gateway = "third" },
		"reference": func(r *flow.Settle) { r.FeeMinor++ },
		"amount":    func(r *flow.Settle) { r.Reference, r.Amount.Minor = "s", 0 },
		"fee":       func(r *flow.Settle) { r.Reference, r.FeeMinor = "s", 1001 },
	} {
		r := settle
		change(&r)
		_, _, err := w.flow.Settle(t.Context(), r)
		var p *problem.Problem
		if !errors.As(err, &p) || p.Param != param {
			t.Errorf("%+v: %v, want %s refused", r, err, param)
		}
	}
	w.wantBalances(t, map[ledger.Name]int64{
		ledger.Bank: -1940, ledger.Fees("first"): -30, ledger.Receivable("first"): 1000,
	})
	w.audited(t)
}
