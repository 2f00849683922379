package api

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/store"
)

// query reads a request's query strictly: a parameter that is not known, or
// stands twice, is wrong. The first error ends it.
type query struct {
	values url.Values
	err    error
}

func (c *call) query() *query {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return &query{err: problem.Invalid("query", "is not well formed")}
	}
	q := &query{values: values}
	for name, list := range values {
		for _, text := range append(list, name) {
			if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
				q.invalid(shown([]byte(name)), "holds a NUL character, or is not valid UTF-8")
			}
		}
	}
	return q
}

// noQuery refuses any parameter.
func (c *call) noQuery() error {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	return c.query().finish()
}

// take takes a parameter out.
func (q *query) take(name string) (value string, given bool) {
	values, given := q.values[name]
	if q.err != nil || !given {
		return "", false
	}
	delete(q.values, name)
	if len(values) > 1 {
		q.invalid(name, "stands twice")
		return "", false
	}
	return values[0], true
}

func (q *query) invalid(name, detail string, args ...any) {
	if q.err == nil {
		q.err = problem.Invalid(name, detail, args...)
	}
}

// finish returns what was wrong, if anything.
func (q *query) finish() error {
	if q.err == nil && len(q.values) > 0 {
		var names []string
		for name := range q.values {
			names = append(names, name)
		}
		q.invalid(cmp.Or(slices.Min(names), "query"), "is not a known parameter")
	}
	return q.err
}

// integer reads an integer that is least or more; 0 when it is left out.
func (q *query) integer(name string, least int64) int64 {
	text, given := q.take(name)
	if !given {
		return 0
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < least || text[0] == '+' {
		q.invalid(name, "must be an integer, %d or more", least)
	}
	return v
}

func (q *query) choice(name string, choices ...string) string {
	text, given := q.take(name)
	if given && !slices.Contains(choices, text) {
		q.invalid(name, "must be one of %s", joined(choices))
	}
	return text
}

func (q *query) currency(name string) money.Currency {
	text, given := q.take(name)
	if !given {
		return ""
	}
	currency, err := money.ParseCurrency(text)
	if err != nil {
		q.invalid(name, "is not a currency's code of ISO 4217")
	}
	return currency
}

func (q *query) time(name string) time.Time {
	text, given := q.take(name)
	if !given {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.invalid(name, "must be an RFC 3339 time, such as 2026-01-31T00:00:00Z")
	}
	return at
}

func (q *query) id(name string, kind ident.Kind) ident.ID {
	text, given := q.take(name)
	if !given {
		return ident.ID{}
	}
	id, err := ident.Parse(kind, text)
	if err != nil {
		q.invalid(name, "must be an id that begins with %s_", kind)
	}
	return id
}

// pair reads a parameter of the form name[KEY]=value.
func (q *query) pair(name string) (key, value string) {
	for param := range q.values {
		inside, ok := strings.CutPrefix(param, name+"[")
		if !ok || !strings.HasSuffix(inside, "]") || len(inside) == 1 {
			continue
		}
		if key != "" {
			q.invalid(name, "can be asked for one key at a time")
			return "", ""
		}
		key = strings.TrimSuffix(inside, "]")
		value, _ = q.take(param)
	}
	return key, value
}

// limit reads how many objects a page may have.
func (q *query) limit() int {
	text, given := q.take("limit")
	if !given {
		return defaultLimit
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > maxLimit || text[0] == '+' {
		q.invalid("limit", "must be 1 to %d", maxLimit)
	}
	return limit
}

// page reads limit, starting_after and ending_before.
func (q *query) page(kind ident.Kind) store.Page {
	page := store.Page{Limit: q.limit(), After: q.id("starting_after", kind), Before: q.id("ending_before", kind)}
	if !page.After.IsZero() && !page.Before.IsZero() {
		q.invalid("ending_before", "cannot stand beside starting_after")
	}
	return page
}

// pathID reads the id in the path.
func (c *call) pathID(kind ident.Kind) (ident.ID, error) {
	id, err := ident.Parse(kind, c.r.PathValue("id"))
	if err != nil {
		return id, problem.Invalid("id", "must be an id that begins with %s_", kind)
	}
	return id, nil
}
