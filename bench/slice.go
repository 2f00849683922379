package bench

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Slice is what was measured in one window.
type Slice struct {
	PerSecond float64
	Latency   *hdrhistogram.Histogram // of requests, in µs; nil when there are none
}

// newHistogram holds 1 µs to 2 minutes in three digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, (2 * time.Minute).Microseconds(), 3)
}

// recorder counts what is answered inside the window.
type recorder struct {
	from, to time.Time
	all      atomic.Int64 // inside or outside
	mu       sync.Mutex
	count    int64
	latency  *hdrhistogram.Histogram
}

// add notes a request for n payments that was due and answered then.
func (r *recorder) add(due, answered time.Time, n int64) {
	r.all.Add(n)
	if answered.Before(r.from) || !r.to.IsZero() && answered.After(r.to) {
		return
	}
	took := min(answered.Sub(due), 2*time.Minute).Microseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count += n
	// The histogram refuses only what its range does not hold.
	_ = r.latency.RecordValue(max(took, 1))
}

func (r *recorder) slice(window time.Duration) Slice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Slice{PerSecond: float64(r.count) / window.Seconds(), Latency: r.latency}
}

// Result is a mode's figures over its slices.
type Result struct {
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	P999      float64 `json:"p999_ms"`
}

// summarize returns the median rate and the latencies of all slices together.
func summarize(slices []Slice) Result {
	all := newHistogram()
	for _, s := range slices {
		if s.Latency != nil {
			all.Merge(s.Latency)
		}
	}
	ms := func(quantile float64) float64 { return float64(all.ValueAtQuantile(quantile)) / 1000 }
	return Result{PerSecond: Median(rates(slices)), P50: ms(50), P99: ms(99), P999: ms(99.9)}
}

func rates(slices []Slice) []float64 {
	out := make([]float64, len(slices))
	for i, s := range slices {
		out[i] = s.PerSecond
	}
	return out
}

// Median returns the middle of values, or the mean of the two middle ones; 0 for
// none.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// Ratio compares two things that were measured in turns.
type Ratio struct {
	Median, Least, Most float64
	Turns               int
}

// Ratios divides turn by turn; a turn without a rate below the line is left out.
func Ratios(above, below []float64) Ratio {
	var turns []float64
	for i := range min(len(above), len(below)) {
		if below[i] > 0 {
			turns = append(turns, above[i]/below[i])
		}
	}
	if len(turns) == 0 {
		return Ratio{}
	}
	return Ratio{Median(turns), slices.Min(turns), slices.Max(turns), len(turns)}
}
