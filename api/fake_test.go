package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/access"
	"florin/api"
	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/vault"
)

const secret = "sk_test_abcdefghijklmnopqrstuvwxyz"

var began = time.Date(2026, 1, 31, 9, 30, 0, 123_000_000, time.UTC)

func newIDs() *ident.Source {
	return ident.NewSource(0, func() time.Time { return began }, func() uint64 { return 7 })
}

// fakeFlows are flows without a store: they remember what they were asked, and
// a payment's outcome goes by its payment method.
type fakeFlows struct {
	mu       sync.Mutex
	ids      *ident.Source
	asked    []any // every request that reached a flow
	err      error // the answer to everything, when set
	claims   map[string]fakeClaim
	payments map[ident.ID]payment.Payment
	refunds  map[ident.ID]payment.Refund
	methods  map[ident.ID]vault.PaymentMethod
	events   []event.Stored
}

type fakeClaim struct {
	digest [32]byte
	object ident.ID
}

func newFlows() *fakeFlows {
	return &fakeFlows{
		ids: newIDs(), claims: map[string]fakeClaim{}, payments: map[ident.ID]payment.Payment{},
		refunds: map[ident.ID]payment.Refund{}, methods: map[ident.ID]vault.PaymentMethod{},
	}
}

// ask notes a request.
func (f *fakeFlows) ask(request any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, request)
	return f.err
}

// claim returns what was made under a key before, or notes that object is.
func (f *fakeFlows) claim(i *flow.Idempotency, object ident.ID) (held ident.ID, replayed bool, err error) {
	if i == nil {
		return object, false, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	name := i.Scope + " " + i.Key
	if c, ok := f.claims[name]; ok {
		if c.digest != i.Digest {
			err := problem.New(problem.IdempotencyKeyReuse, "this key was used with another body")
			err.Param = "Idempotency-Key"
			return held, false, err
		}
		return c.object, true, nil
	}
	f.claims[name] = fakeClaim{i.Digest, object}
	return object, false, nil
}

func missing() error { return problem.New(problem.NotFound, "there is no such object") }

func find[T any](f *fakeFlows, all map[ident.ID]T, id ident.ID) (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := all[id]
	if !ok {
		return v, missing()
	}
	return v, f.err
}

func keep[T any](f *fakeFlows, all map[ident.ID]T, id ident.ID, v T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all[id] = v
}

func (f *fakeFlows) Authorize(_ context.Context, r flow.Authorize) (flow.Result, error) {
	if err := f.ask(r); err != nil {
		return flow.Result{}, err
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(r.UserID))
	if err != nil {
		return flow.Result{}, err
	}
	if replayed {
		p, err := find(f, f.payments, id)
		return flow.Result{Payment: p, Replayed: true}, err
	}
	p := payment.Payment{
		ID: id, UserID: r.UserID, Amount: r.Amount, CaptureMethod: r.CaptureMethod, Purpose: r.Purpose,
		Details: r.Details,
	}
	p.PaymentMethod, p.Version = r.Method, 1
	switch {
	case r.Method == "":
		p.Status = payment.RequiresPaymentMethod
	case !r.Confirm:
		p.Status = payment.RequiresConfirmation
	default:
		f.charge(&p)
	}
	keep(f, f.payments, id, p)
	return flow.Result{Payment: p}, nil
}

func (f *fakeFlows) charge(p *payment.Payment) {
	p.Attempt, p.Gateway, p.Reason = f.ids.New(p.UserID), "simulated", ""
	switch p.PaymentMethod {
	case "pm_card_chargeDeclined":
		p.Status, p.Reason = payment.Declined, problem.GenericDecline
	case "pm_card_radarBlock":
		p.Status, p.Reason = payment.Declined, problem.FraudDetected
	case "pm_card_bypassPending":
		p.Status = payment.Processing
	default:
		p.Status, p.CapturedMinor, p.AuthorizedMinor = payment.Succeeded, p.Amount.Minor, p.Amount.Minor
	}
}

func (f *fakeFlows) AuthorizeBatch(ctx context.Context, requests []flow.Authorize) []flow.BatchResult {
	results := make([]flow.BatchResult, len(requests))
	for i, r := range requests {
		results[i].Result, results[i].Err = f.Authorize(ctx, r)
	}
	return results
}

func (f *fakeFlows) Confirm(_ context.Context, r flow.Confirm) (flow.Result, error) {
	if err := f.ask(r); err != nil {
		return flow.Result{}, err
	}
	p, err := find(f, f.payments, r.Payment)
	if err != nil {
		return flow.Result{}, err
	}
	if _, replayed, err := f.claim(r.Idempotency, r.Payment); err != nil || replayed {
		return flow.Result{Payment: p, Replayed: replayed}, err
	}
	if p.Status == payment.Succeeded {
		return flow.Result{}, problem.New(problem.WrongState, "a payment that is succeeded cannot be confirmed")
	}
	if r.Method != "" {
		p.PaymentMethod = r.Method
	}
	f.charge(&p)
	keep(f, f.payments, p.ID, p)
	return flow.Result{Payment: p}, nil
}

func (f *fakeFlows) Cancel(_ context.Context, r flow.Cancel) (flow.Result, error) {
	if err := f.ask(r); err != nil {
		return flow.Result{}, err
	}
	p, err := find(f, f.payments, r.Payment)
	if err != nil {
		return flow.Result{}, err
	}
	p.Status = payment.Canceled
	keep(f, f.payments, p.ID, p)
	return flow.Result{Payment: p}, nil
}

func (f *fakeFlows) Payment(_ context.Context, id ident.ID) (payment.Payment, error) {
	return find(f, f.payments, id)
}

func (f *fakeFlows) Payments(_ context.Context, q store.PaymentQuery) ([]payment.Payment, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.payments, q.Page), nil
}

