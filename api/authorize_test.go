package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/access"
	"florin/api"
	"florin/flow"
	"florin/money"
	"florin/payment"
	"florin/problem"
)

const (
	paymentsPath = "/api/v1/payments"
	simple       = `{"user_id":42,"amount":1099,"currency":"USD","payment_method":"pm_card_visa","confirm":true}`
)

func TestCreatePaymentReadsEverything(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := ` { "user_id" : 42, "amount":1099, "currency":"usd", "payment_method":"pm_card_visa", "confirm":true,
		"capture_method":"automatic","purpose":"sale","off_session":true,"return_url":"https://shop.example/back?a=b",
		"description":"caf\u00e9 \"\\\/\b\f\n\r\t\ud83d\ude00 ☕","metadata":{"a":"1","ключ":""},
		"customer":{"email":"ada@example.com","name":"Ada"},
		"risk":{"ip":"2001:db8::1","device":"d","terminal":"t","billing_country":"de",
			"occurred_at":"2026-01-02T03:04:05.6789+01:00"} } `
	got := s.post(paymentsPath, body).want(201)
	want := flow.Authorize{
		UserID: 42, Amount: money.Amount{Minor: 1099, Currency: "USD"}, CaptureMethod: payment.CaptureAutomatic,
		Purpose: payment.Sale, Method: "pm_card_visa", Confirm: true, Details: payment.Details{
			Description: "café \"\\/\b\f\n\r\t😀 ☕", Metadata: map[string]string{"a": "1", "ключ": ""},
			ReturnURL: "https://shop.example/back?a=b", OffSession: true,
			Customer: &payment.Customer{Email: "ada@example.com", Name: "Ada"},
			Risk: &payment.Risk{
				IP: "2001:db8::1", Device: "d", Terminal: "t", BillingCountry: "DE",
				OccurredAt: time.Date(2026, 1, 2, 2, 4, 5, 678_000_000, time.UTC),
			},
		},
	}
	if diff := cmp.Diff(want, s.flows.asked[0]); diff != "" {
		t.Errorf("the flow was asked for something else (-want +got):\n%s", diff)
	}
	for name, value := range map[string]any{
		"object": "payment", "user_id": 42.0, "amount": 1099.0, "currency": "USD", "status": "succeeded",
		"amount_captured": 1099.0, "amount_refunded": 0.0, "payment_method": "pm_card_visa", "gateway": "simulated",
		"description": "café \"\\/\b\f\n\r\t😀 ☕", "off_session": true, "livemode": false,
		"created_at": "2026-01-31T09:30:00.123Z", "purpose": "sale", "capture_method": "automatic",
		"metadata": map[string]any{"a": "1", "ключ": ""}, "return_url": "https://shop.example/back?a=b",
		"customer": map[string]any{"email": "ada@example.com", "name": "Ada"},
	} {
		if diff := cmp.Diff(value, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, told := got["reason"]; told {
		t.Error("a payment that was not declined has a reason")
	}
}

// Null counts as left out.
func TestCreatePaymentWithNulls(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := s.post(paymentsPath, `{"user_id":42,"amount":1,"currency":"EUR","payment_method":null,"confirm":null,
		"metadata":null,"customer":null,"risk":{"ip":null},"description":null}`).want(201)
	if got["status"] != "requires_payment_method" {
		t.Errorf("status: got %v", got["status"])
	}
	for _, name := range []string{"payment_method", "attempt", "gateway", "description", "customer", "return_url"} {
		if value, told := got[name]; !told || value != nil {
			t.Errorf("%s: got %v, want null", name, value)
		}
	}
	if diff := cmp.Diff(map[string]any{}, got["metadata"]); diff != "" {
		t.Errorf("metadata: %s", diff)
	}
}

func TestPaymentStatuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := func(method string) string { return strings.Replace(simple, "pm_card_visa", method, 1) }

	if got := s.post(paymentsPath, body("pm_card_bypassPending")).want(202); got["status"] != "processing" {
		t.Errorf("got %v, want processing", got["status"])
	}
	first := s.post(paymentsPath, body("pm_card_radarBlock"), "Idempotency-Key: k")
	p := first.wantProblem(problem.FraudDetected, "")
	declined, _ := p["payment"].(map[string]any)
	if declined["status"] != "declined" || declined["reason"] != "FRAUD_DETECTED" {
		t.Errorf("the problem's payment is %v", declined)
	}
	again := s.post(paymentsPath, body("pm_card_radarBlock"), "Idempotency-Key: k")
	if again.status != first.status || again.body != first.body {
		t.Errorf("a replayed decline differs:\n%s\n%s", first.body, again.body)
	}
	if again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		t.Error("Idempotent-Replayed is wrong")
	}
}

