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
	"strings"
	"testing"

	"florin/access"
	"florin/api"
	"florin/flow"
	"florin/problem"
)

const secret = "sk_test_abcdefghijklmnopqrstuvwxyz"

type fakeKeys map[string]access.APIKey

func (k fakeKeys) Find(secret string) (access.APIKey, bool) {
	key, ok := k[secret]
	return key, ok
}

type fakeHealth struct{ report api.Report }

func (h fakeHealth) Check(context.Context) api.Report { return h.report }

var _ api.Flows = (*flow.Service)(nil)

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
	return s.serve(r)
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
	return s.serve(r)
}

func (s *server) serve(r *http.Request) answer {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	a := answer{s.t, w.Code, w.Header(), strings.TrimSuffix(w.Body.String(), "\n")}
	s.documented(r, a)
	return a
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