// page lists objects as a store does.
func page[T any](f *fakeFlows, all map[ident.ID]T, p store.Page) []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []ident.ID
	for id := range all {
		older := p.After.IsZero() || id.Compare(p.After) < 0
		newer := p.Before.IsZero() || id.Compare(p.Before) > 0
		if older && newer {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b ident.ID) int { return b.Compare(a) })
	if len(ids) > p.Limit && !p.Before.IsZero() {
		ids = ids[len(ids)-p.Limit:]
	}
	var objects []T
	for _, id := range ids[:min(len(ids), p.Limit)] {
		objects = append(objects, all[id])
	}
	return objects
}

func (f *fakeFlows) Refund(_ context.Context, r flow.Refund) (flow.RefundResult, error) {
	if err := f.ask(r); err != nil {
		return flow.RefundResult{}, err
	}
	p, err := find(f, f.payments, r.Payment)
	if err != nil {
		return flow.RefundResult{}, err.(*problem.Problem).In("payment")
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(p.UserID))
	if err != nil || replayed {
		refund, _ := find(f, f.refunds, id)
		return flow.RefundResult{Refund: refund, Replayed: replayed}, err
	}
	amount := p.Amount
	if r.Minor != 0 {
		amount.Minor = r.Minor
	}
	refund := payment.Refund{
		ID: id, Payment: p.ID, UserID: p.UserID, Gateway: "simulated", Amount: amount,
		Status: payment.OperationSucceeded,
	}
	if amount.Minor == 7 { // a gateway that does not answer
		refund.Status = payment.OperationPending
	}
	keep(f, f.refunds, id, refund)
	return flow.RefundResult{Refund: refund}, nil
}

func (f *fakeFlows) RefundByID(_ context.Context, id ident.ID) (payment.Refund, error) {
	return find(f, f.refunds, id)
}

func (f *fakeFlows) Refunds(_ context.Context, q store.RefundQuery) ([]payment.Refund, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.refunds, q.Page), nil
}

func (f *fakeFlows) StoreMethod(_ context.Context, r flow.StoreMethod) (vault.PaymentMethod, bool, error) {
	if err := f.ask(r); err != nil {
		return vault.PaymentMethod{}, false, err
	}
	card, err := vault.ParseCard(r.Card, began)
	if err != nil {
		return vault.PaymentMethod{}, false, err
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(r.UserID))
	if err != nil || replayed {
		m, _ := find(f, f.methods, id)
		return m, replayed, err
	}
	m := vault.PaymentMethod{
		ID: id, UserID: r.UserID, Brand: vault.BrandOf(card.Number), Last4: card.Last4(), ExpMonth: card.ExpMonth,
		ExpYear: card.ExpYear, Fingerprint: "print", Version: 1,
	}
	keep(f, f.methods, id, m)
	return m, false, nil
}

func (f *fakeFlows) DeleteMethod(_ context.Context, id ident.ID) (vault.PaymentMethod, error) {
	m, err := find(f, f.methods, id)
	if err != nil || !m.DeletedAt.IsZero() {
		return m, missing()
	}
	m = vault.Delete(m, began)
	keep(f, f.methods, id, m)
	return m, nil
}

func (f *fakeFlows) Method(_ context.Context, id ident.ID) (vault.PaymentMethod, error) {
	m, err := find(f, f.methods, id)
	if err == nil && !m.DeletedAt.IsZero() {
		err = missing()
	}
	return m, err
}

