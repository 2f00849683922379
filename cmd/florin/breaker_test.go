package main

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"florin/api"
	"florin/gateway/simulated"
)

// ask sends a request with the first key, and returns the answer and its body.
func (r *running) ask(method, path, body string) (status int, header http.Header, text string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.key())
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(read)
}

// holds checks that an answer has a text in it.
func (r *running) holds(method, path, body, want string) {
	r.t.Helper()
	if _, _, got := r.ask(method, path, body); !strings.Contains(got, want) {
		r.t.Errorf("%s %s: %s, want %s", method, path, got, want)
	}
}

// Who runs Florin sees that a gateway is not called any more, and who mends it
// need not wait.
func TestWhatIsToldOfABreaker(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, "gateways: [{name: only, kind: simulated, failure_threshold: 2, open_for: 10m}]\n")
	r := startWith(t, file, t.TempDir(), false)
	r.holds(http.MethodGet, "/health", "", `"gateways":{"status":"healthy"`)
	r.holds(http.MethodGet, "/metrics", "", `gateway_breaker_open{gateway="only"} 0`)
	r.holds(http.MethodGet, "/metrics", "", "payment_open_operations 0")
	r.holds(http.MethodPatch, "/api/v1/gateways/only", `{"down":true}`, `"down":true`)
	for range 2 {
		r.ask(http.MethodPost, "/api/v1/payments", onePayment)
	}
	status, header, body := r.ask(http.MethodPost, "/api/v1/payments", onePayment)
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "gateway_unavailable") ||
		len(header.Get("Retry-After")) != 3 { // 600, or some less
		t.Errorf("got %d, Retry-After %q: %s", status, header.Get("Retry-After"), body)
	}
	r.holds(http.MethodGet, "/metrics", "", `gateway_breaker_open{gateway="only"} 1`)
	if got := r.log.String(); !strings.Contains(got, `"level":"WARN","msg":"the breaker of a gateway opens`) {
		t.Errorf("the log is %s", got)
	}
	r.holds(http.MethodPatch, "/api/v1/gateways/only", `{"down":false}`, `"breaker":"closed"`)
	r.pay(r.key())
	if got := r.log.String(); !strings.Contains(got, "the breaker of a gateway closes") {
		t.Errorf("the log is %s", got)
	}
}

// The document has the settings that a simulated gateway takes.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	names := func(of reflect.Type) (names []string) {
		for _, field := range reflect.VisibleFields(of) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			names = append(names, name)
		}
		return names
	}
	got, want := names(reflect.TypeFor[api.SettingsRequest]()), names(reflect.TypeFor[simulated.Settings]())
	if !slices.Equal(got, want) {
		t.Errorf("the document has %v, the gateway takes %v", got, want)
	}
}
