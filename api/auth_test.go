package api_test

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"florin/access"
	"florin/api"
	"florin/ident"
	"florin/problem"
)

// sample is a path that a route is for.
func sample(rt api.Route) string { return sampleWith(rt, idFor(rt)) }

// sampleWith returns a path of the route with an id.
func sampleWith(rt api.Route, id string) string {
	return strings.NewReplacer(
		"{id}", id, "{name}", "simulated", "{user_id}", "42",
		"{gateway}", "simulated", "{operation}", "att_0192f3a4b5c67d008123456789abcdef",
	).Replace(rt.Path)
}

// idFor returns an id of the kind that the route's path has.
func idFor(rt api.Route) string {
	before, _, _ := strings.Cut(rt.Path, "/{id}")
	kind := map[string]ident.Kind{
		"payments": ident.Payment, "refunds": ident.Refund, "payment_methods": ident.PaymentMethod,
		"batches": ident.Batch, "disputes": ident.Dispute, "transfers": ident.Transfer, "holds": ident.Hold,
		"payouts": ident.Payout,
	}[path.Base(before)]
	return string(kind) + "_0192f3a4b5c67d008123456789abcdef"
}

func TestEveryRouteNeedsAKeyOrNone(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, rt := range api.Routes() {
		if open := !strings.HasPrefix(rt.Path, "/api/"); open != rt.Open {
			t.Errorf("%s: open %v", rt.Path, rt.Open)
		}
		got := s.do(rt.Method, sample(rt), "", "Authorization: ")
		if rt.Open {
			if got.status != 200 && !strings.HasPrefix(rt.Path, "/simulated/") || got.status == 401 {
				t.Errorf("%s %s: got %d without a key", rt.Method, rt.Path, got.status)
			}
			continue
		}
		got.wantProblem(problem.Unauthorized, "")
		if got.header.Get("WWW-Authenticate") != `Bearer realm="florin"` {
			t.Errorf("%s: WWW-Authenticate: %s", rt.Path, got.header.Get("WWW-Authenticate"))
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	const revoked, none = "sk_test_revokedrevokedrevoked", "sk_test_nonenonenonenonenone"
	s := newServer(t, func(c *api.Config) {
		c.Keys = fakeKeys{
			secret: {Scopes: []string{string(access.AllScopes)}}, revoked: {Scopes: []string{"admin"}, RevokedAt: time.Now()},
			none: {},
		}
	})
	for _, good := range []string{"Bearer " + secret, "bearer " + secret, "BEARER " + secret} {
		s.get(paymentsPath, "Authorization: "+good).want(200)
	}
	for _, bad := range []string{
		"Basic " + secret, secret, "Bearer", "Bearer  " + secret, "Bearer " + secret + " ", "Bearer sk_test_x",
		"Bearer " + revoked, "Bearer sk_live_abcdefghijklmnopqrstuvwxyz", "Bearer " + secret + "x",
	} {
		got := s.get(paymentsPath, "Authorization: "+bad)
		p := got.wantProblem(problem.Unauthorized, "")
		if strings.Contains(p["detail"].(string), "abcdef") {
			t.Errorf("%s: the answer repeats the key: %v", bad, p)
		}
		if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: no WWW-Authenticate", bad)
		}
	}
	s.get(paymentsPath, "Authorization: Bearer "+none).wantProblem(problem.Forbidden, "")
	r, _ := http.NewRequest(http.MethodGet, paymentsPath, http.NoBody)
	r.Header["Authorization"] = []string{"Bearer " + secret, "Bearer " + secret}
	w := &nowhere{header: http.Header{}}
	s.api.ServeHTTP(w, r)
	if w.status != 401 {
		t.Errorf("two Authorization headers: got %d", w.status)
	}
}

// Every route says what scope it needs, so that a new one cannot forget.
func TestEveryRouteHasAScope(t *testing.T) {
	t.Parallel()
	for _, rt := range api.Routes() {
		known := slices.Contains(access.Scopes(), rt.Scope)
		if rt.Open == known || rt.Open && rt.Scope != "" {
			t.Errorf("%s %s: open %v, with the scope %q", rt.Method, rt.Path, rt.Open, rt.Scope)
		}
		if rt.Method != http.MethodGet && rt.Scope == access.Read {
			t.Errorf("%s %s changes something and needs no more than read", rt.Method, rt.Path)
		}
	}
}

// A key opens what its scopes say, and no more: read reads everything and
// changes nothing.
func TestScopes(t *testing.T) {
	t.Parallel()
	for _, scope := range access.Scopes() {
		s := newServer(t, func(c *api.Config) {
			c.Keys = fakeKeys{secret: {Scopes: []string{string(scope)}}}
		})
		for _, rt := range api.Routes() {
			if rt.Stream {
				continue // it goes on; its own test asks for its scope
			}
			want := rt.Open || scope == access.Admin || scope == rt.Scope ||
				rt.Method == http.MethodGet && scope == access.Read
			got := s.do(rt.Method, sample(rt), "")
			if (got.status != 403) != want {
				t.Errorf("%s %s with %s: got %d", rt.Method, rt.Path, scope, got.status)
			}
			if got.status == 403 && !strings.Contains(got.body, "the scope "+string(rt.Scope)) {
				t.Errorf("%s %s: the answer does not name the scope: %s", rt.Method, rt.Path, got.body)
			}
		}
	}
}
