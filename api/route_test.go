package api_test

import (
	"net/http"
	"strings"
	"testing"

	"florin/api"
	"florin/problem"
)

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{
		"/api", "/api/v1", "/api/v2/payments", "/api/v1/payment", "/api/v1/payments/", "/api/v1/payments/a/b",
		"/healthz", "/api/v1/refunds/a/b", "/docs/page.html",
	} {
		s.get(path, "Authorization: ").wantProblem(problem.NotFound, "")
		s.post(path, "{}").wantProblem(problem.NotFound, "")
	}
}

func TestWrongMethods(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	allowed := map[string]map[string]bool{}
	for _, rt := range api.Routes() {
		path := sample(rt)
		if allowed[path] == nil {
			allowed[path] = map[string]bool{}
		}
		allowed[path][rt.Method] = true
		allowed[path]["HEAD"] = allowed[path]["HEAD"] || rt.Method == "GET"
	}
	delete(allowed, batchPath) // to other methods it is a payment's path
	delete(allowed, transfersPath+"/batch")
	for path, may := range allowed {
		for _, method := range methods {
			if may[method] {
				continue
			}
			got := s.do(method, path, "")
			if method != http.MethodHead {
				got.wantProblem(problem.MethodNotAllowed, "")
			}
			var want []string
			for _, m := range []string{"DELETE", "GET", "HEAD", "PATCH", "POST"} {
				if may[m] {
					want = append(want, m)
				}
			}
			if allow := got.header.Get("Allow"); allow != strings.Join(want, ", ") {
				t.Errorf("%s %s: Allow: %s, want %v", method, path, allow, want)
			}
		}
	}
}

func TestAnswersAreNotCached(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{paymentsPath, "/health", "/nothing"} {
		if got := s.get(path).header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control: %s", path, got)
		}
	}
}

func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.get(paymentsPath + "/pay_0192f3a4b5c67d008123456789abcdef").want(404)
	s.post(paymentsPath, simple).want(201)
	s.post(paymentsPath, strings.Replace(simple, "visa", "chargeDeclined", 1)).want(402)
	s.post(paymentsPath, "{").want(400)
	items(s.post(batchPath, batchOf(simple, simple, "7")))
	s.get("/nothing").want(404)
	text := s.get("/metrics").body
	for _, line := range []string{
		`http_requests_total{code="404",route="GET /api/v1/payments/{id}"} 1`,
		`http_requests_total{code="201",route="POST /api/v1/payments"} 1`,
		`http_requests_total{code="404",route="none"} 1`,
		`payment_requests_total{gateway="simulated",status="succeeded"} 3`,
		`payment_requests_total{gateway="simulated",status="declined"} 1`,
		`payment_processing_seconds_count 4`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
}
