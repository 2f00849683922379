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
		scope       access.Scope
		read, write bool
	}{
		{[]string{"admin"}, access.Payments, true, true},
		{[]string{"admin"}, access.Admin, true, true},
		{[]string{"payments"}, access.Payments, true, true},
		{[]string{"payments"}, access.Admin, false, false},
		{[]string{"payments"}, access.Read, false, false},
		{[]string{"refunds"}, access.Payments, false, false},
		{[]string{"read"}, access.Payments, true, false},
		{[]string{"read"}, access.Read, true, false},
		{[]string{"read"}, access.Admin, true, false},
		{[]string{"refunds", "read"}, access.Wallets, true, false},
		{[]string{"refunds", "wallets"}, access.Wallets, true, true},
		{nil, access.Payments, false, false},
	} {
		k := access.APIKey{Scopes: c.scopes}
		if read, write := k.Allows(c.scope, false), k.Allows(c.scope, true); read != c.read || write != c.write {
			t.Errorf("%v opens %s for reading %v, for changes %v, want %v, %v",
				c.scopes, c.scope, read, write, c.read, c.write)
		}
	}
}

func TestParseScopes(t *testing.T) {
	t.Parallel()
	got, err := access.ParseScopes([]string{"refunds", "payments", "refunds"})
	if want := []string{"payments", "refunds"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := access.ParseScopes(nil); err != nil || !slices.Equal(got, []string{"admin"}) {
		t.Errorf("no scopes are %v, %v, want admin", got, err)
	}
	for _, bad := range []string{"", "everything", "payments:write", "Payments", "all"} {
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
