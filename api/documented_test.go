package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"

	"florin/access"
	"florin/api"
)

// reference is what the OpenAPI document says of answers.
type reference struct {
	mux *http.ServeMux // finds a request's route
	// codes are the problems' codes of a status; none for an answer that is no
	// problem.
	codes map[string]map[int][]string // by route, by status
}

var theReference = sync.OnceValue(func() reference {
	w := httptest.NewRecorder()
	api.New(api.Config{Mode: access.Test, IDs: newIDs(), Shards: 4}).ServeHTTP(w,
		httptest.NewRequest(http.MethodGet, "/openapi.json", http.NoBody))
	var doc object
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		panic(err)
	}
	ref := reference{http.NewServeMux(), map[string]map[int][]string{}}
	operations(doc, func(method, path string, op object) {
		pattern := method + " " + path
		ref.mux.Handle(pattern, http.NotFoundHandler())
		ref.codes[pattern] = map[int][]string{}
		for text, response := range op["responses"].(object) {
			status, err := strconv.Atoi(text)
			if err != nil {
				panic(err)
			}
			ref.codes[pattern][status] = nil
			content, _ := response.(object)["content"].(object)
			if problems, ok := content["application/problem+json"].(object); ok {
				for code := range problems["examples"].(object) {
					ref.codes[pattern][status] = append(ref.codes[pattern][status], code)
				}
			}
		}
	})
	return ref
})

// documented checks that the reference tells of an answer; every answer that a
// test gets goes through it, but those to errors that the test makes up.
func (s *server) documented(r *http.Request, a answer) {
	s.t.Helper()
	if s.flows.err != nil {
		return
	}
	_, pattern := theReference().mux.Handler(r)
	told, ok := theReference().codes[pattern]
	if !ok {
		return // no route's
	}
	codes, ok := told[a.status]
	switch {
	case !ok:
		s.t.Errorf("%s: the reference does not tell of %d: %s", pattern, a.status, a.body)
	case r.Method != http.MethodHead && a.header.Get("Content-Type") == "application/problem+json":
		var p struct{ Code string }
		if err := json.Unmarshal([]byte(a.body), &p); err != nil || !slices.Contains(codes, p.Code) {
			s.t.Errorf("%s: the reference does not tell of %s: %v", pattern, a.body, err)
		}
	}
}