// long is text of n characters.
func long(n int) string { return strings.Repeat("é", n) }

func metadata(n int) string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf(`"k%d":"v"`, i))
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// paymentErrors are members of a payment that are wrong, and the field at fault.
var paymentErrors = []struct{ member, param string }{
	{`"user_id":0`, "user_id"},
	{`"user_id":-1`, "user_id"},
	{`"user_id":"42"`, "user_id"},
	{`"user_id":9223372036854775808`, "user_id"},
	{`"user_id":null`, "user_id"},
	{`"amount":0`, "amount"},
	{`"amount":-0`, "amount"},
	{`"amount":-5`, "amount"},
	{`"amount":10.5`, "amount"},
	{`"amount":10.0`, "amount"},
	{`"amount":1e3`, "amount"},
	{`"amount":"10"`, "amount"},
	{`"amount":true`, "amount"},
	{`"amount":[1]`, "amount"},
	{`"amount":{"a":1}`, "amount"},
	{`"amount":null`, "amount"},
	{`"amount":1000000000000000`, "amount"}, // 10^13 dollars in cents
	{`"amount":99999999999999999999999999`, "amount"},
	{`"currency":"XXX"`, "currency"},
	{`"currency":"US"`, "currency"},
	{`"currency":""`, "currency"},
	{`"currency":840`, "currency"},
	{`"currency":null`, "currency"},
	{`"payment_method":"purse"`, "payment_method"},
	{`"payment_method":""`, "payment_method"},
	{`"payment_method":"pm_card_nothing"`, "payment_method"},
	{`"payment_method":"pay_0192f3a4b5c67d008123456789abcdef"`, "payment_method"},
	{`"payment_method":"pm_0192F3A4b5c67d008123456789abcdef"`, "payment_method"},
	{`"payment_method":{}`, "payment_method"},
	{`"confirm":"true"`, "confirm"},
	{`"confirm":1`, "confirm"},
	{`"capture_method":"never"`, "capture_method"},
	{`"purpose":"gift"`, "purpose"},
	{`"purpose":"gift"`, "purpose"},
	{`"off_session":"no"`, "off_session"},
	{`"return_url":"shop.example/back"`, "return_url"},
	{`"return_url":"ftp://shop.example"`, "return_url"},
	{`"return_url":"javascript:alert(1)"`, "return_url"},
	{`"return_url":"https://"`, "return_url"},
	{`"return_url":"https://shop.example/` + long(2048) + `"`, "return_url"},
	{`"description":"` + long(1001) + `"`, "description"},
	{`"description":"a\u0000b"`, "description"},
	{`"description":"\ud800"`, "description"},
	{`"description":"\udc00\ud800"`, "description"},
	{"\"description\":\"\xff\"", "description"},
	{"\"description\":\"\\n\xc3\"", "description"},
	{`"description":["a"]`, "description"},
	{`"metadata":[]`, "metadata"},
	{`"metadata":"a"`, "metadata"},
	{`"metadata":{"a":1}`, "metadata.a"},
	{`"metadata":{"a":null}`, "metadata.a"},
	{`"metadata":{"a":{"b":"c"}}`, "metadata.a"},
	{`"metadata":{"a":"1","a":"1"}`, "metadata.a"},
	{`"metadata":{"":"1"}`, "metadata"},
	{`"metadata":{"` + long(41) + `":"1"}`, "metadata"},
	{`"metadata":{"a":"` + long(501) + `"}`, "metadata.a"},
	{`"metadata":` + metadata(51), "metadata"},
	{`"customer":"ada"`, "customer"},
	{`"customer":{"email":1}`, "customer.email"},
	{`"customer":{"email":"` + long(321) + `"}`, "customer.email"},
	{`"customer":{"name":"` + long(257) + `"}`, "customer.name"},
	{`"customer":{"phone":"1"}`, "customer.phone"},
	{`"customer":{"name":"a","name":"b"}`, "customer.name"},
	{`"risk":[]`, "risk"},
	{`"risk":{"ip":"1.2.3"}`, "risk.ip"},
	{`"risk":{"ip":"fe80::1%eth0"}`, "risk.ip"},
	{`"risk":{"billing_country":"DEU"}`, "risk.billing_country"},
	{`"risk":{"billing_country":"1A"}`, "risk.billing_country"},
	{`"risk":{"billing_country":"ıt"}`, "risk.billing_country"},
	{`"risk":{"device":"` + long(129) + `"}`, "risk.device"},
	{`"risk":{"terminal":"` + long(129) + `"}`, "risk.terminal"},
	{`"risk":{"occurred_at":"yesterday"}`, "risk.occurred_at"},
	{`"risk":{"occurred_at":1}`, "risk.occurred_at"},
	{`"risk":{"score":0}`, "risk.score"},
	{`"tip":5`, "tip"},
	{`"Amount":5`, "Amount"},
	{`"idempotency_key":"k"`, "idempotency_key"},
}

