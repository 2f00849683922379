package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"florin/flow"
	"florin/problem"
	"florin/vault"
)

const (
	methodsPath = "/api/v1/payment_methods"
	cardBody    = `{"user_id":42,"card":{"number":"4242 4242 4242 4242","exp_month":12,"exp_year":2030,"cvc":"123",` +
		`"name":"Ada"}}`
)

func TestPaymentMethods(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	created := s.post(methodsPath, cardBody, "Idempotency-Key: k")
	m := created.want(201)
	for name, value := range map[string]any{
		"object": "payment_method", "user_id": 42.0, "brand": "visa", "last4": "4242", "exp_month": 12.0,
		"exp_year": 2030.0, "fingerprint": "print", "deleted": false, "livemode": false,
		"created_at": "2026-01-31T09:30:00.123Z",
	} {
		if m[name] != value {
			t.Errorf("%s: got %v, want %v", name, m[name], value)
		}
	}
	if strings.Contains(created.body, "4242 4242") || strings.Contains(created.body, "42424242") {
		t.Errorf("the answer shows the number: %s", created.body)
	}
	want := vault.CardInput{Number: "4242 4242 4242 4242", ExpMonth: 12, ExpYear: 2030, CVC: "123", Name: "Ada"}
	if got := s.flows.asked[0].(flow.StoreMethod).Card; got != want {
		t.Error("the flow was given another card")
	}

	path := methodsPath + "/" + m["id"].(string)
	if diff := cmp.Diff(m, s.get(path).want(200)); diff != "" {
		t.Error(diff)
	}
	list := s.get(methodsPath + "?user_id=42").want(200)
	if data := list["data"].([]any); len(data) != 1 || list["has_more"] != false {
		t.Errorf("the list is %v", list)
	}
	if got := s.do(http.MethodDelete, path, "").want(200); got["deleted"] != true || got["id"] != m["id"] {
		t.Errorf("deleted: %v", got)
	}
	s.do(http.MethodDelete, path, "").want(200) // again
	s.get(path).wantProblem(problem.NotFound, "")
	if again := s.post(methodsPath, cardBody, "Idempotency-Key: k"); again.body != created.body {
		t.Errorf("a replay differs once the method is deleted:\n%s\n%s", created.body, again.body)
	}
}

func TestPaymentMethodErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	card := func(member string) string {
		return `{"user_id":42,"card":{"number":"4242424242424242","exp_month":12,"exp_year":2030,` + member + `}}`
	}
	for body, param := range map[string]string{
		`{"user_id":42}`:             "card",
		`{"user_id":42,"card":null}`: "card",
		`{"user_id":42,"card":"x"}`:  "card",
		`{"card":{"number":"4242424242424242","exp_month":12,"exp_year":2030}}`: "user_id",
		`{"user_id":0,"card":{}}`:                      "user_id",
		card(`"pin":"1"`):                              "card.pin",
		card(`"cvc":123`):                              "card.cvc",
		card(`"name":"` + long(257) + `"`):             "card.name",
		card(`"number":"4242424242424242"`):            "card.number", // twice
		card(`"cvc":"12"`):                             "card.cvc",    // from here on by the vault
		`{"user_id":42,"card":{"number":4242}}`:        "card.number",
		`{"user_id":42,"card":{"exp_month":"12"}}`:     "card.exp_month",
		`{"user_id":42,"card":{"exp_month":-1}}`:       "card.exp_month",
		`{"user_id":42,"card":{"exp_year":20300}}`:     "card.exp_year",
		`{"user_id":42,"card":{}}`:                     "card.number",
		strings.Replace(cardBody, "4242 ", "4243 ", 1): "card.number",
		strings.Replace(cardBody, "2030", "2020", 1):   "card.exp_year",
	} {
		p := s.post(methodsPath, body).wantProblem(problem.InvalidParameter, param)
		if strings.Contains(p["detail"].(string), "424") {
			t.Errorf("a problem repeats the number: %v", p)
		}
	}
	s.get(methodsPath).wantProblem(problem.InvalidParameter, "user_id")
	s.get(methodsPath+"/pm_1").wantProblem(problem.InvalidParameter, "id")
	s.get(methodsPath+"/pay_0192f3a4b5c67d008123456789abcdef").wantProblem(problem.InvalidParameter, "id")
	s.get(methodsPath+"/pm_0192f3a4b5c67d008123456789abcdef").wantProblem(problem.NotFound, "")
}
