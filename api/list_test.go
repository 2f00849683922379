package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/ident"
	"florin/problem"
	"florin/store"
)

func TestListFilters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	after := newIDs().New(42)
	q := url.Values{
		"user_id": {"42"}, "status": {"declined"}, "created_gte": {"2026-01-01T00:00:00Z"},
		"created_lt": {"2026-02-01T00:00:00.5+01:00"}, "amount_gte": {"0"}, "amount_lte": {"100"}, "currency": {"eur"},
		"metadata[a[b]]": {"c=&d"}, "limit": {"100"}, "starting_after": {after.Text(ident.Payment)},
	}
	list := s.get(paymentsPath + "?" + q.Encode()).want(200)
	if list["object"] != "list" || list["has_more"] != false || len(list["data"].([]any)) != 0 {
		t.Errorf("the list is %v", list)
	}
	want := store.PaymentQuery{
		Page: store.Page{Limit: 101, After: after}, UserID: 42, Status: "declined", Currency: "EUR",
		CreatedGTE: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		CreatedLT:  time.Date(2026, 1, 31, 23, 0, 0, 500_000_000, time.UTC),
		AmountLTE:  100, MetadataKey: "a[b]", MetaValue: "c=&d",
	}
	if diff := cmp.Diff(want, s.flows.asked[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.get(paymentsPath).want(200)
	if diff := cmp.Diff(store.PaymentQuery{Page: store.Page{Limit: 11}}, s.flows.asked[1]); diff != "" {
		t.Errorf("without filters (-want +got):\n%s", diff)
	}
}

func TestListErrors(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	pay := "pay_0192f3a4b5c67d008123456789abcdef"
	for query, param := range map[string]string{
		"user_id=0": "user_id", "user_id=x": "user_id", "user_id=": "user_id", "user_id=%2B1": "user_id",
		"user_id=1&user_id=2": "user_id", "status=refunded": "status", "status=": "status",
		"created_gte=yesterday": "created_gte", "created_lt=1767225600": "created_lt", "amount_gte=-1": "amount_gte",
		"amount_lte=0": "amount_lte", "amount_gte=1.5": "amount_gte", "currency=XXX": "currency", "limit=0": "limit",
		"limit=101": "limit", "limit=ten": "limit", "starting_after=x": "starting_after",
		"ending_before=ref_0192f3a4b5c67d008123456789abcdef": "ending_before",
		"starting_after=" + pay + "&ending_before=" + pay:    "ending_before",
		"metadata%5Ba%5D=1&metadata%5Bb%5D=2":                "metadata",
		"metadata%5Ba%5D=1&metadata%5Ba%5D=2":                "metadata[a]",
		"metadata=1":                                         "metadata",
		"metadata%5B%5D=1":                                   "metadata[]",
		"metadata%5Ba%5D=b%00c":                              "metadata[a]",
		"metadata%5Ba%5D=%ff":                                "metadata[a]",
		"metadata%5Ba%00%5D=b":                               "metadata[a\x00]",
		"page=2":                                             "page",
		"%zz=1":                                              "query",
		"user_id=1;status=declined":                          "query",
		"Limit=1":                                            "Limit",
	} {
		s.get(paymentsPath+"?"+query).wantProblem(problem.InvalidParameter, param)
	}
	if len(s.flows.asked) != 0 {
		t.Error("a request that is wrong reached a flow")
	}
}

// One walks all pages forwards and all the way back, and sees each payment once.
func TestPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var made []string
	for range 25 {
		made = append(made, s.open())
	}
	slices.Reverse(made) // newest first
	read := func(query string) (ids []string, more bool) {
		list := s.get(paymentsPath + "?limit=10&" + query).want(200)
		for _, data := range list["data"].([]any) {
			ids = append(ids, data.(map[string]any)["id"].(string))
		}
		return ids, list["has_more"].(bool)
	}
	var forwards []string
	query := ""
	for more := true; more; {
		var ids []string
		ids, more = read(query)
		forwards = append(forwards, ids...)
		query = "starting_after=" + ids[len(ids)-1]
	}
	if diff := cmp.Diff(made, forwards); diff != "" {
		t.Errorf("forwards:\n%s", diff)
	}
	var backwards []string
	query = "ending_before=" + made[24]
	for more := true; more; {
		var ids []string
		ids, more = read(query)
		backwards = append(slices.Clone(ids), backwards...)
		query = "ending_before=" + ids[0]
	}
	if diff := cmp.Diff(made[:24], backwards); diff != "" {
		t.Errorf("backwards:\n%s", diff)
	}
	if ids, more := read("starting_after=" + made[14]); len(ids) != 10 || more {
		t.Errorf("a last page that is full: %d, more %v", len(ids), more)
	}
}

func TestListsWriteWhatReadsAlike(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	one := s.post(paymentsPath, simple)
	two := s.post(paymentsPath, simple)
	list := s.get(paymentsPath)
	if want := fmt.Sprintf(`{"object":"list","data":[%s,%s],"has_more":false}`, two.body, one.body); list.body != want {
		t.Errorf("got %s, want %s", list.body, want)
	}
	if got := s.get(paymentsPath + "?limit=1"); !strings.HasSuffix(got.body, `"has_more":true}`) {
		t.Errorf("got %s", got.body)
	}
}
