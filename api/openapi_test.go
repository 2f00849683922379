package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"florin/api"
	"florin/problem"
)

type object = map[string]any

func openapi(t *testing.T) object {
	doc := newServer(t).get("/openapi.json", "Authorization: ").want(200)
	if doc["openapi"] != "3.1.0" {
		t.Fatalf("openapi: %v", doc["openapi"])
	}
	return doc
}

// operations calls visit for each operation of the document.
func operations(doc object, visit func(method, path string, op object)) {
	for path, item := range doc["paths"].(object) {
		for method, op := range item.(object) {
			visit(strings.ToUpper(method), path, op.(object))
		}
	}
}

func TestDocumentHasWhatIsServed(t *testing.T) {
	t.Parallel()
	served := map[string]bool{}
	for _, rt := range api.Routes() {
		served[rt.Method+" "+rt.Path] = !rt.Open
	}
	described := map[string]bool{}
	ids := map[string]bool{}
	operations(openapi(t), func(method, path string, op object) {
		described[method+" "+path] = len(op["security"].([]any)) > 0
		id := op["operationId"].(string)
		if ids[id] {
			t.Errorf("%s stands twice", id)
		}
		ids[id] = true
		if op["summary"] == nil || len(op["responses"].(object)) == 0 || len(op["tags"].([]any)) != 1 {
			t.Errorf("%s says too little", id)
		}
		checkParameters(t, id, method, path, op)
	})
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("(-served +described):\n%s", diff)
	}
}

func checkParameters(t *testing.T, id, method, path string, op object) {
	t.Helper()
	want := regexp.MustCompile(`\{(\w+)\}`).FindAllString(path, -1)
	var got []string
	idempotent := false
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		p := p.(object)
		if p["in"] == "path" {
			got = append(got, "{"+p["name"].(string)+"}")
			if p["required"] != true {
				t.Errorf("%s: a path's parameter may be left out", id)
			}
		}
		idempotent = idempotent || p["name"] == "Idempotency-Key" && p["in"] == "header"
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: its parameters are %v, want %v", id, got, want)
	}
	if keyed := len(op["security"].([]any)) > 0; idempotent != (method == "POST" && keyed) {
		t.Errorf("%s: Idempotency-Key %v", id, idempotent)
	}
}

// walk visits every object of a JSON value.
func walk(v any, visit func(object)) {
	switch v := v.(type) {
	case object:
		visit(v)
		for _, value := range v {
			walk(value, visit)
		}
	case []any:
		for _, value := range v {
			walk(value, visit)
		}
	}
}

func TestReferencesResolve(t *testing.T) {
	t.Parallel()
	doc := openapi(t)
	used := map[string]bool{}
	walk(doc, func(o object) {
		if ref, ok := o["$ref"].(string); ok {
			used[ref] = true
		}
	})
	for kind, all := range doc["components"].(object) {
		if kind == "securitySchemes" {
			continue
		}
		for name := range all.(object) {
			ref := "#/components/" + kind + "/" + name
			if !used[ref] {
				t.Errorf("nobody uses %s", ref)
			}
			delete(used, ref)
		}
	}
	for ref := range used {
		t.Errorf("%s leads nowhere", ref)
	}
}

// Each operation has the codes that it may answer with, and each code stands
// under its own status somewhere.
func TestDocumentHasEveryProblem(t *testing.T) {
	t.Parallel()
	found := map[problem.Code]bool{}
	codes := map[string]string{} // by operation and status
	operations(openapi(t), func(_, _ string, op object) {
		for status, response := range op["responses"].(object) {
			media, ok := response.(object)["content"].(object)["application/problem+json"].(object)
			if !ok {
				continue
			}
			examples, _ := media["examples"].(object)
			for code := range examples {
				found[problem.Code(code)] = true
				if want := problem.Code(code).Status(); status != fmt.Sprint(want) {
					t.Errorf("%s stands under %s", code, status)
				}
			}
			if len(examples) == 0 {
				t.Errorf("%s: no code has the status %s", op["operationId"], status)
			}
			codes[op["operationId"].(string)+" "+status] = strings.Join(slices.Sorted(maps.Keys(examples)), " ")
		}
	})
	for _, code := range problem.Codes() {
		if code != problem.MethodNotAllowed && !found[code] { // of no route
			t.Errorf("no operation has %s", code)
		}
	}
	for where, want := range map[string]string{
		"createPayment 409": "idempotency_in_progress",
		"createPayment 503": "gateway_unavailable outcome_unknown overloaded unavailable",
		"createRefund 409":  "idempotency_in_progress over_refund wrong_state", "createRefund 402": "insufficient_funds",
		"getPayment 422": "invalid_parameter", "listPayments 503": "unavailable", "configureGateway 409": "wrong_state",
		"endChallenge 422": "invalid_parameter", "endChallenge 409": "",
		"cancelPayment 409": "idempotency_in_progress wrong_state",
	} {
		if codes[where] != want {
			t.Errorf("%s: %s, want %s", where, codes[where], want)
		}
	}
}

