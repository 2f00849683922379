package bench_test

import (
	"encoding/json"
	"slices"
	"testing"

	"florin/bench"
)

func TestSettledAnswers(t *testing.T) {
	t.Parallel()
	body := ` { "object" : "list", "data": [
		{"index":0,"payment":{"metadata":{"id":"x","a":[{"status":"no"}]},"id":"pay_a","status":"succeeded"}},
		{"problem":{"type":"urn:x","status":402,"code":"lost_card","payment":{"id":"pay_b","status":"declined"}},"index":1},
		{"index":2,"payment":null,"problem":{"status":422,"code":"invalid_parameter","detail":"\"}],{"}}
	], "more": false }`
	got, err := bench.SettledAnswers(200, []byte(body), 3)
	want := []string{"pay_a 201 succeeded", "pay_b 402 lost_card", " 422 invalid_parameter"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for name, c := range map[string]struct {
		body string
		n    int
	}{
		"too few":        {body, 4},
		"too many":       {body, 2},
		"a wrong order":  {`{"data":[{"index":1,"payment":{}}]}`, 1},
		"neither":        {`{"data":[{"index":0}]}`, 1},
		"both":           {`{"data":[{"index":0,"payment":{},"problem":{}}]}`, 1},
		"cut off":        {body[:len(body)/2], 3},
		"no list":        {`{"data":{}}`, 1},
		"no object":      {`hello`, 1},
		"nothing":        {``, 1},
		"a wrong member": {`{"data":[{"index":0,"payment":7}]}`, 1},
	} {
		if got, err := bench.SettledAnswers(200, []byte(c.body), c.n); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
	got, err = bench.SettledAnswers(503, []byte(`{"status":503,"code":"unavailable"}`), 3)
	if err != nil || !slices.Equal(got, []string{" 503 unavailable"}) {
		t.Errorf("a problem of the whole batch: got %q, %v", got, err)
	}
}

// FuzzMembers holds the scanner against encoding/json: whatever is an object
// there has the same members here, and nothing makes it fail otherwise.
func FuzzMembers(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1}`, ` {"a" : [1,{"b":"}"}] , "c":"\"\\" }`, `{"a":-1.5e3,"b":true,"c":null}`, `[{"a":1}]`, `{"a":`,
		`{"a"}`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a":"`, `{"a":[}`, `{"":{}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := map[string]string{}
		ok := bench.Members(text, func(key, value []byte) bool {
			var name string
			if json.Unmarshal([]byte(`"`+string(key)+`"`), &name) == nil {
				got[name] = string(value)
			}
			return true
		})
		_ = bench.Elements(text, func([]byte) bool { return true })
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || want == nil {
			return
		}
		if !ok || len(got) != len(want) {
			t.Fatalf("got %q, %v; want %q", got, ok, want)
		}
		for name, value := range want {
			if got[name] != string(value) {
				t.Errorf("%q is %q, want %q", name, got[name], value)
			}
		}
	})
}
