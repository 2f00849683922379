package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"florin/api"
	"florin/flow"
	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

func TestCaptures(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	manual := strings.Replace(simple, "{", `{"capture_method":"manual","purpose":"wallet_topup",`, 1)
	id := s.post(paymentsPath, manual).want(201)["id"].(string)
	made := s.flows.asked[0].(flow.Authorize)
	if made.CaptureMethod != payment.CaptureManual || made.Purpose != payment.WalletTopUp {
		t.Errorf("the flow was asked %+v", made)
	}
	path := paymentsPath + "/" + id + "/capture"
	got := s.post(path, `{"amount":5,"final":true}`, "Idempotency-Key: k").want(200)
	asked := s.flows.asked[1].(flow.Capture)
	if asked.Minor != 5 || asked.Final == nil || !*asked.Final || asked.Idempotency == nil ||
		asked.Payment.Text(ident.Payment) != id {
		t.Errorf("the flow was asked %+v", asked)
	}
	captured := got["capture"].(map[string]any)
	for name, value := range map[string]any{
		"object": "capture", "payment": id, "amount": 5.0, "currency": "USD", "status": "succeeded", "final": true,
	} {
		if captured[name] != value {
			t.Errorf("%s: got %v, want %v", name, captured[name], value)
		}
	}
	if got["object"] != "payment" || got["id"] != id {
		t.Errorf("got %v", got)
	}
	s.post(path, ``).want(200)
	if asked := s.flows.asked[2].(flow.Capture); asked.Minor != 0 || asked.Final != nil {
		t.Errorf("the flow was asked %+v", asked)
	}
	got = s.post(path, `{"amount":7,"final":false}`).want(202)
	if got["capture"].(map[string]any)["status"] != "pending" {
		t.Errorf("got %v", got)
	}
	for body, param := range map[string]string{
		`{"amount":0}`: "amount", `{"amount":"5"}`: "amount", `{"final":1}`: "final", `{"all":true}`: "all",
	} {
		s.post(path, body).wantProblem(problem.InvalidParameter, param)
	}
	s.post(strings.Replace(path, id, "pay_0192f3a4b5c67d008123456789abcdef", 1), ``).wantProblem(problem.NotFound, "")
}

const disputesPath = "/api/v1/disputes"

func TestDisputes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	d := payment.Dispute{
		ID: s.flows.ids.New(42), Payment: s.flows.ids.New(42), UserID: 42, Gateway: "simulated", Reference: "dp_1",
		Amount: money.Amount{Minor: 1099, Currency: "USD"}, Reason: "fraudulent", Status: payment.DisputeNeedsResponse,
	}
	keep(s.flows, s.flows.disputes, d.ID, d)
	path := disputesPath + "/" + d.ID.Text(ident.Dispute)
	got := s.get(path).want(200)
	for name, value := range map[string]any{
		"object": "dispute", "amount": 1099.0, "currency": "USD", "status": "needs_response", "reason": "fraudulent",
		"reference": "dp_1", "evidence": nil, "evidence_delivered": false, "exceeds": false, "user_id": 42.0,
	} {
		if got[name] != value {
			t.Errorf("%s: got %v, want %v", name, got[name], value)
		}
	}
	filter := "?user_id=42&status=needs_response&limit=1&payment=" + d.Payment.Text(ident.Payment)
	list := s.get(disputesPath + filter).want(200)
	if diff := cmp.Diff([]any{got}, list["data"]); diff != "" {
		t.Error(diff)
	}
	q := s.flows.asked[0].(store.DisputeQuery)
	if q.UserID != 42 || q.Status != payment.DisputeNeedsResponse || q.Payment != d.Payment || q.Limit != 2 {
		t.Errorf("the flow was asked %+v", q)
	}
	s.get(disputesPath+"?status=settled").wantProblem(problem.InvalidParameter, "status")
	answered := s.post(path+"/evidence", `{"text":"winning_evidence"}`).want(200)
	if answered["status"] != "under_review" || answered["evidence"] != "winning_evidence" {
		t.Errorf("got %v", answered)
	}
	for body, param := range map[string]string{
		`{}`: "text", `{"text":""}`: "text", `{"text":7}`: "text", `{"text":"` + strings.Repeat("x", 20_001) + `"}`: "text",
	} {
		s.post(path+"/evidence", body).wantProblem(problem.InvalidParameter, param)
	}
}

// fakeChallenges is one challenge.
type fakeChallenges struct {
	challenge api.Challenge
	passed    []bool
}

func (f *fakeChallenges) Challenge(_ context.Context, gateway string, _ ident.ID) (api.Challenge, error) {
	if gateway != "simulated" {
		return api.Challenge{}, problem.New(problem.NotFound, "there is no such challenge")
	}
	return f.challenge, nil
}

func (f *fakeChallenges) EndChallenge(_ context.Context, _ string, _ ident.ID, passed bool) error {
	f.passed = append(f.passed, passed)
	f.challenge.Open = false
	return nil
}

func TestChallengePage(t *testing.T) {
	t.Parallel()
	fake := &fakeChallenges{challenge: api.Challenge{
		Payment: newIDs().New(42), Amount: money.Amount{Minor: 1099, Currency: "USD"}, Last4: "3184", Open: true,
		ReturnURL: "https://shop.example/back?a=1",
	}}
	s := newServer(t, func(c *api.Config) { c.Challenges = fake })
	path := "/simulated/simulated/challenge/att_0192f3a4b5c67d008123456789abcdef"
	do := func(method, path, form string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(form))
		if form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, r)
		return w
	}
	page := do(http.MethodGet, path, "")
	if text := page.Body.String(); page.Code != 200 || !strings.Contains(text, "10.99 USD") ||
		!strings.Contains(text, `value="complete"`) || !strings.Contains(text, "3184") ||
		!strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%d: %s", page.Code, text)
	}
	back := do(http.MethodPost, path, "outcome=complete")
	want := "https://shop.example/back?a=1&payment=" + fake.challenge.Payment.Text(ident.Payment)
	if got := back.Header().Get("Location"); back.Code != 303 || got != want {
		t.Errorf("%d to %s, want %s", back.Code, got, want)
	}
	fake.challenge.ReturnURL = ""
	if ended := do(http.MethodPost, path, "outcome=fail"); ended.Code != 200 ||
		!strings.Contains(ended.Body.String(), "has ended") {
		t.Errorf("%d: %s", ended.Code, ended.Body)
	}
	if diff := cmp.Diff([]bool{true, false}, fake.passed); diff != "" {
		t.Error(diff)
	}
	if wrong := do(http.MethodPost, path, "outcome=maybe"); wrong.Code != 422 {
		t.Errorf("%d: %s", wrong.Code, wrong.Body)
	}
	for _, none := range []string{
		strings.Replace(path, "att_", "pay_", 1), strings.Replace(path, "/simulated/c", "/other/c", 1),
	} {
		if got := do(http.MethodGet, none, ""); got.Code != 404 {
			t.Errorf("%s: %d", none, got.Code)
		}
	}
}
