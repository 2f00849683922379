package storetest

import (
	"errors"
	"testing"

	"florin/commit"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// several is a command that needs more keys than one.
type several struct {
	*wish
	more []store.Claim
}

func (s *several) MoreClaims() []store.Claim { return s.more }

// testMoreKeys has commands that need two keys each: they get both or neither.
func testMoreKeys(t *testing.T, b *bench) {
	key := func(name string, hash int64) store.Claim {
		return store.Claim{Hash: hash, Scope: "test", UserID: b.user, Key: name, Object: b.ids.New(b.user)}
	}
	needs := func(own, more store.Claim) *several {
		return &several{b.create(b.user, &own), []store.Claim{more}}
	}
	a, x := key("a", 1), key("x", 2)
	refused := needs(key("r", 5), key("s", 6))
	fails := problem.New(problem.WrongState, "refused")
	refused.decide = func(*commit.View) (payment.Changes, error) { return payment.Changes{}, fails }
	answers := b.run(t, needs(a, x), needs(key("b", 3), x), refused, needs(a, key("y", 4)))
	for i, want := range []string{"", "x", "refused", "a"} {
		var lost *commit.LostClaim
		switch {
		case want == "" && answers[i] == nil:
		case want == "refused" && errors.Is(answers[i], fails):
		case errors.As(answers[i], &lost) && lost.Holder.Key == want:
		default:
			t.Errorf("command %d is answered %v, want %q", i, answers[i], want)
		}
	}
	for _, c := range []struct {
		claim store.Claim
		held  bool
	}{{a, true}, {x, true}, {key("b", 3), false}, {key("y", 4), false}, {key("r", 5), false}, {key("s", 6), false}} {
		_, err := b.store.FindClaim(t.Context(), 1, c.claim)
		if held := err == nil; held != c.held {
			t.Errorf("the key %s: held %v, %v", c.claim.Key, held, err)
		}
	}
	if answers := b.run(t, needs(key("r", 5), key("s", 6))); answers[0] != nil {
		t.Errorf("once more: %v", answers[0])
	}
}
