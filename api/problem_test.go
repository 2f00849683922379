package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"florin/api"
	"florin/internal/clock"
	"florin/problem"
)

// logged returns an API that writes its log into the buffer.
func logged(t *testing.T) (*server, *bytes.Buffer) {
	var log bytes.Buffer
	return newServer(t, func(c *api.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }), &log
}

func TestEveryCodeIsAProblem(t *testing.T) {
	t.Parallel()
	for _, code := range problem.Codes() {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			s, log := logged(t)
			err := problem.New(code, "detail of a <flow>").With(errors.New("disk sda1 is on fire"))
			err = err.After(1500 * time.Millisecond)
			err.Param = "field"
			s.flows.err = fmt.Errorf("wrapped: %w", err)
			got := s.get(paymentsPath, "X-Request-ID: me")
			ours := code.Status() == 500
			param, retry := "field", "2"
			if ours {
				param, retry = "", ""
			}
			p := got.wantProblem(code, param)
			if p["request_id"] != "me" || got.header.Get("X-Request-ID") != "me" {
				t.Errorf("the request id is %v", p["request_id"])
			}
			if got.header.Get("Retry-After") != retry {
				t.Errorf("Retry-After: got %q, want %q", got.header.Get("Retry-After"), retry)
			}
			if ours == (p["detail"] == "detail of a <flow>") {
				t.Errorf("detail: got %v", p["detail"])
			}
			if strings.Contains(got.body, "sda1") {
				t.Errorf("the cause is shown: %s", got.body)
			}
			told := strings.Contains(log.String(), "sda1") && strings.Contains(log.String(), "me")
			if told != (code.Status() >= 500) {
				t.Errorf("the log says: %s", log)
			}
		})
	}
}

func TestOtherErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		code   problem.Code
		logged bool
	}{
		{errors.New("disk sda1 is on fire"), problem.Internal, true},
		{fmt.Errorf("read: %w", context.Canceled), problem.Unavailable, false},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), problem.Unavailable, false},
	} {
		s, log := logged(t)
		s.flows.err = c.err
		got := s.get(paymentsPath)
		got.wantProblem(c.code, "")
		if strings.Contains(got.body, "sda1") || strings.Contains(got.body, "read") {
			t.Errorf("the error is shown: %s", got.body)
		}
		if c.logged != (log.Len() > 0) {
			t.Errorf("%v: the log says: %s", c.err, log)
		}
	}
}

// A handler that panics is a 500; the server lives on.
func TestPanics(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newServer(t, func(c *api.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Digest = func(...[]byte) [32]byte { panic("no key") }
	})
	got := s.post(paymentsPath, simple, "Idempotency-Key: k")
	got.wantProblem(problem.Internal, "")
	if strings.Contains(got.body, "no key") {
		t.Errorf("the panic is shown: %s", got.body)
	}
	if text := log.String(); !strings.Contains(text, "no key") || !strings.Contains(text, "createPayment") {
		t.Errorf("the log does not say where: %s", text)
	}
	s.post(paymentsPath, simple).want(201)
}

func TestSlowRequestsAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newServer(t, func(c *api.Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.SlowAfter = 1
	})
	s.get("/livez").want(200)
	if text := log.String(); !strings.Contains(text, `route="GET /livez"`) || !strings.Contains(text, "status=200") ||
		!strings.Contains(text, "took_ms=") || !strings.Contains(text, "request_id=req_") {
		t.Errorf("the log says: %s", text)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, good := range []string{"a", "0f3c-2:x/y", strings.Repeat("z", 128)} {
		if got := s.get("/livez", "X-Request-ID: "+good).header.Get("X-Request-ID"); got != good {
			t.Errorf("%s became %s", good, got)
		}
	}
	for _, bad := range []string{"a b", "é", strings.Repeat("z", 129), "a\x01"} {
		if got := s.get("/livez", "X-Request-ID: "+bad).header.Get("X-Request-ID"); !strings.HasPrefix(got, "req_") {
			t.Errorf("%q became %q", bad, got)
		}
	}
	one, two := s.get("/livez").header.Get("X-Request-ID"), s.get("/livez").header.Get("X-Request-ID")
	if !strings.HasPrefix(one, "req_") || one == two {
		t.Errorf("two requests are %s and %s", one, two)
	}
}

// TestAnAbsentShardFillsNoLog: of requests that are unavailable the log has one line a
// second, of others each.
func TestAnAbsentShardFillsNoLog(t *testing.T) {
	t.Parallel()
	for code, want := range map[problem.Code]int{problem.Unavailable: 2, problem.OutcomeUnknown: 5} {
		var log bytes.Buffer
		now := clock.NewManual(time.Unix(0, 0))
		s := newServer(t, func(c *api.Config) { c.Log, c.Clock = slog.New(slog.NewTextHandler(&log, nil)), now })
		s.flows.err = problem.New(code, "it is away").With(errDial)
		for i := range 5 {
			if i == 4 {
				now.Advance(time.Second)
			}
			s.get(paymentsPath).wantProblem(code, "")
		}
		if n := strings.Count(log.String(), "a request was turned away"); n != want ||
			(want == 2) != strings.Contains(log.String(), "lines_left_out=3") {
			t.Errorf("%s: %d lines, want %d: %s", code, n, want, log.String())
		}
	}
}
