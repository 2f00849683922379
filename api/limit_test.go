package api_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/access"
	"florin/api"
	"florin/internal/clock"
	"florin/problem"
)

// limited is a server for two keys that may each send three requests in 2 s.
func limited(t *testing.T) (*server, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(began)
	return newServer(t, func(cfg *api.Config) {
		cfg.Clock, cfg.RateLimit = c, access.Limit{Requests: 3, Window: 2 * time.Second}
		cfg.Keys = fakeKeys{
			secret:  {Hash: access.HashSecret(secret), Scopes: []string{"read"}},
			another: {Hash: access.HashSecret(another), Scopes: []string{"admin"}},
		}
	}), c
}

const another = "sk_test_anotheranotheranother"

func TestRateLimit(t *testing.T) {
	t.Parallel()
	s, c := limited(t)
	for i, want := range []string{`"default";r=2;t=1`, `"default";r=1;t=2`, `"default";r=0;t=2`} {
		got := s.get(paymentsPath)
		got.want(200)
		if rate := got.header.Get("RateLimit"); rate != want {
			t.Errorf("request %d: RateLimit: %s, want %s", i, rate, want)
		}
		if policy := got.header.Get("RateLimit-Policy"); policy != `"default";q=3;w=2` {
			t.Errorf("RateLimit-Policy: %s", policy)
		}
	}
	got := s.get(paymentsPath)
	got.wantProblem(problem.RateLimited, "")
	if got.header.Get("RateLimit") != `"default";r=0;t=2` || got.header.Get("Retry-After") != "1" {
		t.Errorf("refused with %v", got.header)
	}
	s.get(paymentsPath, "Authorization: Bearer "+another).want(200)
	s.get("/livez").want(200)
	c.Advance(667 * time.Millisecond)
	s.post(paymentsPath, simple).wantProblem(problem.Forbidden, "") // it counts
	s.get(paymentsPath).wantProblem(problem.RateLimited, "")
}

// A request that is refused reaches no flow and keeps no idempotency key.
func TestRateLimitKeepsNothing(t *testing.T) {
	t.Parallel()
	s, c := limited(t)
	admin, key := "Authorization: Bearer "+another, "Idempotency-Key: k"
	for range 3 {
		s.get(paymentsPath, admin).want(200)
	}
	asked := len(s.flows.asked)
	s.post(paymentsPath, simple, admin, key).wantProblem(problem.RateLimited, "")
	if len(s.flows.asked) != asked || len(s.flows.claims) != 0 {
		t.Error("a request that was refused reached a flow")
	}
	c.Advance(time.Minute)
	got := s.post(paymentsPath, simple, admin, key)
	got.want(201)
	if got.header.Get("Idempotent-Replayed") != "" {
		t.Error("what was refused is replayed")
	}
}

// Of many at once exactly as many pass as may.
func TestRateLimitAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := limited(t)
	var passed atomic.Int32
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			r, _ := http.NewRequest(http.MethodGet, paymentsPath, http.NoBody)
			r.Header.Set("Authorization", "Bearer "+secret)
			w := &nowhere{header: http.Header{}}
			if s.api.ServeHTTP(w, r); w.status == 200 {
				passed.Add(1)
			}
		})
	}
	callers.Wait()
	if passed.Load() != 3 {
		t.Errorf("%d passed, want 3", passed.Load())
	}
}

func TestNoRateLimit(t *testing.T) {
	t.Parallel()
	header := newServer(t).get(paymentsPath).header
	if header.Get("RateLimit") != "" || header.Get("RateLimit-Policy") != "" {
		t.Errorf("without a limit there are %v", header)
	}
}
