package flow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"florin/access"
	"florin/flow"
	"florin/ident"
	"florin/problem"
)

func TestAnAPIKeyIsKeptByItsHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := access.NewSecret(access.Test, [20]byte{1})
	made, err := w.flow.CreateAPIKey(t.Context(), flow.CreateAPIKey{
		Name: " shop ", Secret: secret, Scopes: []string{"refunds"},
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.flow.APIKeys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatalf("there are %v: %v", keys, err)
	}
	k := keys[0]
	if k.ID != made.ID || k.ID.Bucket() != 0 || k.Name != "shop" || k.Hash != access.HashSecret(secret) ||
		k.Hint != access.Hint(secret) || !slices.Equal(k.Scopes, []string{"refunds"}) || !k.RevokedAt.IsZero() {
		t.Errorf("what is kept is %+v", k)
	}
}

func TestARevokedAPIKeyStaysRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.flow.CreateAPIKey(t.Context(), flow.CreateAPIKey{
		Name: "shop", Secret: access.NewSecret(access.Test, [20]byte{1}),
	})
	if err != nil {
		t.Fatal(err)
	}
	first, err := w.flow.RevokeAPIKey(t.Context(), made.ID)
	if err != nil || !first.RevokedAt.Equal(w.clock.Now().Truncate(1e6)) {
		t.Fatalf("revoked at %s: %v", first.RevokedAt, err)
	}
	w.clock.Advance(5e9)
	again, err := w.flow.RevokeAPIKey(t.Context(), made.ID)
	if err != nil || !again.RevokedAt.Equal(first.RevokedAt) {
		t.Errorf("the second time it is revoked at %s, at first %s: %v", again.RevokedAt, first.RevokedAt, err)
	}
	missing := ident.FromHalves(made.ID.High()+1, made.ID.Low())
	if _, err := w.flow.RevokeAPIKey(t.Context(), missing); !problem.Is(err, problem.NotFound) {
		t.Errorf("a key that is not there: %v", err)
	}
}

func TestAPIKeysThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := access.NewSecret(access.Test, [20]byte{1})
	for name, c := range map[string]struct {
		key  flow.CreateAPIKey
		want problem.Code
	}{
		"no name":       {flow.CreateAPIKey{Name: " ", Secret: good}, problem.InvalidParameter},
		"a long name":   {flow.CreateAPIKey{Name: strings.Repeat("ü", 101), Secret: good}, problem.InvalidParameter},
		"a broken name": {flow.CreateAPIKey{Name: "\xff", Secret: good}, problem.InvalidParameter},
		"a scope":       {flow.CreateAPIKey{Name: "n", Secret: good, Scopes: []string{"x"}}, problem.InvalidParameter},
		"a live secret": {
			flow.CreateAPIKey{Name: "n", Secret: access.NewSecret(access.Live, [20]byte{1})}, problem.Unauthorized,
		},
	} {
		if _, err := w.flow.CreateAPIKey(t.Context(), c.key); !problem.Is(err, c.want) {
			t.Errorf("%s: the error is %v, want %s", name, err, c.want)
		}
	}
	if keys, err := w.flow.APIKeys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("there are %v: %v", keys, err)
	}
}

func TestAStoreHasOneFirstAPIKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(chance byte, first bool) error {
		_, err := w.flow.CreateAPIKey(t.Context(), flow.CreateAPIKey{
			Name: "first", Secret: access.NewSecret(access.Test, [20]byte{chance}), First: first,
		})
		return err
	}
	if err := create(1, true); err != nil {
		t.Fatal(err)
	}
	if err := create(2, true); !errors.Is(err, flow.ErrFirstKey) {
		t.Errorf("a second first key: %v", err)
	}
	if err := create(3, false); err != nil {
		t.Errorf("a further key: %v", err)
	}
	if keys, err := w.flow.APIKeys(t.Context()); err != nil || len(keys) != 2 {
		t.Errorf("there are %v: %v", keys, err)
	}
}