func (f *fakeFlows) Methods(_ context.Context, userID int64, p store.Page) ([]vault.PaymentMethod, error) {
	if err := f.ask(userID); err != nil {
		return nil, err
	}
	return page(f, f.methods, p), nil
}

func (f *fakeFlows) Events(
	_ context.Context, after []event.Position, limit int,
) ([]event.Stored, []event.Position, error) {
	var some []event.Stored
	next := slices.Clone(after)
	for _, e := range f.events {
		if shard := e.ID.Shard(len(after)); e.Position > after[shard] && len(some) < limit {
			some = append(some, e)
			next[shard] = e.Position
		}
	}
	return some, next, f.err
}

func (f *fakeFlows) LatestEvents(_ context.Context, limit int) ([]event.Stored, []event.Position, error) {
	positions := make([]event.Position, 4)
	for _, e := range f.events {
		positions[e.ID.Shard(4)] = e.Position
	}
	some := slices.Clone(f.events)
	slices.Reverse(some)
	return some[:min(len(some), limit)], positions, f.err
}

type fakeKeys map[string]access.APIKey

func (k fakeKeys) Find(secret string) (access.APIKey, bool) {
	key, ok := k[secret]
	return key, ok
}

type fakeHealth struct{ report api.Report }

func (h fakeHealth) Check(context.Context) api.Report { return h.report }

// server is an API over fakes.
type server struct {
	t     testing.TB
	flows *fakeFlows
	api   *api.API
}

func newServer(t testing.TB, change ...func(*api.Config)) *server {
	flows := newFlows()
	cfg := api.Config{
		Flows: flows, IDs: newIDs(), Mode: access.Test, Shards: 4,
		Keys: fakeKeys{secret: {Scopes: []string{string(access.AllScopes)}}},
		Digest: func(parts ...[]byte) [32]byte {
			return sha256.Sum256(bytes.Join(parts, []byte{0}))
		},
		Health: fakeHealth{api.Report{
			Status: api.Healthy, Timestamp: "2026-01-31T09:30:00.123Z", Checks: api.Checks{
				Database: api.Check{Status: api.Healthy}, Redis: api.Check{Status: api.Disabled},
				Kafka: api.Check{Status: api.Disabled},
			},
		}},
	}
	for _, c := range change {
		c(&cfg)
	}
	return &server{t, flows, api.New(cfg)}
}

// answer is an answer as it came.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// do sends a request with the API key; headers are "Name: value".
func (s *server) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if value == "" {
			r.Header.Del(name)
		} else if name == "Content-Type" || name == "Authorization" {
			r.Header.Set(name, value)
		} else {
			r.Header.Add(name, value)
		}
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return answer{s.t, w.Code, w.Header(), w.Body.String()}
}

// send posts with headers exactly as they are given.
func (s *server) send(path, body string, header http.Header) answer {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	return answer{s.t, w.Code, w.Header(), w.Body.String()}
}

func (s *server) post(path, body string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, path, body, headers...)
}

func (s *server) get(path string, headers ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, "", headers...)
}

// want checks the status and returns the body as an object.
func (a answer) want(status int) map[string]any {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("got %d, want %d: %s", a.status, status, a.body)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil {
		a.t.Fatalf("the answer is no JSON: %v: %s", err, a.body)
	}
	return object
}

// wantProblem checks that the answer is a problem of that code and field.
func (a answer) wantProblem(code problem.Code, param string) map[string]any {
	a.t.Helper()
	p := a.want(code.Status())
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("Content-Type: got %s", got)
	}
	if err := checkProblem(p, code, param); err != nil {
		a.t.Errorf("%v: %s", err, a.body)
	}
	return p
}

func checkProblem(p map[string]any, code problem.Code, param string) error {
	got, _ := p["param"].(string)
	switch {
	case p["code"] != string(code):
		return fmt.Errorf("code: got %v, want %s", p["code"], code)
	case got != param:
		return fmt.Errorf("param: got %q, want %q", got, param)
	case p["type"] != "urn:florin:problem:"+string(code), p["title"] != code.Title():
		return fmt.Errorf("type %v, title %v", p["type"], p["title"])
	case p["status"] != float64(code.Status()):
		return fmt.Errorf("status: got %v", p["status"])
	case p["detail"] == "" || p["detail"] == nil:
		return errors.New("no detail")
	case !code.IsDecline() && p["request_id"] == nil:
		return errors.New("no request id")
	}
	return nil
}
