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
	CPU       time.Duration           // of the server, a payment; 0 when it is not known
}

// newHistogram holds 1 µs to 2 minutes in three digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, (2 * time.Minute).Microseconds(), 3)
}

// recorder counts what is answered inside the window. A request that is partly
// inside counts for that part: batches tend to be answered in step, some dozens
// in a window, and whole ones would make the rate jump. The latencies are those
// of the requests that were due in the window, however late they were answered.
type recorder struct {
	from, to time.Time    // to is zero while there is no end
	all      atomic.Int64 // inside or outside
	mu       sync.Mutex
	count    float64
	latency  *hdrhistogram.Histogram
}

// add notes a request for n payments that was due and answered then.
func (r *recorder) add(due, answered time.Time, n int64) {
	r.all.Add(n)
	inside := r.inside(due, answered)
	if inside == 0 {
		return
	}
	took := min(answered.Sub(due), 2*time.Minute).Microseconds()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count += inside * float64(n)
	if !due.Before(r.from) && (r.to.IsZero() || due.Before(r.to)) {
		// The histogram refuses only what its range does not hold.
		_ = r.latency.RecordValue(max(took, 1))
	}
}

// inside returns the part, 0 to 1, of the time between due and answered that
// lies in the window.
func (r *recorder) inside(due, answered time.Time) float64 {
	begin, end := due, answered
	if begin.Before(r.from) {
		begin = r.from
	}
	if !r.to.IsZero() && end.After(r.to) {
		end = r.to
	}
	switch {
	case end.Before(begin):
		return 0
	case !answered.After(due):
		return 1
	}
	return float64(end.Sub(begin)) / float64(answered.Sub(due))
}

func (r *recorder) slice(window time.Duration) Slice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Slice{PerSecond: r.count / window.Seconds(), Latency: r.latency}
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

// medianCPU returns the server's CPU time a payment.
func medianCPU(slices []Slice) time.Duration {
	spent := make([]float64, len(slices))
	for i, s := range slices {
		spent[i] = float64(s.CPU)
	}
	return time.Duration(Median(spent))
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
