package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// operation is what the OpenAPI document says of a route besides what the route
// itself tells.
type operation struct {
	id, tag, summary, text string
	query                  []*huma.Param
	// body is a request by example; nil for none. bodyMay means that it may be
	// left out.
	body    any
	bodyMay bool
	form    *huma.Schema // of a page's form, which is sent in place of a body
	answers []answer
	stream  bool // it is answered on and on
	stale   bool // what it answers may be some seconds old, and decides nothing
	// problems are the statuses of problems besides those that the route's form
	// brings with it.
	problems []int
}

// answer is one way in which a request succeeds.
type answer struct {
	status int
	text   string
	object any    // by example; nil for one without a schema
	media  string // application/json by default
}

const (
	jsonMedia    = "application/json"
	problemMedia = "application/problem+json"
	formMedia    = "application/x-www-form-urlencoded"
	schemaPrefix = "#/components/schemas/"
	keyScheme    = "APIKey"
)

var tags = []*huma.Tag{
	{Name: "Payments", Description: "The intent to move an amount from a user's payment method."},
	{Name: "Refunds", Description: "Captured money given back."},
	{Name: "Disputes", Description: "What cardholders claim back."},
	{Name: "Payment methods", Description: "Cards in the vault."},
	{Name: "Transfers", Description: "Money that goes from one user's wallet to another's."},
	{Name: tagWallets, Description: "What users have, what is held of it, and what leaves it."},
	{Name: tagLedger, Description: "The double-entry books below all of it."},
	{Name: "Events", Description: "What happened, in order."},
	{Name: "System", Description: "The state of the service and of what it depends on."},
}

const introduction = `**Authentication** is by an API key in each request: **Authorization: Bearer $KEY**. The
first start leaves one in the file **api-key** of the data directory: **URL=http://127.0.0.1:8080 KEY=$(cat
florin-data/api-key)** makes the examples below run as they stand. **florin keys create** makes more, with some
scopes only; each call says which scope it needs, and **admin** opens them all.

Amounts are integers in a currency's minor units. Times are RFC 3339 in UTC.

**Errors** are RFC 9457 problems; tell them apart by **code**. A declined payment is a 402 problem whose code is the
reason and whose **payment** is the payment. A path's id that has not the form of one is a 422 that names **id**; one
that nobody has is a 404. An outcome that is still open answers 202: read the payment, or the
events.

**Repeating a request** is safe with an **Idempotency-Key**: the same key and body answers what the first request was
answered, with **Idempotent-Replayed: true**. Keys belong to a path and a user, and are kept for 24 hours at least.

**Lists** are newest first; go on with **starting_after** while **has_more** is true. The events are a feed, oldest
first: begin with **after=start**, go on with each page's **next**.`

// document makes the OpenAPI document of what is served.
func document(routes []route, cfg Config) []byte {
	registry := huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "Florin", Version: cfg.Version, Description: introduction},
		Servers: []*huma.Server{{URL: "/"}},
		Tags:    tags,
		Components: &huma.Components{
			Schemas:  registry,
			Headers:  answerHeaders,
			Examples: problemExamples(),
			SecuritySchemes: map[string]*huma.SecurityScheme{keyScheme: {
				Type: "http", Scheme: "bearer",
				Description: "An API key: Authorization: Bearer " + cfg.Mode.Prefix() + "...",
			}},
		},
	}
	for _, rt := range routes {
		if rt.doc.body != nil {
			registry.Schema(reflect.TypeOf(rt.doc.body), true, "")
		}
	}
	requests := maps.Clone(registry.Map())
	for i := range routes {
		doc.AddOperation(routes[i].operation(registry))
	}
	for name, schema := range registry.Map() {
		if requests[name] == nil {
			schema.AdditionalProperties = nil // answers may grow
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic("api: the OpenAPI document cannot be written: " + err.Error())
	}
	return text
}

// openapi answers GET /openapi.json.
func (c *call) openapi() error {
	c.out = append(c.out[:0], c.api.document...)
	c.send(http.StatusOK, jsonType)
	return nil
}

// operation describes the route.
func (rt *route) operation(r huma.Registry) *huma.Operation {
	op := &huma.Operation{
		Method: rt.method, Path: rt.path, OperationID: rt.doc.id, Tags: []string{rt.doc.tag},
		Summary: rt.doc.summary, Description: rt.description(), Parameters: rt.parameters(),
		Security: []map[string][]string{}, Responses: map[string]*huma.Response{},
	}
	if !rt.open {
		op.Security = append(op.Security, map[string][]string{keyScheme: {}})
	}
	switch {
	case rt.doc.body != nil:
		op.RequestBody = &huma.RequestBody{
			Required: !rt.doc.bodyMay, Content: content(r, jsonMedia, rt.doc.body),
		}
	case rt.doc.form != nil:
		op.RequestBody = &huma.RequestBody{
			Required: true, Content: map[string]*huma.MediaType{formMedia: {Schema: rt.doc.form}},
		}
	}
	for _, a := range rt.doc.answers {
		response := &huma.Response{Description: a.text, Headers: headerRefs(requestHeader)}
		if a.media == "" {
			a.media = jsonMedia
		}
		if a.object != nil {
			response.Content = content(r, a.media, a.object)
		} else {
			response.Content = map[string]*huma.MediaType{a.media: {Schema: &huma.Schema{Type: huma.TypeString}}}
		}
		if !rt.open {
			response.Headers = headerRefs(requestHeader, rateHeader, policyHeader)
		}
		if rt.repeatable() {
			response.Headers = headerRefs(requestHeader, rateHeader, policyHeader, replayedHeader)
		}
		if rt.writes() {
			response.Headers[consistencyHeader] = headerRefs(consistencyHeader)[consistencyHeader]
		}
		op.Responses[strconv.Itoa(a.status)] = response
	}
	for _, status := range rt.problems() {
		op.Responses[strconv.Itoa(status)] = problemResponse(r, status, rt.codes(status))
	}
	return op
}

