package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"florin/api"
	"florin/problem"
)

// A body that a POST takes, by its route; the sweep spoils it. Routes whose body
// may be left out are marked.
type sweepBody struct {
	good     string
	optional bool
}

var sweepBodies = map[string]sweepBody{
	"POST /api/v1/payments":               {good: simple},
	"POST /api/v1/payments/batch":         {good: `{"payments":[` + simple + `]}`},
	"POST /api/v1/payments/{id}/confirm":  {good: `{"payment_method":"pm_card_visa"}`, optional: true},
	"POST /api/v1/payments/{id}/capture":  {good: `{"amount":5,"final":true}`, optional: true},
	"POST /api/v1/payments/{id}/cancel":   {good: `{}`, optional: true},
	"POST /api/v1/refunds":                {good: `{"payment":"pay_0192f3a4b5c67d008123456789abcdef","amount":5}`},
	"POST /api/v1/disputes/{id}/evidence": {good: `{"text":"winning_evidence"}`},
	"POST /api/v1/payment_methods":        {good: cardBody},
	"POST /api/v1/transfers":              {good: sweepTransfer},
	"POST /api/v1/transfers/batch":        {good: `{"transfers":[` + sweepTransfer + `]}`},

	"POST /api/v1/settlements":                   {good: settlement},
	"POST /api/v1/wallets/{user_id}/adjustments": {good: adjustment},
	"POST /api/v1/wallets/{user_id}/holds": {
		good: `{"amount":5,"currency":"USD","expires_in":60,"reason":"r","metadata":{"a":"b"}}`,
	},
	"POST /api/v1/wallets/{user_id}/holds/{id}/capture": {good: `{"amount":5}`, optional: true},
	"POST /api/v1/wallets/{user_id}/holds/{id}/release": {good: `{}`, optional: true},

	"POST /api/v1/payouts": {
		good: `{"user_id":42,"amount":5,"currency":"USD","description":"d","metadata":{"a":"b"}}`,
	},
	"PATCH /api/v1/gateways/{name}": {good: `{"latency_ms":1}`},
}

const sweepTransfer = `{"from_user_id":42,"to_user_id":43,"amount":5,"currency":"USD","description":"d",` +
	`"metadata":{"a":"b"}}`

// sweepServer has all that routes ask for.
func sweepServer(t *testing.T) *server {
	t.Helper()
	return newServer(t, func(c *api.Config) { c.Gateways, c.Feed = &fakeGateways{}, newFeed() })
}

// refused checks that an answer is a problem of the caller's making, that it
// says which field, and that no flow was asked to write.
func refused(t *testing.T, s *server, what string, got answer, wantParam bool) {
	t.Helper()
	if got.status < 400 || got.status > 499 || got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: got %d %s", what, got.status, got.body)
		return
	}
	p := got.want(got.status)
	if param, _ := p["param"].(string); wantParam && param == "" {
		t.Errorf("%s: the problem names no field: %s", what, got.body)
	}
	if len(s.flows.asked) > 0 || len(s.flows.claims) > 0 {
		t.Errorf("%s: a flow was asked for %v", what, s.flows.asked)
	}
	s.flows.asked = nil
}