// with returns the simple payment with one member replaced or added.
func with(member string) string {
	name, _, _ := strings.Cut(member, ":")
	var members []string
	for m := range strings.SplitSeq(strings.Trim(simple, "{}"), ",") {
		if !strings.HasPrefix(m, name+":") {
			members = append(members, m)
		}
	}
	return "{" + strings.Join(append(members, member), ",") + "}"
}

func TestPaymentErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, c := range paymentErrors {
		s.post(paymentsPath, with(c.member)).wantProblem(problem.InvalidParameter, c.param)
	}
	for _, name := range []string{"user_id", "amount", "currency"} {
		var object map[string]any
		if err := json.Unmarshal([]byte(simple), &object); err != nil {
			t.Fatal(err)
		}
		delete(object, name)
		body, _ := json.Marshal(object)
		s.post(paymentsPath, string(body)).wantProblem(problem.InvalidParameter, name)
	}
	s.post(paymentsPath, `{"user_id":1,"user_id":1,"amount":1,"currency":"USD"}`).
		wantProblem(problem.InvalidParameter, "user_id")
	s.post(paymentsPath, `{"user_id":1,"\u0075ser_id":1,"amount":1,"currency":"USD"}`).
		wantProblem(problem.InvalidParameter, "user_id")
	if len(s.flows.asked) != 0 {
		t.Errorf("%d requests reached a flow", len(s.flows.asked))
	}
}

// The limits themselves are good.
func TestPaymentLimits(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, member := range []string{
		`"amount":999999999999999`, `"description":"` + long(1000) + `"`, `"metadata":` + metadata(50),
		`"metadata":{"` + long(40) + `":"` + long(500) + `"}`, `"customer":{"name":"` + long(256) + `"}`,
		`"customer":{}`, `"metadata":{}`, `"risk":{"device":"` + long(128) + `"}`, `"user_id":9223372036854775807`,
		`"description":"\u0001"`, `"payment_method":"pm_0192f3a4b5c67d008123456789abcdef"`,
	} {
		s.post(paymentsPath, with(member)).want(201)
	}
}

func TestLiveModeRules(t *testing.T) {
	t.Parallel()
	const key = "sk_live_abcdefghijklmnopqrstuvwxyz"
	s := newServer(t, func(c *api.Config) {
		c.Mode = access.Live
		c.Keys = fakeKeys{key: {Scopes: []string{"admin"}}}
	})
	bearer := "Authorization: Bearer " + key
	s.post(paymentsPath, simple, bearer).wantProblem(problem.InvalidParameter, "payment_method")
	const plain = `"user_id":1,"amount":1,"currency":"USD"`
	s.post(paymentsPath, `{`+plain+`,"risk":{"occurred_at":"2026-01-01T00:00:00Z"}}`, bearer).
		wantProblem(problem.InvalidParameter, "risk.occurred_at")
	got := s.post(paymentsPath, `{`+plain+`}`, bearer).want(201)
	if got["livemode"] != true {
		t.Error("livemode is not true in a live store")
	}
}

// A repeated request is counted as that, not as another payment.
func TestReplaysAreCounted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for range 3 {
		s.post(paymentsPath, simple, "Idempotency-Key: order-1").want(201)
	}
	text := s.get("/metrics").body
	if !strings.Contains(text, `status="replayed"} 2`) || !strings.Contains(text, `status="succeeded"} 1`) {
		t.Errorf("the metrics are %s", text)
	}
}
