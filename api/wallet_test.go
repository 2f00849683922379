package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/api"
	"florin/flow"
	"florin/ident"
	"florin/problem"
	"florin/store"
)

const (
	walletPath  = "/api/v1/wallets/42"
	holdsPath   = walletPath + "/holds"
	payoutsPath = "/api/v1/payouts"
	ledgerPath  = "/api/v1/ledger/accounts"
)

const adjustment = `{"amount":5500,"currency":"usd","transaction_id":"import-1","reason":"Goodwill"}`

// wantMembers compares some members of an object.
func wantMembers(t *testing.T, got, want object) {
	t.Helper()
	for name, value := range want {
		if diff := cmp.Diff(value, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAdjustments(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	wantMembers(t, s.get(walletPath).want(200), object{
		"object": "wallet", "user_id": 42.0, "balances": []any{}, "livemode": false,
	})
	got := s.post(walletPath+"/adjustments", adjustment, "Idempotency-Key: k").want(201)
	wantMembers(t, got, object{
		"object": "adjustment", "user_id": 42.0, "amount": 5500.0, "currency": "USD", "transaction_id": "import-1",
		"reason": "Goodwill", "balance": 5500.0, "livemode": false, "created_at": "2026-01-31T09:30:00.123Z",
	})
	if !strings.HasPrefix(got["id"].(string), "txn_") {
		t.Errorf("the id is %s", got["id"])
	}
	r := s.flows.asked[1].(flow.Adjust)
	if r.UserID != 42 || r.Idempotency.Scope != walletPath+"/adjustments" {
		t.Errorf("the flow was asked %+v", r)
	}
	again := s.post(walletPath+"/adjustments", adjustment, "Idempotency-Key: k")
	if diff := cmp.Diff(got, again.want(201)); diff != "" || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("repeated: %s", diff)
	}
	s.post(walletPath+"/adjustments", `{"amount":-5501,"currency":"USD","transaction_id":"b"}`).
		wantProblem(problem.InsufficientFunds, "amount")
	wantMembers(t, s.get(walletPath).want(200), object{
		"balances": []any{object{"currency": "USD", "available": 5500.0, "held": 0.0}},
	})
}

const (
	settlementsPath = "/api/v1/settlements"
	settlement      = `{"gateway":"simulated","reference":"po_1","amount":1000,"fee":30,"currency":"USD"}`
)

func TestSettlements(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := s.post(settlementsPath, settlement, "Idempotency-Key: k").want(201)
	wantMembers(t, got, object{
		"object": "settlement", "gateway": "simulated", "reference": "po_1", "amount": 1000.0, "fee": 30.0, "net": 970.0,
		"currency": "USD", "livemode": false, "created_at": "2026-01-31T09:30:00.123Z",
	})
	if r := s.flows.asked[0].(flow.RecordSettlement); r.Idempotency == nil || r.Idempotency.Scope != settlementsPath {
		t.Errorf("the flow was asked %+v", r)
	}
	again := s.post(settlementsPath, settlement, "Idempotency-Key: k")
	if diff := cmp.Diff(got, again.want(201)); diff != "" || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("repeated: %s", diff)
	}
	for body, param := range map[string]string{
		`{"reference":"a","amount":1,"currency":"USD"}`:                                 "gateway",
		`{"gateway":"a","amount":1,"currency":"USD"}`:                                   "reference",
		`{"gateway":"a","reference":"a","currency":"USD"}`:                              "amount",
		`{"gateway":"a","reference":"a","amount":0,"currency":"USD"}`:                   "amount",
		`{"gateway":"a","reference":"a","amount":1,"fee":-1,"currency":"USD"}`:          "fee",
		`{"gateway":"a","reference":"a","amount":1,"fee":2,"currency":"USD"}`:           "fee",
		`{"gateway":"a","reference":"a","amount":1,"currency":"XXX"}`:                   "currency",
		`{"gateway":"a","reference":"a","amount":1}`:                                    "currency",
		`{"gateway":"a","reference":"a","amount":9007199254740993000,"currency":"USD"}`: "amount",
	} {
		s.post(settlementsPath, body).wantProblem(problem.InvalidParameter, param)
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.post(walletPath+"/adjustments", adjustment).want(201)
	body := `{"amount":2000,"currency":"USD","expires_at":"2026-02-01T00:00:00+01:00","metadata":{"a":"b"}}`
	h := s.post(holdsPath, body).want(201)
	wantMembers(t, h, object{
		"object": "hold", "user_id": 42.0, "amount": 2000.0, "amount_captured": 0.0, "currency": "USD", "status": "active",
		"reason": nil, "metadata": object{"a": "b"}, "expires_at": "2026-01-31T23:00:00.000Z",
	})
	path := holdsPath + "/" + h["id"].(string)
	if diff := cmp.Diff(h, s.get(path).want(200)); diff != "" {
		t.Error(diff)
	}
	s.get(strings.Replace(path, "42", "43", 1)).wantProblem(problem.NotFound, "")
	s.post(path+"/capture", `{"amount":2001}`).wantProblem(problem.OverCapture, "amount")
	wantMembers(t, s.post(path+"/capture", `{"amount":1500}`).want(200), object{
		"status": "captured", "amount_captured": 1500.0,
	})
	s.post(path+"/release", "").wantProblem(problem.WrongState, "")
	other := s.post(holdsPath, `{"amount":1,"currency":"USD","expires_in":60}`).want(201)
	if r := s.flows.asked[len(s.flows.asked)-1].(flow.PlaceHold); r.ExpiresIn != time.Minute {
		t.Errorf("the flow was asked %+v", r)
	}
	wantMembers(t, s.post(holdsPath+"/"+other["id"].(string)+"/release", "{}").want(200), object{"status": "released"})
	list := s.get(holdsPath + "?status=captured&limit=1").want(200)
	q := s.flows.asked[len(s.flows.asked)-1].(store.HoldQuery)
	if q.UserID != 42 || q.Status != "captured" || q.Limit != 2 || list["has_more"] != true {
		t.Errorf("the flow was asked %+v: %v", q, list)
	}
}

func TestPayouts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.post(walletPath+"/adjustments", adjustment).want(201)
	p := s.post(payoutsPath, `{"user_id":42,"amount":1500,"currency":"USD","description":"d"}`).want(201)
	wantMembers(t, p, object{
		"object": "payout", "user_id": 42.0, "amount": 1500.0, "currency": "USD", "status": "pending", "description": "d",
		"metadata": object{},
	})
	if diff := cmp.Diff(p, s.get(payoutsPath+"/"+p["id"].(string)).want(200)); diff != "" {
		t.Error(diff)
	}
	s.post(payoutsPath, `{"user_id":42,"amount":4001,"currency":"USD"}`).wantProblem(problem.InsufficientFunds, "amount")
	list := s.get(payoutsPath + "?user_id=42&status=pending").want(200)
	if diff := cmp.Diff([]any{p}, list["data"]); diff != "" {
		t.Error(diff)
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.post(walletPath+"/adjustments", adjustment).want(201)
	name := ledgerPath + "/user:42:wallet"
	wantMembers(t, s.get(name+"?currency=usd").want(200), object{
		"id": "user:42:wallet/USD", "object": "ledger_account", "name": "user:42:wallet", "currency": "USD",
		"balance": 5500.0, "at": nil,
	})
	wantMembers(t, s.get(name+"?currency=USD&at=2026-01-01T00:00:00Z").want(200), object{"at": "2026-01-01T00:00:00.000Z"})
	s.get(ledgerPath+"/bank?currency=USD").wantProblem(problem.NotFound, "")
	list := s.get(ledgerPath + "?prefix=user:&starting_after=sales/USD&limit=1&currency=USD").want(200)
	q := s.flows.asked[len(s.flows.asked)-1].(store.AccountQuery)
	if q.Prefix != "user:" || q.AfterName != "sales" || q.AfterCurrency != "USD" || q.Limit != 2 || q.Currency != "USD" ||
		len(list["data"].([]any)) != 1 {
		t.Errorf("the flow was asked %+v: %v", q, list)
	}
	entries := s.get(name + "/entries?currency=USD").want(200)["data"].([]any)
	if len(entries) != 2 {
		t.Fatalf("the entries are %v", entries)
	}
	mine, other := entries[0].(object), entries[1].(object)
	wantMembers(t, mine, object{
		"object": "ledger_entry", "account": "user:42:wallet", "currency": "USD", "amount": 5500.0, "seq": 2.0,
		"kind": "adjustment", "source": mine["transaction"], "payment": nil,
	})
	wantMembers(t, other, object{"account": "adjustments", "amount": -5500.0, "seq": nil, "balance": nil})
	trial := s.get("/api/v1/ledger/trial_balance").want(200)
	wantMembers(t, trial, object{"object": "trial_balance", "balanced": false}) // the fake's books are cooked
	wantMembers(t, trial["currencies"].([]any)[0].(object), object{
		"currency": "USD", "debits": 1.0, "credits": 5500.0, "balance": 5499.0,
		"accounts": []any{
			object{"name": "adjustments", "debits": 1.0, "credits": 0.0, "balance": -1.0},
			object{"name": "user:*:wallet", "debits": 0.0, "credits": 5500.0, "balance": 5500.0},
		},
	})
}

func TestWalletErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	hold := holdsPath + "/hold_0192f3a4b5c67d008123456789abcdef"
	for _, c := range []struct{ path, body, param string }{
		{"/api/v1/wallets/0/adjustments", adjustment, "user_id"},
		{"/api/v1/wallets/042/adjustments", adjustment, "user_id"},
		{"/api/v1/wallets/x/holds", `{"amount":1,"currency":"USD"}`, "user_id"},
		{walletPath + "/adjustments", `{"currency":"USD","transaction_id":"a"}`, "amount"},
		{walletPath + "/adjustments", `{"amount":0,"currency":"USD","transaction_id":"a"}`, "amount"},
		{walletPath + "/adjustments", `{"amount":1.5,"currency":"USD","transaction_id":"a"}`, "amount"},
		{walletPath + "/adjustments", `{"amount":-1000000000000000,"currency":"USD","transaction_id":"a"}`, "amount"},
		{walletPath + "/adjustments", `{"amount":1,"transaction_id":"a"}`, "currency"},
		{walletPath + "/adjustments", `{"amount":1,"currency":"XYZ","transaction_id":"a"}`, "currency"},
		{walletPath + "/adjustments", `{"amount":1,"currency":"USD"}`, "transaction_id"},
		{walletPath + "/adjustments", `{"amount":1,"currency":"USD","transaction_id":""}`, "transaction_id"},
		{walletPath + "/adjustments", `{"amount":1,"currency":"USD","transaction_id":"a","x":1}`, "x"},
		{holdsPath, `{"currency":"USD"}`, "amount"},
		{holdsPath, `{"amount":-1,"currency":"USD"}`, "amount"},
		{holdsPath, `{"amount":1,"currency":"USD","expires_in":0}`, "expires_in"},
		{holdsPath, `{"amount":1,"currency":"USD","expires_in":2592001}`, "expires_in"},
		{holdsPath, `{"amount":1,"currency":"USD","expires_in":1,"expires_at":"2026-02-01T00:00:00Z"}`, "expires_at"},
		{holdsPath, `{"amount":1,"currency":"USD","expires_at":"tomorrow"}`, "expires_at"},
		{holdsPath, `{"amount":1,"currency":"USD","expires_at":"0001-01-01T00:00:00Z"}`, "expires_at"},
		{hold + "/capture", `{"amount":0}`, "amount"},
		{hold + "/capture", `{"all":true}`, "all"},
		{hold + "/release", `{"amount":1}`, "amount"},
		{holdsPath + "/hold_1/release", `{}`, "id"},
		{payoutsPath, `{"amount":1,"currency":"USD"}`, "user_id"},
		{payoutsPath, `{"user_id":1,"amount":0,"currency":"USD"}`, "amount"},
	} {
		s.post(c.path, c.body).wantProblem(problem.InvalidParameter, c.param)
	}
	for path, param := range map[string]string{
		walletPath + "?currency=USD":                         "currency",
		holdsPath + "?status=open":                           "status",
		payoutsPath + "/po_1":                                "id",
		payoutsPath + "?status=paid":                         "status",
		ledgerPath + "/sales":                                "currency",
		ledgerPath + "/Sales?currency=USD":                   "name",
		ledgerPath + "/sales?currency=USD&at=now":            "at",
		ledgerPath + "/sales/entries":                        "currency",
		ledgerPath + "/sales/entries?currency=USD&limit=101": "limit",
		ledgerPath + "?starting_after=sales":                 "starting_after",
		ledgerPath + "?prefix=user:&user_id=1":               "prefix",
		"/api/v1/ledger/trial_balance?currency=USD":          "currency",
	} {
		s.get(path).wantProblem(problem.InvalidParameter, param)
	}
	if len(s.flows.asked) != 0 {
		t.Error("a request that is wrong reached a flow")
	}
	s.post(hold+"/release", "").wantProblem(problem.NotFound, "")
	s.get(payoutsPath+"/po_0192f3a4b5c67d008123456789abcdef").wantProblem(problem.NotFound, "")
}

func TestWalletAnswersKeepTheirSchemas(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	v := newValidator(t)
	check[api.Adjustment](v, "adjustment", s.post(walletPath+"/adjustments", adjustment).body)
	check[api.Wallet](v, "wallet", s.get(walletPath).body)
	check[api.Hold](v, "hold", s.post(holdsPath, `{"amount":1,"currency":"USD"}`).body)
	check[api.List[api.Hold]](v, "holds", s.get(holdsPath).body)
	check[api.Payout](v, "payout", s.post(payoutsPath, `{"user_id":42,"amount":1,"currency":"USD"}`).body)
	check[api.Settlement](v, "settlement", s.post(settlementsPath, settlement).body)
	check[api.List[api.Payout]](v, "payouts", s.get(payoutsPath).body)
	check[api.Account](v, "account", s.get(ledgerPath+"/user:42:wallet?currency=USD").body)
	check[api.List[api.Account]](v, "accounts", s.get(ledgerPath).body)
	check[api.List[api.LedgerEntry]](v, "entries", s.get(ledgerPath+"/sales/entries?currency=USD").body)
	check[api.TrialBalance](v, "trial balance", s.get("/api/v1/ledger/trial_balance").body)
}

// A refund says where it goes; so does a payment, and what it is for.
func TestToTheWallet(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := strings.Replace(simple, `"pm_card_visa"`, `"wallet"`, 1)
	id := s.post(paymentsPath, body).want(201)["id"].(string)
	s.post(paymentsPath, with(`"purpose":"wallet_topup"`)).want(201)
	if r := s.flows.asked[1].(flow.Authorize); r.Purpose != "wallet_topup" {
		t.Errorf("the flow was asked %+v", r)
	}
	s.post(refundsPath, `{"payment":"`+id+`","to":"wallet"}`).want(201)
	if r := s.flows.asked[2].(flow.Refund); r.To != "wallet" || r.Payment.Text(ident.Payment) != id {
		t.Errorf("the flow was asked %+v", r)
	}
}
