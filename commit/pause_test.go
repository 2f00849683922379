package commit

import (
	"testing"
	"time"
)

// TestPause: a committer waits for more commands only while they come at the same
// time and are few, and longer where its groups take long.
func TestPause(t *testing.T) {
	t.Parallel()
	const least = 2 * time.Millisecond
	for name, test := range map[string]struct {
		pause    time.Duration
		commands int // of each group before
		waiting  int // now
		took     time.Duration
		want     time.Duration
	}{
		"alone":         {least, 1, 0, 3 * time.Millisecond, 0},
		"two at a time": {least, 2, 1, 3 * time.Millisecond, least},
		"one waits":     {least, 1, 1, 3 * time.Millisecond, least},
		"a slow store":  {least, 2, 1, 20 * time.Millisecond, 12 * time.Millisecond},
		"a frozen one":  {least, 2, 1, 3 * time.Second, 30 * time.Millisecond},
		"enough waits":  {least, 2, amortized, 20 * time.Millisecond, 0},
		"none asked":    {0, 2, 1, 20 * time.Millisecond, 0},
	} {
		c := New(Config{Pause: test.pause})
		for range test.waiting {
			if _, err := c.Enqueue(true, func() {}, &keyed{}); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			c.observe(test.commands, test.took)
		}
		if got := c.pause(); got.Round(time.Millisecond) != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
