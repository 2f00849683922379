package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"florin/problem"
)

func TestBrokenJSON(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, body := range []string{
		"", " ", "{", "}", `{"user_id"`, `{"user_id":`, `{"user_id":1`, `{"user_id":1,`, `{"user_id":1,}`, `{,}`,
		simple + "x", simple + simple, simple + "\x00", "\ufeff" + simple, `{'user_id':1}`, `{user_id:1}`,
		`{"user_id":01}`, `{"user_id":+1}`, `{"user_id":-}`, `{"user_id":1.}`, `{"user_id":.5}`, `{"user_id":1e}`,
		`{"user_id":0x10}`, `{"user_id":NaN}`, `{"confirm":tru}`, `{"confirm":True}`, `{"payment_method":nul}`,
		"{\"description\":\"a\nb\"}", `{"description":"a\x"}`, `{"description":"\u12g4"}`, `{"description":"\u12`,
		`{"description":"a`, `{"description":"a\`, `{"description":"\ud83d\u"}`, `{"metadata":{"a" "b"}}`,
		`{"metadata":{"a":"b"`, `{"metadata":{"a":"b"]}`, `{"customer":{"name":"a"},}`, `{"user_id":1 "amount":2}`,
		// What is wrong besides does not matter while the whole is no JSON.
		`{"tip":1`, `{"amount":"x","user_id":1`, `{"amount":1.5,"user_id":}`,
	} {
		if body == "" {
			s.post(paymentsPath, body, "Content-Type: application/json").wantProblem(problem.InvalidJSON, "")
			continue
		}
		s.post(paymentsPath, body).wantProblem(problem.InvalidJSON, "")
	}
	for _, body := range []string{"null", "[]", `"payment"`, "7", "true"} {
		s.post(paymentsPath, body).wantProblem(problem.InvalidParameter, "body")
	}
	if len(s.flows.asked) != 0 {
		t.Errorf("%d requests reached a flow", len(s.flows.asked))
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, good := range []string{
		"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=utf-8",
	} {
		s.post(paymentsPath, simple, "Content-Type: "+good).want(201)
	}
	for _, bad := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"} {
		s.post(paymentsPath, simple, "Content-Type: "+bad).wantProblem(problem.UnsupportedMediaType, "Content-Type")
	}
}

// counter counts how much of a body is read.
type counter struct {
	left int64
	read atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), c.left)
	for i := range p[:n] {
		p[i] = ' '
	}
	c.left -= n
	c.read.Add(n)
	return int(n), nil
}

func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, c := range []struct {
		path  string
		bytes int
	}{{paymentsPath, 1 << 20}, {"/api/v1/refunds", 1 << 20}, {paymentsPath + "/batch", 8 << 20}} {
		body := strings.Repeat(" ", c.bytes-2) + "{}"
		s.post(c.path, body).want(422)
		s.post(c.path, body+" ").wantProblem(problem.BodyTooLarge, "")
	}
}

// A sender of 10 MB over a real connection, with or without a length, hears 413.
func TestLargeBodyHearsTheAnswer(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	web := httptest.NewServer(s.api)
	defer web.Close()
	for _, length := range []int64{10_000_000, -1} {
		r, err := http.NewRequest(http.MethodPost, web.URL+paymentsPath, io.NopCloser(&counter{left: 10_000_000}))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+secret)
		answer, err := web.Client().Do(r)
		if err != nil {
			t.Fatalf("length %d: %v", length, err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != 413 || !strings.Contains(string(text), "body_too_large") {
			t.Errorf("length %d: got %d: %s", length, answer.StatusCode, text)
		}
	}
}

// One that asks first whether it may send is told no, and sends nothing.
func TestLargeBodyThatAsksFirst(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := &counter{left: 10_000_000}
	r := httptest.NewRequest(http.MethodPost, paymentsPath, body)
	r.ContentLength = 10_000_000
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Expect", "100-continue")
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	if w.Code != 413 || body.read.Load() != 0 {
		t.Errorf("got %d after %d bytes", w.Code, body.read.Load())
	}
}

// broken is a body that ends in an error.
type broken struct{ text string }

func (b *broken) Read(p []byte) (int, error) {
	if b.text == "" {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}

func TestBodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	r := httptest.NewRequest(http.MethodPost, paymentsPath, &broken{simple[:20]})
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+secret)
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	answer{t, w.Code, w.Header(), w.Body.String()}.wantProblem(problem.InvalidJSON, "")
}

// Each request reads its own body and gets its own answer, however the buffers
// are shared.
func TestBodiesAreNotMixed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var wait sync.WaitGroup
	for sender := range 8 {
		wait.Go(func() {
			for i := range 40 {
				text := fmt.Sprintf("payment %d of %d %s", i, sender, strings.Repeat("x", i*37%500))
				got := s.post(paymentsPath, with(fmt.Sprintf(`"description":%q`, text)))
				if got.status != 201 || !strings.Contains(got.body, `"description":"`+text+`"`) {
					t.Errorf("sent %s, got %d: %s", text, got.status, got.body)
				}
			}
		})
	}
	wait.Wait()
}
