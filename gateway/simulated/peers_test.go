package simulated_test

import (
	"testing"
	"time"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/internal/clock"
)

// TestAnyProcessEndsWhatIsPending: of two that share a folder each knows what the
// other has taken, tells the end of it once it is due, and nothing else.
func TestAnyProcessEndsWhatIsPending(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(start)
	toFirst, toSecond := &listener{}, &listener{}
	cfg := simulated.Config{Name: "test", Dir: t.TempDir(), Clock: now, Chance: seeded(1), Listener: toFirst.listen}
	first := open(t, cfg)
	set(t, first, simulated.Settings{PendingRate: 1})
	pends := newCharge(5)
	want(t, gateway.Pending, "")(first.Charge(t.Context(), pends))
	cfg.Listener = toSecond.listen
	second := open(t, cfg)
	want(t, gateway.Pending, "")(second.Resolve(t.Context(), pends.Operation))
	now.Advance(2 * time.Second)
	for name, told := range map[string][]gateway.Notice{"first": toFirst.take(), "second": toSecond.take()} {
		if len(told) != 1 || told[0].Dispute != nil || told[0].Outcome.Status != gateway.Approved {
			t.Errorf("the %s is told %+v", name, told)
		}
	}
	entries := 0
	err := simulated.ReadJournal(cfg.Dir, "test", func(e simulated.Entry) error {
		if entries++; e.Operation != pends.Operation {
			t.Errorf("the journals have %+v", e)
		}
		return nil
	})
	if err != nil || entries != 2 {
		t.Errorf("the journals have %d entries, want that it is pending and that it ended; %v", entries, err)
	}
}

// TestWhatADeadProcessLeftPendingEnds in one that has never heard of it.
func TestWhatADeadProcessLeftPendingEnds(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(start)
	cfg := simulated.Config{Name: "test", Dir: t.TempDir(), Clock: now, Chance: seeded(1)}
	survivor, dies := open(t, cfg), open(t, cfg)
	set(t, dies, simulated.Settings{PendingRate: 1})
	pends := newCharge(5)
	want(t, gateway.Pending, "")(dies.Charge(t.Context(), pends))
	if err := dies.Close(); err != nil {
		t.Fatal(err)
	}
	now.Advance(2 * time.Second)
	want(t, gateway.Approved, "")(survivor.Resolve(t.Context(), pends.Operation))
	want(t, gateway.Approved, "")(open(t, cfg).Resolve(t.Context(), pends.Operation))
}
