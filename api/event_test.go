package api_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"florin/api"
	"florin/event"
	"florin/ident"
	"florin/problem"
)

const eventsPath = "/api/v1/events"

func TestEvents(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ids := newIDs()
	next := make([]event.Position, 4)
	for i := range 25 {
		user := int64(i % 3)
		next[user]++
		s.flows.events = append(s.flows.events, event.Stored{
			Event: event.Event{
				ID: ids.New(user), Type: event.PaymentSucceeded, Kind: ident.Payment, Object: ids.New(user), Version: 2,
				UserID: user, Data: fmt.Appendf(nil, `{"n":%d}`, i),
			},
			Position: next[user],
		})
	}
	latest := s.get(eventsPath + "?limit=5").want(200)
	first := latest["data"].([]any)[0].(map[string]any)
	if n := first["data"].(map[string]any)["n"]; n != 24.0 || latest["has_more"] != false {
		t.Errorf("the latest page begins with event %v, has_more %v", n, latest["has_more"])
	}
	for name, value := range map[string]any{
		"object": "event", "type": "payment.succeeded", "user_id": 0.0, "version": 2.0, "livemode": false,
		"id": s.flows.events[24].ID.Text(ident.Event), "subject": s.flows.events[24].Object.Text(ident.Payment),
		"created_at": "2026-01-31T09:30:00.123Z",
	} {
		if first[name] != value {
			t.Errorf("%s: got %v, want %v", name, first[name], value)
		}
	}

	// From the beginning, and on from each page's next, everything comes once.
	for _, cursor := range []string{"", "start", api.Cursor(make([]event.Position, 4))} {
		cursor = readEvents(t, s, cursor)
		if cursor != latest["next"] {
			t.Errorf("all is read, then %s; the latest page said %v", cursor, latest["next"])
		}
		empty := s.get(eventsPath + "?after=" + cursor).want(200)
		if len(empty["data"].([]any)) != 0 || empty["next"] != cursor || empty["has_more"] != false {
			t.Errorf("behind the last event: %v", empty)
		}
	}
}

// readEvents reads 25 events behind a cursor, in their order, and returns the
// cursor behind them.
func readEvents(t *testing.T, s *server, cursor string) string {
	t.Helper()
	seen := 0
	for {
		list := s.get(eventsPath + "?limit=7&after=" + cursor).want(200)
		for _, data := range list["data"].([]any) {
			if n := data.(map[string]any)["data"].(map[string]any)["n"]; n != float64(seen) {
				t.Fatalf("event %v at %d", n, seen)
			}
			seen++
		}
		cursor = list["next"].(string)
		if list["has_more"] == false {
			break
		}
	}
	if seen != 25 {
		t.Errorf("%d events", seen)
	}
	return cursor
}

func TestEventErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	other := api.Cursor(make([]event.Position, 8))
	for query, param := range map[string]string{
		"after=START": "after", "after=x": "after", "after=!!": "after", "after=AQ": "after", "after=" + other: "after",
		"after=" + api.Cursor(make([]event.Position, 4)) + "A": "after",
		"limit=0": "limit", "starting_after=evt_1": "starting_after", "type=a": "type",
	} {
		s.get(eventsPath+"?"+query).wantProblem(problem.InvalidParameter, param)
	}
}

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want []event.Position
		for range rapid.SampledFrom([]int{1, 2, 4, 16}).Draw(t, "shards") {
			want = append(want, event.Position(rapid.Int64Min(0).Draw(t, "position")))
		}
		got, ok := api.ParseCursor(api.Cursor(want), len(want))
		if !ok || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, %v, want %v", got, ok, want)
		}
		if _, ok := api.ParseCursor(api.Cursor(want), 2*len(want)); ok {
			t.Fatal("a cursor of another number of shards was taken")
		}
	})
}

func FuzzParseCursor(f *testing.F) {
	f.Add(api.Cursor([]event.Position{1, 2, 300, 1 << 62}))
	f.Add("AQAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		positions, ok := api.ParseCursor(text, 4)
		if !ok {
			return
		}
		for _, p := range positions {
			if p < 0 {
				t.Fatalf("%q: %v", text, positions)
			}
		}
		if again, ok := api.ParseCursor(api.Cursor(positions), 4); !ok || fmt.Sprint(again) != fmt.Sprint(positions) {
			t.Fatalf("%q: %v, then %v", text, positions, again)
		}
	})
}
