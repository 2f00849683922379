package bench_test

import (
	"testing"
	"time"

	"florin/bench"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		if got := bench.Median(c.values); got != c.want {
			t.Errorf("the median of %v is %v, want %v", c.values, got, c.want)
		}
	}
	values := []float64{3, 1, 2}
	bench.Median(values)
	if values[0] != 3 {
		t.Error("Median sorted its argument")
	}
}

func TestRatiosAreTurnByTurn(t *testing.T) {
	t.Parallel()
	// The machine is half as fast in the last two turns; the ratio does not care.
	got := bench.Ratios([]float64{40, 44, 20, 18}, []float64{100, 100, 50, 50})
	if want := (bench.Ratio{Median: 0.4, Least: 0.36, Most: 0.44, Turns: 4}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Turns that are not whole, or measured nothing below, do not count.
	got = bench.Ratios([]float64{1, 2, 3}, []float64{0, 4})
	if want := (bench.Ratio{Median: 0.5, Least: 0.5, Most: 0.5, Turns: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := bench.Ratios(nil, []float64{1}); got.Turns != 0 {
		t.Errorf("got %+v from nothing", got)
	}
}

func TestARequestCountsForItsPartInside(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	for _, c := range []struct {
		due, answered int
		want, endless float64 // without an end
	}{
		{1, 9, 0, 0},
		{5, 10, 0, 0},
		{12, 15, 1, 1},
		{10, 20, 1, 1},
		{8, 12, 0.5, 0.5},
		{15, 25, 0.5, 1},
		{5, 25, 0.5, 0.75},
		{20, 25, 0, 1},
		{21, 25, 0, 1},
		{15, 15, 1, 1},
	} {
		if got := bench.Inside(at(10), at(20), at(c.due), at(c.answered)); got != c.want {
			t.Errorf("%d to %d: got %v of it in 10 to 20, want %v", c.due, c.answered, got, c.want)
		}
		if got := bench.Inside(at(10), time.Time{}, at(c.due), at(c.answered)); got != c.endless {
			t.Errorf("%d to %d: got %v of it from 10 on, want %v", c.due, c.answered, got, c.endless)
		}
	}
}
