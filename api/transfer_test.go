package api_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"florin/api"
	"florin/flow"
	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

const (
	transfersPath  = "/api/v1/transfers"
	simpleTransfer = `{"from_user_id":42,"to_user_id":43,"amount":1099,"currency":"USD"}`
)

func TestTransfers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	one := s.post(transfersPath, `{"from_user_id":42,"to_user_id":43,"amount":1099,"currency":"USD",
		"metadata":{"order":"7"},"description":"Lunch"}`).want(201)
	for name, value := range map[string]any{
		"object": "transfer", "from_user_id": 42.0, "to_user_id": 43.0, "amount": 1099.0, "currency": "USD",
		"status": "succeeded", "description": "Lunch", "livemode": false,
	} {
		if one[name] != value {
			t.Errorf("%s: got %v, want %v", name, one[name], value)
		}
	}
	if id := one["id"].(string); !strings.HasPrefix(id, "trf_") {
		t.Errorf("its id is %s", id)
	}
	if diff := cmp.Diff(one, s.get(transfersPath+"/"+one["id"].(string)).want(200)); diff != "" {
		t.Error(diff)
	}
	if p := s.post(transfersPath, strings.Replace(simpleTransfer, "1099", "202", 1)).want(202); p["status"] != "pending" {
		t.Errorf("got %v", p)
	}
	list := s.get(transfersPath + "?user_id=43&status=pending&limit=1").want(200)
	if len(list["data"].([]any)) != 1 || list["has_more"] != true {
		t.Errorf("the list is %v", list)
	}
	q := s.flows.asked[len(s.flows.asked)-1].(store.TransferQuery)
	if q.UserID != 43 || q.Status != "pending" || q.Limit != 2 {
		t.Errorf("the flow was asked %+v", q)
	}
	s.get(transfersPath+"/trf_0192f3a4b5c67d008123456789abcdef").wantProblem(problem.NotFound, "")
}

// A decline is answered again in the same bytes.
func TestTransferDeclined(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	short := strings.Replace(simpleTransfer, "1099", "402", 1)
	first := s.post(transfersPath, short, "Idempotency-Key: K", "X-Request-ID: one")
	again := s.post(transfersPath, short, "Idempotency-Key: K", "X-Request-ID: two")
	first.wantProblem(problem.InsufficientFunds, "")
	if again.body != first.body || again.status != first.status || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the second answer is %d %s %v", again.status, again.body, again.header)
	}
}

// transferErrors are bodies with what is wrong in them.
var transferErrors = map[string]string{
	`{}`: "from_user_id",
	`{"from_user_id":1,"amount":1,"currency":"USD"}`:                               "to_user_id",
	`{"from_user_id":1,"to_user_id":2,"currency":"USD"}`:                           "amount",
	`{"from_user_id":1,"to_user_id":2,"amount":1}`:                                 "currency",
	`{"from_user_id":0,"to_user_id":2,"amount":1,"currency":"USD"}`:                "from_user_id",
	`{"from_user_id":1,"to_user_id":-2,"amount":1,"currency":"USD"}`:               "to_user_id",
	`{"from_user_id":1,"to_user_id":2,"amount":1.5,"currency":"USD"}`:              "amount",
	`{"from_user_id":1,"to_user_id":2,"amount":1,"currency":"XXQ"}`:                "currency",
	`{"from_user_id":1,"to_user_id":2,"amount":9000000000000000,"currency":"USD"}`: "amount",
	`{"from_user_id":1,"to_user_id":2,"amount":1,"currency":"USD","fee":1}`:        "fee",
}

func TestTransferErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for body, param := range transferErrors {
		s.post(transfersPath, body).wantProblem(problem.InvalidParameter, param)
	}
	s.get(transfersPath+"?status=open").wantProblem(problem.InvalidParameter, "status")
	if len(s.flows.asked) != 0 {
		t.Errorf("%d requests reached a flow", len(s.flows.asked))
	}
}

func transfersOf(items ...string) string { return `{"transfers":[` + strings.Join(items, ",") + `]}` }

