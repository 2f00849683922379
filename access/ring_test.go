package access_test

import (
	"testing"
	"time"

	"florin/access"
)

func keyOf(secret string) access.APIKey {
	return access.APIKey{Name: secret, Hash: access.HashSecret(secret)}
}

func TestRingFindsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	r := access.NewRing(keyOf("fixed"))
	revoked := keyOf("revoked")
	revoked.RevokedAt = time.Unix(1, 0)
	r.Replace([]access.APIKey{keyOf("one"), revoked})
	for secret, want := range map[string]bool{
		"fixed": true, "one": true, "revoked": false, "two": false, "": false,
	} {
		if k, got := r.Find(secret); got != want || got && k.Name != secret {
			t.Errorf("%q: found %v %v, want %v", secret, got, k.Name, want)
		}
	}
	r.Replace([]access.APIKey{keyOf("two")})
	if _, ok := r.Find("one"); ok {
		t.Error("a key that is not stored any more is found")
	}
	if _, ok := r.Find("fixed"); !ok || r.Len() != 2 {
		t.Errorf("the fixed key was replaced, or there are %d keys, want 2", r.Len())
	}
}

func TestEmptyRingFindsNothing(t *testing.T) {
	t.Parallel()
	var r access.Ring
	if _, ok := r.Find("x"); ok || r.Len() != 0 {
		t.Error("the zero ring holds a key")
	}
}
