package access_test

import (
	"slices"
	"testing"

	"florin/access"
	"florin/problem"
)

func TestScopesOpenWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scopes      []string
		resource    string
		read, write bool
	}{
		{[]string{"all"}, "payments", true, true},
		{[]string{"payments"}, "payments", true, true},
		{[]string{"payments:read"}, "payments", true, false},
		{[]string{"refunds"}, "payments", false, false},
		{[]string{"refunds", "payments:read"}, "payments", true, false},
		{[]string{"payments"}, "payment_methods", false, false},
		{nil, "payments", false, false},
	} {
		k := access.APIKey{Scopes: c.scopes}
		if read, write := k.Allows(c.resource, false), k.Allows(c.resource, true); read != c.read || write != c.write {
			t.Errorf("%v opens %s for reading %v, for changes %v, want %v, %v",
				c.scopes, c.resource, read, write, c.read, c.write)
		}
	}
}

func TestParseScopes(t *testing.T) {
	t.Parallel()
	got, err := access.ParseScopes([]string{"refunds", "payments:read", "refunds"})
	if want := []string{"payments:read", "refunds"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := access.ParseScopes(nil); err != nil || !slices.Equal(got, []string{"all"}) {
		t.Errorf("no scopes are %v, %v, want all", got, err)
	}
	for _, bad := range []string{"", "everything", "payments:write", "Payments"} {
		if _, err := access.ParseScopes([]string{bad}); !problem.Is(err, problem.InvalidParameter) {
			t.Errorf("%q: the error is %v", bad, err)
		}
	}
	for _, scope := range access.Scopes() {
		if _, err := access.ParseScopes([]string{string(scope)}); err != nil {
			t.Errorf("%s is listed and refused: %v", scope, err)
		}
	}
}
