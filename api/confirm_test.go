package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/payment"
	"florin/problem"
)

// open makes a payment that waits for confirm.
func (s *server) open() (id string) {
	s.t.Helper()
	return s.post(paymentsPath, with(`"confirm":false`)).want(201)["id"].(string)
}

func TestConfirmPayment(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, c := range []struct {
		body   string
		status int
		method string
	}{
		{"", 200, ""},
		{"{}", 200, ""},
		{`{"payment_method":null}`, 200, ""},
		{`{"payment_method":"pm_card_mastercard"}`, 200, "pm_card_mastercard"},
		{`{"payment_method":"pm_card_bypassPending"}`, 202, "pm_card_bypassPending"},
		{`{"payment_method":"pm_card_chargeDeclined"}`, 402, "pm_card_chargeDeclined"},
	} {
		path := paymentsPath + "/" + s.open()
		got := s.post(path+"/confirm", c.body, "Idempotency-Key: k").want(c.status)
		if c.status == 402 {
			got = got["payment"].(map[string]any)
		}
		if !strings.HasSuffix(path, got["id"].(string)) {
			t.Errorf("got %v", got)
		}
		asked := s.flows.asked[len(s.flows.asked)-1].(flow.Confirm)
		if asked.Method != c.method || asked.Idempotency.Scope != path+"/confirm" {
			t.Errorf("%s: the flow was asked %+v", c.body, asked)
		}
		if again := s.post(path+"/confirm", c.body, "Idempotency-Key: k"); again.status != c.status {
			t.Errorf("%s: a replay got %d", c.body, again.status)
		}
	}
	id := s.post(paymentsPath, simple).want(201)["id"].(string)
	s.post(paymentsPath+"/"+id+"/confirm", "").wantProblem(problem.WrongState, "")
}

func TestCancelPayment(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, body := range []string{"", "{}", " {} "} {
		got := s.post(paymentsPath+"/"+s.open()+"/cancel", body).want(200)
		if got["status"] != "canceled" {
			t.Errorf("got %v", got)
		}
	}
}

func TestActionErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.open()
	asked := len(s.flows.asked)
	for _, c := range []struct{ path, body, param string }{
		{id + "/confirm", `{"payment_method":"purse"}`, "payment_method"},
		{id + "/confirm", `{"payment_method":"card"}`, "payment_method"},
		{id + "/confirm", `{"amount":1}`, "amount"},
		{id + "/cancel", `{"reason":"x"}`, "reason"},
		{"nothing/confirm", "", "id"},
		{"nothing/cancel", "", "id"},
		{"att_0192f3a4b5c67d008123456789abcdef/cancel", "", "id"},
		{strings.ToUpper(id) + "/confirm", "", "id"},
	} {
		s.post(paymentsPath+"/"+c.path, c.body).wantProblem(problem.InvalidParameter, c.param)
	}
	s.post(paymentsPath+"/"+id+"/confirm", "{").wantProblem(problem.InvalidJSON, "")
	s.post(paymentsPath+"/"+id+"/confirm", "{}", "Content-Type: text/plain").
		wantProblem(problem.UnsupportedMediaType, "Content-Type")
	if len(s.flows.asked) != asked {
		t.Error("a request that is wrong reached a flow")
	}
	s.post(paymentsPath+"/pay_0192f3a4b5c67d008123456789abcdef/confirm", "").wantProblem(problem.NotFound, "")
	s.post(paymentsPath+"/pay_0192f3a4b5c67d008123456789abcdef/cancel", "").wantProblem(problem.NotFound, "")
}

func TestGetPaymentAndTimeline(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	created := s.post(paymentsPath, simple)
	id := created.want(201)["id"].(string)
	if got := s.get(paymentsPath + "/" + id); got.status != 200 || got.body != created.body {
		t.Errorf("got %d: %s", got.status, got.body)
	}
	declined := s.post(paymentsPath, strings.Replace(simple, "visa", "chargeDeclined", 1)).want(402)
	if got := s.get(paymentsPath + "/" + declined["payment"].(map[string]any)["id"].(string)).want(200); got["reason"] !=
		"generic_decline" {
		t.Errorf("got %v", got)
	}

	parsed, _ := ident.Parse(ident.Payment, id)
	p := s.flows.payments[parsed]
	ids := newIDs()
	for range 9 { // behind the others
		ids.New(1)
	}
	attempt := payment.Attempt{
		ID: ids.New(42), Gateway: "simulated", Method: "pm_card_visa", Minor: 1099, Outcome: payment.OutcomeApproved,
		Reference: "sim_1", AnsweredAt: began,
		Reversal: &payment.Reversal{ID: ids.New(42), Status: payment.OperationSucceeded, Rest: true},
	}
	late := payment.Attempt{
		ID: ids.New(42), Gateway: "slow", Method: "pm_x", Minor: 5, Outcome: payment.OutcomeApproved,
		AnsweredAt: began.Add(time.Second),
		Reversal:   &payment.Reversal{ID: ids.New(42), Status: payment.OperationPending},
	}
	refund := payment.Refund{ID: ids.New(42), Payment: p.ID, Amount: p.Amount, Status: payment.OperationPending}
	captured := payment.Capture{ID: ids.New(42), Attempt: attempt.ID, Minor: 1099, Status: payment.OperationSucceeded}
	p.Attempts, p.Refunds = []payment.Attempt{attempt, late}, []payment.Refund{refund}
	p.Captures = []payment.Capture{captured}
	s.flows.payments[parsed] = p
	for i, kind := range []event.Type{event.PaymentSucceeded, "dispute.opened"} {
		s.flows.events = append(s.flows.events, event.Stored{Event: event.Event{
			ID: ids.New(42), UserID: 42, Kind: ident.Capture, Object: captured.ID, Type: kind, Data: []byte(`{}`),
		}, Position: event.Position(i + 1)})
	}
	var told []string
	for _, data := range s.get(paymentsPath + "/" + id + "/timeline").want(200)["data"].([]any) {
		entry := data.(map[string]any)
		told = append(told, entry["type"].(string)+": "+entry["text"].(string))
	}
	want := []string{
		"attempt.approved: simulated approved the charge of 1099 USD",
		"payment.succeeded: the payment succeeded", "dispute.opened: dispute opened",
		"attempt.started: simulated was asked to charge 1099 USD to pm_card_visa",
		"reversal.succeeded: giving back what was not captured at simulated: succeeded",
		"attempt.started: slow was asked to charge 5 USD to pm_x",
		"reversal.pending: taking the approval back at slow: pending",
		"attempt.approved: slow approved the charge of 5 USD",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("the timeline (-want +got):\n%s", diff)
	}
	routed := s.get(paymentsPath + "/" + id + "/routing").want(200)
	first, second := routed["attempts"].([]any)[0].(map[string]any), routed["attempts"].([]any)[1].(map[string]any)
	if first["why"] != "the first in the order that could be called" ||
		second["why"] != "the payment was confirmed again after approved at simulated" {
		t.Errorf("the routing is %v", routed)
	}
	for _, path := range []string{"", "/timeline", "/routing"} {
		s.get(paymentsPath+"/pay_0192f3a4b5c67d008123456789abcdef"+path).wantProblem(problem.NotFound, "")
		s.get(paymentsPath+"/pay_1"+path).wantProblem(problem.InvalidParameter, "id")
		s.get(paymentsPath+"/"+id+path+"?expand=all").wantProblem(problem.InvalidParameter, "expand")
	}
}
