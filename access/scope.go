package access

import (
	"slices"
	"strings"

	"florin/problem"
)

// Scope is what an API key may do.
type Scope string

// The scopes. A route needs one of them; a key may have several.
const (
	Payments Scope = "payments" // payments, their payment methods and their disputes
	Refunds  Scope = "refunds"
	Wallets  Scope = "wallets" // wallets, holds, transfers and payouts
	Read     Scope = "read"    // reads everything and changes nothing
	Admin    Scope = "admin"   // everything
)

// AllScopes opens everything.
const AllScopes = Admin

// Scopes lists the scopes that there are.
func Scopes() []Scope { return []Scope{Payments, Refunds, Wallets, Read, Admin} }

// ParseScopes checks scopes' names; no names at all mean admin. Its error is an
// InvalidParameter problem for scopes.
func ParseScopes(names []string) ([]string, error) {
	if len(names) == 0 {
		return []string{string(Admin)}, nil
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

// Allows tells whether the key opens what needs a scope, for reading or for
// changes.
func (k APIKey) Allows(scope Scope, write bool) bool {
	for _, name := range k.Scopes {
		switch s := Scope(name); {
		case s == Admin, s == Read && !write, s == scope && s != Read:
			return true
		}
	}
	return false
}
