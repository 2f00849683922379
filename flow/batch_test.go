package flow_test

import (
	"testing"
	"time"

	"florin/flow"
	"florin/gateway/simulated"
	"florin/payment"
)

// follow moves the world's clock as the wall's goes, times faster, until stopped.
func (w *world) follow(times int) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for last := time.Now(); ; {
			select {
			case <-quit:
				return
			case now := <-time.After(time.Millisecond):
				w.clock.Advance(now.Sub(last) * time.Duration(times))
				last = now
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// TestSlowBatch: a gateway that takes its time makes a batch slow, and declines
// nothing, whether it was slow from the start or became so in the middle.
func TestSlowBatch(t *testing.T) {
	t.Parallel()
	for name, warm := range map[string]bool{"from the start": false, "after a fast one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, 800*time.Millisecond)
			defer w.follow(1)()
			var requests []flow.Authorize
			for i := range 600 {
				requests = append(requests, authorize(int64(1+i), "pm_card_visa"))
			}
			if warm {
				w.flow.AuthorizeBatch(t.Context(), requests)
			}
			w.set(t, 0, simulated.Settings{LatencyMS: 40})
			statuses := map[payment.Status]int{}
			for _, result := range w.flow.AuthorizeBatch(t.Context(), requests) {
				if result.Err != nil {
					t.Fatal(result.Err)
				}
				statuses[result.Payment.Status]++
			}
			if statuses[payment.Succeeded] != len(requests) {
				t.Errorf("of %d payments %v", len(requests), statuses)
			}
			if open := w.open(t); open != 0 {
				t.Errorf("%d operations are left open", open)
			}
		})
	}
}
