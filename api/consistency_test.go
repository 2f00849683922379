package api_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"florin/access"
	"florin/api"
	"florin/event"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

const consistency = "Florin-Consistency"

// staleFlows notes how stale the answers of the last call may be.
type staleFlows struct {
	*fakeFlows
	mu   sync.Mutex
	last *store.Staleness
}

func (f *staleFlows) note(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = store.StalenessOf(ctx)
}

// took returns what was noted, and forgets it.
func (f *staleFlows) took() (least []store.Place, stale bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		return nil, false
	}
	least = f.last.Least
	f.last = nil
	return least, true
}

func (f *staleFlows) Payment(ctx context.Context, id ident.ID) (payment.Payment, error) {
	f.note(ctx)
	return f.fakeFlows.Payment(ctx, id)
}

func (f *staleFlows) Payments(ctx context.Context, q store.PaymentQuery) ([]payment.Payment, error) {
	f.note(ctx)
	return f.fakeFlows.Payments(ctx, q)
}

func (f *staleFlows) Timeline(ctx context.Context, id ident.ID) (payment.Payment, []event.Stored, error) {
	f.note(ctx)
	return f.fakeFlows.Timeline(ctx, id)
}

const otherSecret = "sk_test_ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// newReplicated returns a server whose shards have replicas, and have written.
func newReplicated(t *testing.T, written *[]store.Place) (*server, *staleFlows) {
	t.Helper()
	flows := &staleFlows{}
	s := newServer(t, func(c *api.Config) {
		flows.fakeFlows = c.Flows.(*fakeFlows)
		c.Flows, c.Written = flows, func() []store.Place { return slices.Clone(*written) }
		all := []string{string(access.AllScopes)}
		c.Keys = fakeKeys{
			secret:      {Scopes: all, Hash: access.HashSecret(secret)},
			otherSecret: {Scopes: all, Hash: access.HashSecret(otherSecret)},
		}
	})
	return s, flows
}

// TestOwnWritesAreRead: a list is not older than what the key has written through
// this process, or than what the caller says.
func TestOwnWritesAreRead(t *testing.T) {
	t.Parallel()
	written := []store.Place{100, 0, 300, 1 << 40}
	s, flows := newReplicated(t, &written)
	expect := func(what string, want []store.Place, wantStale bool) {
		t.Helper()
		if least, stale := flows.took(); stale != wantStale || !slices.Equal(least, want) {
			t.Errorf("%s: it may be as stale as %v, %t", what, least, stale)
		}
	}
	s.get(paymentsPath).want(200)
	expect("before a write", nil, true)

	created := s.post(paymentsPath, simple)
	id, _ := created.want(201)["id"].(string)
	first := created.header.Get(consistency)
	flows.took()
	s.get(paymentsPath).want(200)
	expect("after a write", written, true)
	s.get(paymentsPath + "/" + id + "/timeline").want(200)
	expect("a timeline", written, true)
	s.get(paymentsPath + "/" + id).want(200)
	expect("a payment by its id", nil, false)

	other := "Authorization: Bearer " + otherSecret
	s.get(paymentsPath, other).want(200)
	expect("another key", nil, true)
	s.get(paymentsPath, other, consistency+": "+first).want(200)
	expect("another key that was told", written, true)
	s.get(paymentsPath, other).want(200)
	expect("another key that says nothing again", nil, true)

	before := slices.Clone(written)
	written = []store.Place{50, 7, 400, 0} // another process's
	second := s.post(paymentsPath, simple, other, consistency+": "+first).header.Get(consistency)
	flows.took()
	s.get(paymentsPath, other).want(200)
	expect("what a caller says is not kept", written, true)
	s.get(paymentsPath, other, consistency+": "+second).want(200)
	expect("both", []store.Place{max(before[0], 50), 7, 400, 1 << 40}, true)

	s.post(paymentsPath, `{`).wantProblem(problem.InvalidJSON, "")
	s.post(paymentsPath, simple, "Authorization: Bearer x").wantProblem(problem.Unauthorized, "")
}

// TestConsistencyHeader: what no answer told is refused, and what a store of
// another number of shards told leads to the primaries.
func TestConsistencyHeader(t *testing.T) {
	t.Parallel()
	written := []store.Place{1, 2, 3, 4}
	s, flows := newReplicated(t, &written)
	for _, wrong := range []string{"x", "AA", "!!", "Af8", strings.Repeat("A", 5000)} {
		s.get(paymentsPath, consistency+": "+wrong).wantProblem(problem.InvalidParameter, consistency)
	}
	good := api.PlacesText(written)
	s.get(paymentsPath, consistency+": "+good, consistency+": "+good).wantProblem(problem.InvalidParameter, consistency)
	s.get(paymentsPath, consistency+": "+api.PlacesText([]store.Place{1, 2})).want(200)
	if _, stale := flows.took(); stale {
		t.Error("places of two shards are taken for those of four")
	}
	got := s.post(paymentsPath, simple, consistency+": "+api.PlacesText([]store.Place{9, 9})).header.Get(consistency)
	if got != good {
		t.Errorf("it is told back: %s", got)
	}
}

// TestWithoutReplicas: nothing may be stale, and nothing is told.
func TestWithoutReplicas(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	flows := &staleFlows{fakeFlows: s.flows}
	s = newServer(t, func(c *api.Config) { c.Flows = flows })
	got := s.post(paymentsPath, simple)
	got.want(201)
	s.get(paymentsPath, consistency+": nonsense").want(200)
	if _, stale := flows.took(); stale || got.header.Get(consistency) != "" {
		t.Errorf("stale %t, header %v", stale, got.header)
	}
}

// TestWhatMayBeStale: what is read to decide something by is not.
func TestWhatMayBeStale(t *testing.T) {
	t.Parallel()
	want := []string{
		"GET /api/v1/disputes", "GET /api/v1/events", "GET /api/v1/ledger/accounts", "GET /api/v1/ledger/accounts/{name}",
		"GET /api/v1/ledger/accounts/{name}/entries", "GET /api/v1/payment_methods", "GET /api/v1/payments",
		"GET /api/v1/payments/{id}/timeline", "GET /api/v1/payouts", "GET /api/v1/refunds",
		"GET /api/v1/reports/payments", "GET /api/v1/transfers", "GET /api/v1/wallets/{user_id}/holds",
	}
	if got := api.StaleRoutes(); !slices.Equal(got, want) {
		t.Errorf("these may be stale: %q", got)
	}
}
