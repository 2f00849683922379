package bench_test

import (
	"testing"

	"florin/bench"
)

func TestParseMinor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		exponent int
		want     int64 // -1: an error
	}{
		{"32.26", 2, 3226},
		{"0.1", 2, 10},
		{"0.10", 2, 10},
		{"12", 2, 1200},
		{"0", 2, 0},
		{"0.00", 2, 0},
		{"0.29", 2, 29}, // 28.999… as a float
		{"007.5", 2, 750},
		{"1.001", 3, 1001},
		{"12", 0, 12},
		{"92233720368547758.07", 2, 9223372036854775807},
		{"92233720368547758.08", 2, -1},
		{"7.305", 2, -1},
		{"7.300", 2, -1},
		{"12.0", 0, -1},
		{"", 2, -1},
		{".", 2, -1},
		{".5", 2, -1},
		{"5.", 2, -1},
		{"-1", 2, -1},
		{"+1", 2, -1},
		{"1e3", 2, -1},
		{"1,5", 2, -1},
		{" 1", 2, -1},
		{"1.2.3", 2, -1},
	} {
		got, err := bench.ParseMinor(c.text, c.exponent)
		if err != nil {
			got = -1
		}
		if got != c.want {
			t.Errorf("ParseMinor(%q, %d) = %d, %v; want %d", c.text, c.exponent, got, err, c.want)
		}
	}
}
