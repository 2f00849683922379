package api

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"florin/access"
	"florin/internal/clock"
	"florin/problem"
)

// The fields of draft-ietf-httpapi-ratelimit-headers.
const (
	rateHeader   = "RateLimit"
	policyHeader = "RateLimit-Policy"
)

// limiter counts the requests of each API key. What it remembers of a key is one
// number, so that requests of one key do not wait for each other.
type limiter struct {
	limit  access.Limit
	clock  clock.Clock
	policy []string
	full   sync.Map // access.Hash → *atomic.Int64
}

// newLimiter returns nil for no limit.
func newLimiter(limit access.Limit, c clock.Clock) *limiter {
	if limit.IsZero() {
		return nil
	}
	return &limiter{limit: limit, clock: c, policy: []string{
		fmt.Sprintf(`"default";q=%d;w=%d`, limit.Requests, seconds(limit.Window)),
	}}
}

func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// take decides on one request of a key.
func (l *limiter) take(key access.Hash) access.Allowance {
	held, ok := l.full.Load(key)
	if !ok {
		held, _ = l.full.LoadOrStore(key, new(atomic.Int64))
	}
	full, now := held.(*atomic.Int64), l.clock.Now().UnixNano()
	for {
		before := full.Load()
		after, a := l.limit.Take(before, now)
		if !a.Allowed || full.CompareAndSwap(before, after) {
			return a
		}
	}
}

// limit counts the request and says in headers what is left; the error is a
// rate_limited problem. Without a limit it does nothing.
func (c *call) limit(key access.APIKey) error {
	l := c.api.limiter
	if l == nil {
		return nil
	}
	a := l.take(key.Hash)
	text := strconv.AppendInt([]byte(`"default";r=`), int64(a.Remaining), 10)
	text = strconv.AppendInt(append(text, ";t="...), seconds(a.Reset), 10)
	header := c.w.Header()
	header["Ratelimit-Policy"], header["Ratelimit"] = l.policy, []string{string(text)}
	if a.Allowed {
		return nil
	}
	return problem.New(problem.RateLimited, "this API key may send %d requests in %s", l.limit.Requests, l.limit.Window).
		After(a.Retry)
}