// Every route with a body refuses what is no JSON, or not what it asks for.
func TestSweepOfBodies(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"metadata":`, 100) + `1` + strings.Repeat(`}`, 100)
	for _, rt := range api.Routes() {
		if rt.Open || rt.Method != http.MethodPost && rt.Method != http.MethodPatch {
			continue // a challenge's page has a form and its own test
		}
		body, ok := sweepBodies[rt.Method+" "+rt.Path]
		if !ok {
			t.Errorf("%s %s: the sweep has no body for it", rt.Method, rt.Path)
			continue
		}
		s := sweepServer(t)
		first := ""
		if name, _, ok := strings.Cut(strings.TrimPrefix(body.good, `{"`), `":`); ok {
			first = name
		}
		bad := map[string]struct {
			body  string
			param bool
		}{
			"no JSON": {"{", false}, "two values": {body.good + body.good, false}, "an array": {"[]", true},
			"a string": {`"x"`, true}, "a number": {"1", true}, "invalid UTF-8": {"{\"\xff\":1}", true},
			"a control character": {"{\"a\x01\":1}", false},
			"a comma too many":    {strings.Replace(body.good, "}", ",}", 1), false},
			"an unknown field":    {`{"surely_unknown":1}`, true}, "deep nesting": {deep, true}, "NUL": {"{}\x00", false},
			"a lone surrogate": {`{"\ud800":1}`, false}, "deep arrays": {strings.Repeat("[", 100_000), false},
		}
		if first != "" && first != "}" {
			bad["a field twice"] = struct {
				body  string
				param bool
			}{`{"` + first + `":null,` + strings.TrimPrefix(body.good, "{"), true}
			for name, value := range map[string]string{
				"true": "true", "an object": `{"x":1}`, "nested arrays": "[[[[[[[[1]]]]]]]]", "a huge number": "1e999",
				"a long number": strings.Repeat("9", 500), "a fraction": "1.5", "minus": "-1", "broken UTF-8": "\"\xc3\"",
			} {
				switch {
				case rt.Method == http.MethodPatch && (name == "a fraction" || name == "minus"):
					continue // the gateway's own matter
				case strings.HasSuffix(rt.Path, "/batch") && name == "nested arrays":
					continue // an item's, and so its own answer
				}
				bad[name+" as "+first] = struct {
					body  string
					param bool
				}{`{"` + first + `":` + value + `}`, name != "broken UTF-8"}
			}
		}
		for name, c := range bad {
			what := fmt.Sprintf("%s %s with %s", rt.Method, rt.Path, name)
			refused(t, s, what, s.do(rt.Method, sample(rt), c.body), c.param)
		}
		what := rt.Method + " " + rt.Path
		if !body.optional {
			refused(t, s, what+" without a body", s.do(rt.Method, sample(rt), ""), false)
		}
		refused(t, s, what+" with another media type", s.do(rt.Method, sample(rt), "{}", "Content-Type: text/plain"), true)
		if rt.Method == http.MethodPost {
			refused(t, s, what+" with two keys",
				s.send(sample(rt), body.good, http.Header{"Idempotency-Key": {"a", "a"}}), true)
			refused(t, s, what+" with a bad key",
				s.send(sample(rt), body.good, http.Header{"Idempotency-Key": {"a\x7f"}}), true)
			refused(t, s, what+" with a long key",
				s.send(sample(rt), body.good, http.Header{"Idempotency-Key": {strings.Repeat("a", 256)}}), true)
		}
	}
}

// Every route refuses parameters that it does not know, or that stand twice, and
// ids and cursors that are none.
func TestSweepOfQueries(t *testing.T) {
	t.Parallel()
	for _, rt := range api.Routes() {
		if rt.Open || rt.Method == http.MethodPost || rt.Method == http.MethodPatch {
			continue
		}
		s := sweepServer(t)
		path := sample(rt)
		for _, query := range []string{
			"surely_unknown=1", "surely_unknown", "limit=1&limit=1&surely_unknown=1", "%zz=1", "a=%zz", "\xff=1", ";", "=",
		} {
			refused(t, s, rt.Path+"?"+query, s.get(path+"?"+strings.ReplaceAll(query, "\xff", "%ff")), true)
		}
		for param, values := range map[string][]string{
			"limit": {"0", "101", "-1", "1e1", "", "99999999999999999999", "%00"}, "starting_after": {"x", "", "evt_1", "%ff"},
			"ending_before": {"x", "pm_0192f3a4b5c67d008123456789abcdeg"}, "user_id": {"0", "-1", "1.0", "9223372036854775808"},
			"after": {"x", "AQ", strings.Repeat("A", 10_000)}, "created_gte": {"now", "2026-13-01T00:00:00Z", "2026-01-01"},
			"amount_gte": {"-1", "1.5", "x"}, "status": {"none", ""}, "currency": {"XXX", "", "US"}, "metadata": {"x"},
			"metadata[]": {"x"}, "type": {"", "a%20b", "."}, "payment": {"x", "ref_0192f3a4b5c67d008123456789abcdef"},
			"from": {"", "now", "2026-01-01"}, "to": {"", "1"}, "group_by": {"", "hour", "day,day", ",", "day,", "Day"},
		} {
			for _, value := range values {
				refused(t, s, rt.Path+"?"+param+"="+value, s.get(path+"?"+param+"="+value), true)
			}
			good := param + "=1"
			refused(t, s, rt.Path+" with "+param+" twice", s.get(path+"?"+good+"&"+good), true)
		}
	}
}

// A member of a good body that is replaced by what it cannot be is refused by its
// name; so is an amount of null, which might stand for all there is.
func TestSweepOfMembers(t *testing.T) {
	t.Parallel()
	for _, rt := range api.Routes() {
		body, ok := sweepBodies[rt.Method+" "+rt.Path]
		if !ok || rt.Method == http.MethodPatch {
			continue
		}
		s := sweepServer(t)
		var good map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body.good), &good); err != nil {
			t.Fatal(err)
		}
		for name := range good {
			for _, value := range []string{
				`[[1]]`, `{"x":1}`, `{"x":null}`, `1.5`, `1e2`, `9223372036854775808`, `1e999`, `"\u0000"`, `null`,
			} {
				switch {
				case value == `null` && name != "amount":
					continue // as if it were left out
				case strings.HasSuffix(rt.Path, "/batch") && value[0] == '[':
					continue // an item's, and so its own answer
				}
				spoilt := maps.Clone(good)
				spoilt[name] = json.RawMessage(value)
				text, err := json.Marshal(spoilt)
				if err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("%s %s with %s as %s", rt.Method, rt.Path, value, name)
				got := s.do(rt.Method, sample(rt), string(text))
				refused(t, s, what, got, true)
				if param, _ := got.want(got.status)["param"].(string); !strings.HasPrefix(param, name) {
					t.Errorf("%s: the problem names %q: %s", what, param, got.body)
				}
			}
		}
	}
}

// An amount of null is no more an amount in a batch's item.
func TestSweepOfItems(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"payments", "transfers"} {
		s := sweepServer(t)
		path := "/api/v1/" + list + "/batch"
		var body map[string][]map[string]any
		if err := json.Unmarshal([]byte(sweepBodies["POST "+path].good), &body); err != nil {
			t.Fatal(err)
		}
		body[list][0]["amount"] = nil
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		item := s.post(path, string(text)).want(200)["data"].([]any)[0].(object)
		if err := checkProblem(item["problem"].(object), problem.InvalidParameter, list+"[0].amount"); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if len(s.flows.asked) > 0 {
			t.Errorf("%s: a flow was asked for %v", path, s.flows.asked)
		}
	}
}

// Every route with an id refuses one that is none or of another kind, and does
// not find one that nobody has.
func TestSweepOfIDs(t *testing.T) {
	t.Parallel()
	for _, rt := range api.Routes() {
		if !strings.Contains(rt.Path, "{id}") {
			continue
		}
		s := sweepServer(t)
		good, body := idFor(rt), sweepBodies[rt.Method+" "+rt.Path].good
		for _, id := range []string{
			"x", "evt_0192f3a4b5c67d008123456789abcdef", good + "0", good[:len(good)-1], strings.ToUpper(good),
			"%00", "%ff", "..%2f",
			strings.Replace(good, "7d00", "4d00", 1), good + "%20", strings.Repeat("a", 5000),
		} {
			got := s.do(rt.Method, sampleWith(rt, id), body)
			refused(t, s, rt.Method+" "+rt.Path+" with "+id, got, true)
		}
		got := s.do(rt.Method, sample(rt), body)
		if got.status != http.StatusNotFound {
			t.Errorf("%s %s with an id that nobody has: got %d", rt.Method, rt.Path, got.status)
		}
	}
}