func TestTransferBatch(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := items(s.post(transfersPath+"/batch", transfersOf(
		simpleTransfer, `{"from_user_id":1}`, strings.Replace(simpleTransfer, "1099", "402", 1), `[]`,
		strings.Replace(simpleTransfer, "1099", "202", 1),
	)))
	for index, want := range map[int]struct {
		code  problem.Code
		param string
	}{
		1: {problem.InvalidParameter, "transfers[1].to_user_id"},
		2: {problem.InsufficientFunds, ""},
		3: {problem.InvalidParameter, "transfers[3]"},
	} {
		p, ok := got[index]["problem"].(map[string]any)
		if !ok {
			t.Fatalf("item %d: %v", index, got[index])
		}
		if err := checkProblem(p, want.code, want.param); err != nil {
			t.Errorf("item %d: %v", index, err)
		}
	}
	for index, status := range map[int]string{0: "succeeded", 4: "pending"} {
		if p := got[index]["transfer"].(map[string]any); p["status"] != status {
			t.Errorf("item %d: %v, want %s", index, p["status"], status)
		}
	}
	many := func(n int) string {
		return transfersOf(strings.Split(strings.Repeat(simpleTransfer+"\n", n), "\n")[:n]...)
	}
	for body, param := range map[string]string{
		`{}`: "transfers", `{"transfers":[]}`: "transfers", many(10_001): "transfers", `{"payments":[]}`: "payments",
	} {
		s.post(transfersPath+"/batch", body).wantProblem(problem.InvalidParameter, param)
	}
	if got := items(s.post(transfersPath+"/batch", many(10_000))); len(got) != 10_000 {
		t.Errorf("%d results, want 10000", len(got))
	}
}

func TestTransferBatchKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	own := strings.Replace(simpleTransfer, "{", `{"idempotency_key":"own",`, 1)
	body := transfersOf(simpleTransfer, simpleTransfer)
	first := s.post(transfersPath+"/batch", body, "Idempotency-Key: H")
	again := s.post(transfersPath+"/batch", body, "Idempotency-Key: H")
	if len(items(first)) != 2 || again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %v %s", again.header, again.body)
	}
	if r := s.flows.asked[1].(flow.Transfer); r.Idempotency == nil || r.Idempotency.Key != "H:1" {
		t.Errorf("the flow was asked %+v", r)
	}
	if len(items(s.post(transfersPath+"/batch", transfersOf(own)))) != 1 {
		t.Error("an item with a key of its own was not taken")
	}
	s.post(transfersPath+"/batch", transfersOf(own), "Idempotency-Key: H").
		wantProblem(problem.IdempotencyKeyConflict, "Idempotency-Key")
}

// TestAppendTransfer: what is appended is what encoding/json writes.
func TestAppendTransfer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := wallet.Transfer{
			ID: anID().Draw(t, "id"), FromUserID: rapid.Int64Min(1).Draw(t, "from"), ToUserID: rapid.Int64Min(1).Draw(t, "to"),
			Amount: money.Amount{
				Minor:    rapid.Int64Min(1).Draw(t, "amount"),
				Currency: rapid.SampledFrom(money.Currencies()).Draw(t, "currency"),
			},
			Details: wallet.TransferDetails{
				Description: anyText().Draw(t, "description"),
				Metadata:    rapid.MapOfN(anyText(), anyText(), 0, 5).Draw(t, "metadata"),
			},
			Status: wallet.TransferFailed, Reason: rapid.SampledFrom(problem.Codes()).Draw(t, "reason"),
		}
		live := rapid.Bool().Draw(t, "live")
		if v.Details.Metadata == nil {
			v.Details.Metadata = map[string]string{}
		}
		want := plainJSON(t, api.Transfer{
			ID: v.ID.Text(ident.Transfer), Object: "transfer", FromUserID: v.FromUserID, ToUserID: v.ToUserID,
			Amount: v.Amount.Minor, Currency: string(v.Amount.Currency), Status: string(v.Status), Reason: string(v.Reason),
			Description: optional(v.Details.Description), Metadata: v.Details.Metadata, Livemode: live,
			CreatedAt: v.CreatedAt().Format("2006-01-02T15:04:05.000Z"),
		})
		got := string(api.AppendTransfer(nil, &v, live))
		if got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
