package flow_test

import (
	"slices"
	"testing"

	"florin/event"
	"florin/flow"
	"florin/payment"
)

// drain reads a feed to its end, a few events at a time.
func drain(t *testing.T, f *flow.Feed, after []event.Position) (ids []string) {
	t.Helper()
	after = slices.Clone(after)
	for {
		events, _, err := f.Read(t.Context(), after, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return ids
		}
		for _, e := range events {
			shard := e.ID.Shard(len(after))
			if e.Position <= after[shard] {
				t.Fatalf("event %d of shard %d comes behind %d", e.Position, shard, after[shard])
			}
			after[shard] = e.Position
			ids = append(ids, e.ID.Text("evt"))
		}
	}
}

// TestFeed: those who watch see what the store has, in its order, whether it is
// held or was long ago, and are woken once there is more.
func TestFeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := flow.NewFeed(w.flow)
	step := func() {
		t.Helper()
		for more := true; more; {
			var err error
			if more, err = f.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	pay := func(n int) {
		for i := range n {
			w.pay(t, authorize(int64(i+1), "pm_card_visa"), payment.Succeeded)
		}
	}
	pay(10)
	begin := make([]event.Position, w.store.Shards())
	step() // nobody watches: nothing is held
	if got := drain(t, f, begin); len(got) != 30 {
		t.Fatalf("%d events of 10 payments, want 30", len(got))
	}
	leave := f.Watch()
	defer leave()
	_, changed, err := f.Read(t.Context(), begin, 1)
	if err != nil {
		t.Fatal(err)
	}
	step()
	<-changed // it is followed from here on
	now, err := f.LatestPositions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, changed, err = f.Read(t.Context(), now, 1)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
		t.Error("nothing has happened, and those who wait are woken")
	default:
	}
	pay(1500) // more than is held
	step()
	<-changed
	late, fresh := drain(t, f, begin), drain(t, f, now)
	if len(late) != 4530 || !slices.Equal(late[30:], fresh) {
		t.Errorf("from the beginning there are %d events, from then on %d", len(late), len(fresh))
	}
	leave()
	leave()
	if got := drain(t, f, begin); !slices.Equal(got, late) {
		t.Error("once nobody watches another order is read")
	}
}
