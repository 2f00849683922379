package api_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"florin/flow"
	"florin/problem"
)

const batchPath = paymentsPath + "/batch"

func batchOf(items ...string) string { return `{"payments":[` + strings.Join(items, ",") + `]}` }

// items returns a batch's results.
func items(a answer) []map[string]any {
	a.t.Helper()
	var all []map[string]any
	for i, data := range a.want(200)["data"].([]any) {
		item := data.(map[string]any)
		if item["index"] != float64(i) || len(item) != 2 {
			a.t.Fatalf("item %d: %v", i, item)
		}
		all = append(all, item)
	}
	return all
}

func TestBatch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := items(s.post(batchPath, batchOf(
		simple,
		`{"user_id":1,"amount":0,"currency":"EUR"}`,
		strings.Replace(simple, "pm_card_visa", "pm_card_chargeDeclined", 1),
		`7`,
		` { "user_id":1 , "amount":1,"currency":"EUR","note":"}],\\\"","metadata":{"a":[{}]} } `,
		`{"user_id":5,"amount":1,"currency":"EUR","customer":{"email":[1,{"a":"b"}]}}`,
		`{"user_id":6,"amount":2,"currency":"EUR"}`,
		`null`,
		strings.Replace(simple, "pm_card_visa", "pm_card_bypassPending", 1),
	)))
	if len(got) != 9 {
		t.Fatalf("%d results", len(got))
	}
	for index, want := range map[int]struct {
		code  problem.Code
		param string
	}{
		1: {problem.InvalidParameter, "payments[1].amount"},
		2: {problem.GenericDecline, ""},
		3: {problem.InvalidParameter, "payments[3]"},
		4: {problem.InvalidParameter, "payments[4].note"},
		5: {problem.InvalidParameter, "payments[5].customer.email"},
		7: {problem.InvalidParameter, "payments[7]"},
	} {
		p, ok := got[index]["problem"].(map[string]any)
		if !ok {
			t.Fatalf("item %d: %v", index, got[index])
		}
		if err := checkProblem(p, want.code, want.param); err != nil {
			t.Errorf("item %d: %v", index, err)
		}
		if (p["payment"] != nil) != want.code.IsDecline() {
			t.Errorf("item %d: its payment is %v", index, p["payment"])
		}
	}
	for index, status := range map[int]string{0: "succeeded", 6: "requires_payment_method", 8: "processing"} {
		if p := got[index]["payment"].(map[string]any); p["status"] != status {
			t.Errorf("item %d: %v, want %s", index, p["status"], status)
		}
	}
	if len(s.flows.asked) != 4 {
		t.Errorf("%d items reached a flow, want 4", len(s.flows.asked))
	}
}

// Every rule of a payment is one of a batch's item, and names it there.
func TestBatchItemErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	bodies, params := []string{simple}, []string{""}
	for _, c := range paymentErrors {
		if c.param == "idempotency_key" { // an item may have one
			continue
		}
		bodies, params = append(bodies, with(c.member)), append(params, c.param)
	}
	for i, item := range items(s.post(batchPath, batchOf(bodies...))) {
		if i == 0 {
			continue
		}
		p, ok := item["problem"].(map[string]any)
		if !ok {
			t.Fatalf("%s passed", bodies[i])
		}
		if err := checkProblem(p, problem.InvalidParameter, fmt.Sprintf("payments[%d].%s", i, params[i])); err != nil {
			t.Errorf("%s: %v", bodies[i], err)
		}
	}
	if len(s.flows.asked) != 1 {
		t.Errorf("%d items reached a flow, want 1", len(s.flows.asked))
	}
}

func TestBatchEnvelope(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	many := func(n int) string { return batchOf(strings.Split(strings.Repeat(simple+"\n", n), "\n")[:n]...) }
	for body, param := range map[string]string{
		`{}`: "payments", `{"payments":[]}`: "payments", `{"payments":null}`: "payments", `{"payments":{}}`: "payments",
		`{"payments":"a"}`: "payments", `{"items":[]}`: "items", `[]`: "body", many(1001): "payments",
		`{"payments":[` + simple + `],"payments":[]}`: "payments", `{"payments":[` + simple + `],"a":1}`: "a",
	} {
		s.post(batchPath, body).wantProblem(problem.InvalidParameter, param)
	}
	for _, body := range []string{
		`{"payments":[` + simple, `{"payments":[` + simple + `,]}`, `{"payments":[` + simple + `]}]`,
		`{"payments":[{"amount":"x"},{"amount"}]}`, `{"payments":[{"tip":1},` + simple + `]`, `{"payments":[nul]}`,
	} {
		s.post(batchPath, body).wantProblem(problem.InvalidJSON, "")
	}
	if len(s.flows.asked) != 0 {
		t.Errorf("%d items reached a flow", len(s.flows.asked))
	}
	if got := items(s.post(batchPath, many(1000))); len(got) != 1000 {
		t.Errorf("%d results, want 1000", len(got))
	}
}

func TestBatchKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	own := with(`"idempotency_key":"own"`)
	body := batchOf(simple, `{"user_id":0}`, simple)
	first := s.post(batchPath, body, "Idempotency-Key: H")
	again := s.post(batchPath, body, "Idempotency-Key: H")
	if len(items(first)) != 3 || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the batch was not replayed: %s", again.body)
	}
	if a, b := items(first)[2], items(again)[2]; fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("a replay differs:\n%v\n%v", a, b)
	}
	for i, key := range []string{"H:0", "H:2"} {
		want := flow.Idempotency{Scope: batchPath, Key: key, Digest: sha256.Sum256([]byte(simple))}
		if got := *s.flows.asked[i].(flow.Authorize).Idempotency; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	s.flows.asked = nil
	items(s.post(batchPath, batchOf(own, simple)))
	if got := s.flows.asked[0].(flow.Authorize).Idempotency; got.Key != "own" || got.Digest != sha256.Sum256([]byte(own)) {
		t.Errorf("got %+v", got)
	}
	if got := s.flows.asked[1].(flow.Authorize).Idempotency; got != nil {
		t.Errorf("an item without a key has %+v", got)
	}
	s.post(batchPath, batchOf(simple, own), "Idempotency-Key: H").
		wantProblem(problem.IdempotencyKeyConflict, "Idempotency-Key")

	got := items(s.post(batchPath, batchOf(
		with(`"idempotency_key":"`+strings.Repeat("k", 256)+`"`), with(`"idempotency_key":""`),
	)))
	for i, item := range got {
		err := checkProblem(item["problem"].(map[string]any), problem.InvalidParameter,
			fmt.Sprintf("payments[%d].idempotency_key", i))
		if err != nil {
			t.Error(err)
		}
	}
}

// What a flow says of a field is told with the item's place.
func TestBatchFlowErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.flows.err = problem.Invalid("payment_method", "is needed to confirm")
	p := items(s.post(batchPath, batchOf(simple, simple)))[1]["problem"].(map[string]any)
	if err := checkProblem(p, problem.InvalidParameter, "payments[1].payment_method"); err != nil {
		t.Error(err)
	}
}
