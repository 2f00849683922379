package access_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/access"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	limit := access.Limit{Requests: 4, Window: 2 * time.Second} // one each 500 ms
	var full int64
	for i, c := range []struct {
		at   time.Duration
		want access.Allowance
	}{
		{0, access.Allowance{Allowed: true, Remaining: 3, Reset: 500 * time.Millisecond}},
		{0, access.Allowance{Allowed: true, Remaining: 2, Reset: time.Second}},
		{0, access.Allowance{Allowed: true, Remaining: 1, Reset: 1500 * time.Millisecond}},
		{0, access.Allowance{Allowed: true, Remaining: 0, Reset: 2 * time.Second}},
		{0, access.Allowance{Retry: 500 * time.Millisecond, Reset: 2 * time.Second}},
		{100 * time.Millisecond, access.Allowance{Retry: 400 * time.Millisecond, Reset: 1900 * time.Millisecond}},
		{500 * time.Millisecond, access.Allowance{Allowed: true, Remaining: 0, Reset: 2 * time.Second}},
		{1600 * time.Millisecond, access.Allowance{Allowed: true, Remaining: 1, Reset: 1400 * time.Millisecond}},
		{time.Hour, access.Allowance{Allowed: true, Remaining: 3, Reset: 500 * time.Millisecond}},
	} {
		var got access.Allowance
		full, got = limit.Take(full, began+int64(c.at))
		if got != c.want {
			t.Errorf("request %d: got %+v, want %+v", i, got, c.want)
		}
	}
}

const began = int64(1_800_000_000_000_000_000)

// In no window do more requests pass than twice the limit: what was saved up, and
// what came back; and none that waits as it is told is refused.
func TestLimitHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := access.Limit{
			Requests: rapid.IntRange(1, 1000).Draw(t, "requests"),
			Window:   time.Duration(rapid.IntRange(1, 100).Draw(t, "seconds")) * time.Second,
		}
		now, full := began, int64(0)
		var passed []int64
		for range 200 {
			now += rapid.Int64Range(0, int64(limit.Window)/8).Draw(t, "pause")
			next, a := limit.Take(full, now)
			if a.Remaining < 0 || a.Remaining >= limit.Requests || a.Reset < 0 || a.Reset > limit.Window {
				t.Fatalf("it says %+v", a)
			}
			if !a.Allowed {
				if _, later := limit.Take(full, now+int64(a.Retry)); next != full || !later.Allowed {
					t.Fatalf("refused with %+v, and %+v then", a, later)
				}
				continue
			}
			full, passed = next, append(passed, now)
		}
		for i := range passed {
			if j := i + 2*limit.Requests; j < len(passed) && passed[j]-passed[i] < int64(limit.Window) {
				t.Fatalf("more than %d passed in a window", 2*limit.Requests)
			}
		}
	})
}