func TestTheRootLeadsToTheReference(t *testing.T) {
	t.Parallel()
	got := newServer(t).get("/", "Authorization: ")
	if got.status != 302 || got.header.Get("Location") != "/docs" {
		t.Errorf("got %d, %v", got.status, got.header)
	}
}

// validator holds values against the document's schemas.
type validator struct {
	t        *testing.T
	registry huma.Registry
}

func newValidator(t *testing.T) *validator {
	return &validator{t, huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)}
}

func check[T any](v *validator, what, text string) {
	v.t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		v.t.Fatalf("%s: %v", what, err)
	}
	var result huma.ValidateResult
	schema := v.registry.Schema(reflect.TypeFor[T](), true, "")
	huma.Validate(v.registry, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, &result)
	for _, err := range result.Errors {
		v.t.Errorf("%s: %v: %s", what, err, text)
	}
}

// What is answered is what the document says, to the last member.
func TestAnswersKeepTheirSchemas(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *api.Config) { c.Gateways = &fakeGateways{} })
	v := newValidator(t)
	created := s.post(paymentsPath, with(`"customer":{"email":"a@b.c"}`))
	id := created.want(201)["id"].(string)
	check[api.Payment](v, "payment", created.body)
	check[api.Payment](v, "least payment", s.post(paymentsPath, `{"user_id":1,"amount":1,"currency":"EUR"}`).body)
	check[api.Problem](v, "decline", s.post(paymentsPath, strings.Replace(simple, "visa", "radarBlock", 1)).body)
	check[api.Problem](v, "problem", s.post(paymentsPath, `{}`).body)
	check[api.BatchResults](v, "batch", s.post(batchPath, batchOf(simple, "{}")).body)
	check[api.List[api.Payment]](v, "list", s.get(paymentsPath).body)
	check[api.Refund](v, "refund", s.post(refundsPath, `{"payment":"`+id+`"}`).body)
	check[api.List[api.Refund]](v, "refunds", s.get(refundsPath).body)
	check[api.Transfer](v, "transfer", s.post(transfersPath, simpleTransfer).body)
	check[api.TransferBatchResults](v, "transfers", s.post(transfersPath+"/batch", transfersOf(simpleTransfer, "{}")).body)
	check[api.List[api.Transfer]](v, "transfers", s.get(transfersPath).body)
	check[api.PaymentMethod](v, "method", s.post(methodsPath, cardBody).body)
	check[api.List[api.PaymentMethod]](v, "methods", s.get(methodsPath+"?user_id=42").body)
	check[api.EventList](v, "events", s.get(eventsPath).body)
	check[api.List[api.Gateway]](v, "gateways", s.get(gatewaysPath).body)
	check[api.List[api.Shard]](v, "shards", s.get("/api/v1/shards").body)
	check[api.Report](v, "health", s.get("/health").body)
	check[api.Readiness](v, "readiness", s.get("/readyz").body)
	check[api.Routing](v, "routing", s.get(paymentsPath+"/"+id+"/routing").body)
	check[api.List[api.TimelineEntry]](v, "timeline", s.get(paymentsPath+"/"+id+"/timeline").body)
}

// The examples of requests are good requests, as far as form goes.
func TestExamplesAreGood(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *api.Config) { c.Gateways = &fakeGateways{} })
	operations(openapi(t), func(method, path string, op object) {
		body, _ := op["requestBody"].(object)
		if body == nil {
			return
		}
		media, ok := body["content"].(object)["application/json"].(object)
		if !ok {
			return // a page's form
		}
		example, err := json.Marshal(media["example"])
		if err != nil {
			t.Fatal(err)
		}
		rt := api.Route{Method: method, Path: path}
		got := s.do(method, sample(rt), string(example))
		if got.status == 422 || got.status == 400 || got.status == 500 {
			t.Errorf("%s %s: the example got %d: %s", method, path, got.status, got.body)
		}
	})
}

// The schemas of requests have the very members that the decoder reads.
func TestRequestSchemasAreTheDecoders(t *testing.T) {
	t.Parallel()
	schemas := openapi(t)["components"].(object)["schemas"].(object)
	members := api.Members()
	for name, want := range members {
		schema := schemas[name].(object)
		properties, _ := schema["properties"].(object)
		got := slices.Sorted(maps.Keys(properties))
		want = slices.Sorted(slices.Values(want))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the document says %v, the decoder %v", name, got, want)
		}
		if schema["additionalProperties"] != false {
			t.Errorf("%s: the document allows other members", name)
		}
	}
	for name, schema := range schemas {
		strict := schema.(object)["additionalProperties"] == false
		if _, request := members[name]; strict != request {
			t.Errorf("%s: strict %v", name, strict)
		}
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	got := newServer(t).get("/docs", "Authorization: ")
	if got.status != 200 || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("got %d, %s", got.status, got.header.Get("Content-Type"))
	}
	if !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page may load what it likes")
	}
	for _, bad := range []string{"http://", "https://", "/* style.css */", "/* script.js */", "innerHTML"} {
		if strings.Contains(got.body, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
}