// description is the operation's text, and the scope that it needs.
func (rt *route) description() string {
	if rt.open {
		return rt.doc.text
	}
	return strings.TrimSpace(rt.doc.text + "\n\nScope: " + scopeNames(rt.scope, rt.method != http.MethodGet) + ".")
}

// The headers of answers.
const (
	requestHeader  = "X-Request-ID"
	replayedHeader = "Idempotent-Replayed"
	retryHeader    = "Retry-After"
)

var answerHeaders = map[string]*huma.Param{
	requestHeader: {Description: "The request's id.", Schema: &huma.Schema{Type: huma.TypeString}},
	replayedHeader: {
		Description: "true when the first request with this key was answered the same.",
		Schema:      &huma.Schema{Type: huma.TypeString, Enum: []any{"true"}},
	},
	rateHeader: {
		Description: "Where a limit is configured: r requests are left, and all of them again in t seconds.",
		Schema:      &huma.Schema{Type: huma.TypeString},
	},
	policyHeader: {
		Description: "Where a limit is configured: q requests in w seconds, an API key.",
		Schema:      &huma.Schema{Type: huma.TypeString},
	},
	consistencyHeader: {
		Description: "With replicas: send the latest one with later requests, so that they see what this one did.",
		Schema:      &huma.Schema{Type: huma.TypeString},
	},
	retryHeader: {Description: "How many seconds to wait.", Schema: &huma.Schema{Type: huma.TypeInteger}},
}

// headerRefs refers to some of them.
func headerRefs(names ...string) map[string]*huma.Param {
	refs := map[string]*huma.Param{}
	for _, name := range names {
		refs[name] = &huma.Param{Ref: "#/components/headers/" + name}
	}
	return refs
}

// parameters lists the route's parameters: of the path, the query and headers.
func (rt *route) parameters() []*huma.Param {
	var list []*huma.Param
	for segment := range strings.SplitSeq(rt.path, "/") {
		if strings.HasPrefix(segment, "{") {
			name := strings.Trim(segment, "{}")
			list = append(list, &huma.Param{
				Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}, Example: rt.example(name),
			})
		}
	}
	list = append(list, rt.doc.query...)
	if rt.repeatable() {
		least, most := 1, maxKey
		list = append(list, &huma.Param{
			Name: keyHeader, In: "header",
			Description: "Marks the request, so that it can be repeated safely.",
			Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &most},
		})
	}
	if rt.writes() || rt.doc.stale {
		list = append(list, &huma.Param{
			Name: consistencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "The latest one that an answer had. With replicas, what is listed is not older than that.",
		})
	}
	return list
}

// example is what a parameter of the path may say; nil for an object's id, which
// the reader has to put in.
func (rt *route) example(name string) any {
	switch {
	case name == "user_id":
		return "42"
	case name == "name" && rt.doc.tag == tagLedger:
		return exampleAccount.Name
	case name == "name", name == "gateway":
		return exampleGateway.Name
	}
	return nil
}

// problems lists the statuses with which the route may fail.
func (rt *route) problems() []int {
	statuses := map[int]bool{}
	for _, status := range rt.doc.problems {
		statuses[status] = true
	}
	if !rt.open {
		for _, status := range []int{401, 403, 422, 429, 500, 503} {
			statuses[status] = true
		}
	}
	if rt.doc.body != nil {
		statuses[400], statuses[413], statuses[415] = true, true, true
	}
	if rt.doc.stream {
		statuses[400] = true
	}
	if strings.Contains(strings.ReplaceAll(rt.path, "{user_id}", ""), "{") { // everybody has a wallet
		statuses[404] = true
	}
	if rt.repeatable() {
		statuses[409] = true
	}
	return slices.Sorted(maps.Keys(statuses))
}

// schemaOf returns a reference to a type's schema.
func schemaOf[T any](r huma.Registry) *huma.Schema { return r.Schema(reflect.TypeFor[T](), true, "") }

// content describes a body by an example.
func content(r huma.Registry, media string, example any) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{media: {
		Schema: r.Schema(reflect.TypeOf(example), true, ""), Example: example,
	}}
}

// TransformSchema says what tags have no room for.
func (Payment) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	for _, status := range statuses() {
		s.Properties["status"].Enum = append(s.Properties["status"].Enum, status)
	}
	s.Properties["customer"] = &huma.Schema{AnyOf: []*huma.Schema{s.Properties["customer"], {Type: "null"}}}
	return s
}

// TransformSchema leaves room for the settings of other gateways.
func (SettingsRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.AdditionalProperties = nil
	return s
}
