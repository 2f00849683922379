package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/flow"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

const refundsPath = "/api/v1/refunds"

func TestRefunds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.post(paymentsPath, simple).want(201)["id"].(string)
	all := s.post(refundsPath, `{"payment":"`+id+`"}`).want(201)
	if got := s.flows.asked[1].(flow.Refund); got.Minor != 0 || got.Idempotency != nil {
		t.Errorf("the flow was asked %+v", got)
	}
	for name, value := range map[string]any{
		"object": "refund", "payment": id, "amount": 1099.0, "currency": "USD", "status": "succeeded", "to": "card",
		"gateway": "simulated", "user_id": 42.0, "livemode": false,
	} {
		if all[name] != value {
			t.Errorf("%s: got %v, want %v", name, all[name], value)
		}
	}
	s.post(refundsPath, `{"payment":"`+id+`","to":null}`).want(201)
	if got := s.post(refundsPath, `{"payment":"`+id+`","amount":null}`).want(422); got["param"] != "amount" {
		t.Errorf("an amount of null is %v", got)
	}
	if got := s.post(refundsPath, `{"payment":"`+id+`","amount":7,"to":"card"}`).want(202); got["status"] != "pending" {
		t.Errorf("got %v", got)
	}
	if diff := cmp.Diff(all, s.get(refundsPath+"/"+all["id"].(string)).want(200)); diff != "" {
		t.Error(diff)
	}
	list := s.get(refundsPath + "?user_id=42&payment=" + id + "&status=pending&limit=2").want(200)
	if len(list["data"].([]any)) != 2 || list["has_more"] != true {
		t.Errorf("the list is %v", list)
	}
	q := s.flows.asked[len(s.flows.asked)-1].(store.RefundQuery)
	if q.UserID != 42 || q.Status != "pending" || q.Payment.IsZero() || q.Limit != 3 {
		t.Errorf("the flow was asked %+v", q)
	}
}

func TestRefundErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.post(paymentsPath, simple).want(201)["id"].(string)
	asked := len(s.flows.asked)
	for body, param := range map[string]string{
		`{}`:              "payment",
		`{"payment":7}`:   "payment",
		`{"payment":"x"}`: "payment",
		`{"payment":"ref_0192f3a4b5c67d008123456789abcdef"}`: "payment",
		`{"payment":"` + id + `","amount":0}`:                "amount",
		`{"payment":"` + id + `","amount":-1}`:               "amount",
		`{"payment":"` + id + `","amount":1.5}`:              "amount",
		`{"payment":"` + id + `","amount":"1"}`:              "amount",
		`{"payment":"` + id + `","to":"bank"}`:               "to",
		`{"payment":"` + id + `","reason":"x"}`:              "reason",
	} {
		s.post(refundsPath, body).wantProblem(problem.InvalidParameter, param)
	}
	s.get(refundsPath+"/ref_1").wantProblem(problem.InvalidParameter, "id")
	s.get(refundsPath+"?status=open").wantProblem(problem.InvalidParameter, "status")
	s.get(refundsPath+"?payment=1").wantProblem(problem.InvalidParameter, "payment")
	if len(s.flows.asked) != asked {
		t.Error("a request that is wrong reached a flow")
	}
	s.post(refundsPath, `{"payment":"pay_0192f3a4b5c67d008123456789abcdef"}`).wantProblem(problem.NotFound, "payment")
	s.get(refundsPath+"/ref_0192f3a4b5c67d008123456789abcdef").wantProblem(problem.NotFound, "")
}

func TestRefundFilters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.get(refundsPath + "?user_id=42&status=failed&currency=usd&created_gte=2026-01-01T00:00:00Z" +
		"&created_lt=2026-02-01T00:00:00Z&amount_gte=5&amount_lte=100").want(200)
	want := store.RefundQuery{
		Page: store.Page{Limit: 11}, UserID: 42, Status: payment.OperationFailed, Currency: "USD",
		CreatedGTE: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), CreatedLT: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		AmountGTE: 5, AmountLTE: 100,
	}
	if diff := cmp.Diff(want, s.flows.asked[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
