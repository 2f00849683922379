package seal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"florin/ident"
	"florin/vault"
	"florin/vault/seal"
)

const number = "4242424242424242"

// shelf is a store's Keysets in memory.
type shelf struct {
	mu     sync.Mutex
	sealed map[string][]byte
	fail   error
	// found, when set, is called after a Find that found nothing.
	found func()
}

func newShelf() *shelf { return &shelf{sealed: map[string][]byte{}} }

func (s *shelf) Claim(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(ctx.Err(), s.fail); err != nil {
		return nil, err
	}
	if _, taken := s.sealed[name]; !taken {
		s.sealed[name] = bytes.Clone(sealed)
	}
	return bytes.Clone(s.sealed[name]), nil
}

func (s *shelf) Find(ctx context.Context, name string) ([]byte, bool, error) {
	s.mu.Lock()
	sealed, found := s.sealed[name]
	s.mu.Unlock()
	if !found && s.found != nil {
		s.found()
	}
	return bytes.Clone(sealed), found, ctx.Err()
}

func (s *shelf) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.sealed))
}

// newKEK makes a key-encryption key in a file of its own.
func newKEK(t testing.TB) seal.KeyEncryption {
	t.Helper()
	kek, err := seal.OpenKeyFile(filepath.Join(t.TempDir(), "kek"))
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

func open(t testing.TB, kek seal.KeyEncryption, keysets seal.Keysets) *seal.Vault {
	t.Helper()
	v, err := seal.Open(t.Context(), kek, keysets)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func newID(chance uint64) ident.ID {
	at := time.UnixMilli(1735689600000)
	return ident.NewSource(0, func() time.Time { return at }, func() uint64 { return chance }).New(7)
}

func aCard() vault.Card {
	return vault.Card{Number: number, ExpMonth: 12, ExpYear: 2030, CVC: "987", Name: "Ada Lovelace"}
}

func randomKEK(t testing.TB) seal.KeyEncryption {
	t.Helper()
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	kek, err := aead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
