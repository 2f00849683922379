package seal_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"florin/ident"
	"florin/vault"
	"florin/vault/seal"
)

// vectors are a store of version 1: what it holds must open for ever.
type vectors struct {
	Keysets map[string]string // sealed, in hexadecimal
	Cards   []struct {
		ID, Sealed, Number, Name string
		Month, Year              int
		Fingerprint              string
	}
	Digests []struct {
		Parts  []string
		Digest string
	}
}

// openVectors opens testdata/kek.json, a key that protects nothing, and the
// keysets beside it.
func openVectors(t *testing.T) (*seal.Vault, vectors) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kek")
	if err := os.WriteFile(path, readFile(t, "testdata/kek.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	kek, err := seal.OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all vectors
	if err := json.Unmarshal(readFile(t, "testdata/vectors.json"), &all); err != nil {
		t.Fatal(err)
	}
	keysets := newShelf()
	keysets.fail = errors.New("the vectors' keysets are all there")
	for name, sealed := range all.Keysets {
		keysets.sealed[name] = unhex(t, sealed)
	}
	return open(t, kek, keysets), all
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVectors(t *testing.T) {
	t.Parallel()
	v, all := openVectors(t)
	if len(all.Cards) < 4 || len(all.Digests) < 4 {
		t.Fatalf("%d cards and %d digests", len(all.Cards), len(all.Digests))
	}
	for _, c := range all.Cards {
		id, err := ident.Parse(ident.PaymentMethod, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := vault.Card{Number: c.Number, ExpMonth: c.Month, ExpYear: c.Year, Name: c.Name}
		if got, err := v.Unseal(id, unhex(t, c.Sealed)); err != nil || got != want {
			t.Errorf("%s: got %s and %v", c.ID, got, err)
		}
		if got := v.Fingerprint(c.Number); got != c.Fingerprint {
			t.Errorf("%s: fingerprint %s, want %s", c.ID, got, c.Fingerprint)
		}
	}
	for _, d := range all.Digests {
		parts := make([][]byte, len(d.Parts))
		for i, part := range d.Parts {
			parts[i] = []byte(part)
		}
		if got := v.Digest(parts...); hex.EncodeToString(got[:]) != d.Digest {
			t.Errorf("digest of %q: got %x, want %s", d.Parts, got, d.Digest)
		}
	}
}
