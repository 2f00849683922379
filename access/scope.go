package access

import (
	"slices"
	"strings"

	"florin/problem"
)

// Scope is a part of the API that a key opens: a resource, with ":read" behind
// it when nothing may be changed there.
type Scope string

// AllScopes opens everything.
const AllScopes Scope = "all"

// resources are what scopes name.
var resources = []string{
	"payments", "refunds", "payment_methods", "events", "gateways", "wallets", "ledger",
}

// Scopes lists every scope that a key can have.
func Scopes() []Scope {
	scopes := []Scope{AllScopes}
	for _, r := range resources {
		scopes = append(scopes, Scope(r), Scope(r+":read"))
	}
	return scopes
}

// ParseScopes checks the scopes of a new key; none at all stand for AllScopes.
func ParseScopes(names []string) ([]string, error) {
	if len(names) == 0 {
		return []string{string(AllScopes)}, nil
	}
	known := Scopes()
	for _, name := range names {
		if !slices.Contains(known, Scope(name)) {
			return nil, problem.Invalid("scopes", "%q is none of %s", name, joined(known))
		}
	}
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}

func joined(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// Allows tells whether the key opens a resource for reading, or, with write, for
// changes.
func (k APIKey) Allows(resource string, write bool) bool {
	for _, s := range k.Scopes {
		if Scope(s) == AllScopes || s == resource || !write && s == resource+":read" {
			return true
		}
	}
	return false
}
