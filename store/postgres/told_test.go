package postgres_test

import (
	"slices"
	"testing"
	"time"

	"florin/store/postgres"
)

// TestAReplicaThatComesAndGoesFillsNoLog.
func TestAReplicaThatComesAndGoesFillsNoLog(t *testing.T) {
	t.Parallel()
	second := func(n int) bool { return n%2 == 1 }
	if got := postgres.Told(6, second); !slices.Equal(got, []int{1, 2, 3, 4}) {
		t.Errorf("six changes are told in the seconds %v", got)
	}
	if got := postgres.Told(int(time.Hour/time.Second), second); len(got) < 100 || len(got) > 130 {
		t.Errorf("an hour of changes makes %d lines", len(got))
	}
	// It stays away in the end: that is told, however late.
	got := postgres.Told(200, func(n int) bool { return n > 10 || second(n) })
	if len(got)%2 != 1 {
		t.Errorf("what stays away is told in the seconds %v", got)
	}
	if got := postgres.Told(1000, func(n int) bool { return n >= 100 && n < 900 }); !slices.Equal(got, []int{100, 900}) {
		t.Errorf("one that goes and comes is told in the seconds %v", got)
	}
}
