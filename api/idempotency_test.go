package api_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"florin/flow"
	"florin/problem"
)

func TestIdempotencyKeyRules(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.post(paymentsPath, with(`"confirm":false`)).want(201)["id"].(string)
	asked := len(s.flows.asked)
	for path, body := range map[string]string{
		paymentsPath:                         simple,
		paymentsPath + "/batch":              `{"payments":[` + simple + `]}`,
		paymentsPath + "/" + id + "/confirm": "",
		paymentsPath + "/" + id + "/cancel":  "",
		"/api/v1/refunds":                    `{"payment":"` + id + `"}`,
		"/api/v1/payment_methods":            cardBody,
	} {
		for _, bad := range []string{strings.Repeat("k", 256), "é", "a\tb", "\x7f"} {
			s.post(path, body, "Idempotency-Key: "+bad).wantProblem(problem.InvalidParameter, "Idempotency-Key")
		}
		s.post(path, body, "Idempotency-Key: a", "Idempotency-Key: a").
			wantProblem(problem.DuplicateHeader, "Idempotency-Key")
	}
	if len(s.flows.asked) != asked {
		t.Error("a request with a bad key reached a flow")
	}
	s.post(paymentsPath, simple, "Idempotency-Key: "+strings.Repeat("~", 255)).want(201)
	s.post(paymentsPath, simple, "Idempotency-Key: a b!").want(201)
}

func TestEmptyIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.send(paymentsPath, simple, map[string][]string{"Idempotency-Key": {""}})
	w.wantProblem(problem.InvalidParameter, "Idempotency-Key")
}

func TestReplays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, c := range []struct{ path, body, other string }{
		{paymentsPath, simple, with(`"amount":1`)},
		{"/api/v1/payment_methods", cardBody, strings.Replace(cardBody, "2030", "2031", 1)},
	} {
		first := s.post(c.path, c.body, "Idempotency-Key: one")
		second := s.post(c.path, c.body, "Idempotency-Key: one")
		if second.status != first.status || second.body != first.body {
			t.Errorf("%s: a replay differs:\n%s\n%s", c.path, first.body, second.body)
		}
		if first.header.Get("Idempotent-Replayed") != "" || second.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: Idempotent-Replayed is wrong", c.path)
		}
		s.post(c.path, c.other, "Idempotency-Key: one").wantProblem(problem.IdempotencyKeyReuse, "Idempotency-Key")
	}
	want := flow.Idempotency{Scope: paymentsPath, Key: "one", Digest: sha256.Sum256([]byte(simple))}
	if got := *s.flows.asked[0].(flow.Authorize).Idempotency; got != want {
		t.Errorf("the flow was given %+v, want %+v", got, want)
	}
}

func TestRefundReplay(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.post(paymentsPath, simple).want(201)["id"].(string)
	body := `{"payment":"` + id + `","amount":5}`
	first := s.post("/api/v1/refunds", body, "Idempotency-Key: r")
	second := s.post("/api/v1/refunds", body, "Idempotency-Key: r")
	if second.body != first.body || second.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a replay differs:\n%s\n%s", first.body, second.body)
	}
}
