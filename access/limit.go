package access

import "time"

// Limit is how many requests an API key may send: Requests of them at once, and
// as many again in every Window.
type Limit struct {
	Requests int
	Window   time.Duration // whole seconds
}

// IsZero tells that there is no limit.
func (l Limit) IsZero() bool { return l.Requests <= 0 || l.Window <= 0 }

// Allowance is what a limit says to one request.
type Allowance struct {
	Allowed   bool
	Remaining int           // requests that may follow at once
	Reset     time.Duration // until all of them may again
	Retry     time.Duration // until one may, when this one may not
}

// Take decides on a request by the generic cell rate algorithm: all that it
// remembers of a key is the time at which its requests would have been used up
// at an even pace. Times are nanoseconds since 1970; full is what the last call
// returned, 0 at first.
func (l Limit) Take(full, now int64) (next int64, a Allowance) {
	interval := max(int64(l.Window)/int64(l.Requests), 1)
	burst := interval * int64(l.Requests)
	next = max(full, now) + interval
	if wait := next - burst - now; wait > 0 {
		return full, Allowance{Retry: time.Duration(wait), Reset: time.Duration(full - now)}
	}
	return next, Allowance{
		Allowed: true, Remaining: int((burst - (next - now)) / interval), Reset: time.Duration(next - now),
	}
}
