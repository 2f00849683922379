package seal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"

	"florin/vault/seal"
)

func TestOpenMakesKeysetsOnce(t *testing.T) {
	t.Parallel()
	kek, keysets := newKEK(t), newShelf()
	first := open(t, kek, keysets)
	if got := keysets.names(); !slices.Equal(got, []string{"cards", "digest", "fingerprint"}) {
		t.Fatalf("the keysets are %v", got)
	}
	before := maps.Clone(keysets.sealed)
	second := open(t, kek, keysets)
	if !maps.EqualFunc(before, keysets.sealed, bytes.Equal) {
		t.Error("a second Open changed the keysets")
	}
	checkAlike(t, first, second)
}

// checkAlike holds that two vaults have the same keys.
func checkAlike(t *testing.T, a, b *seal.Vault) {
	t.Helper()
	sealed, err := a.Seal(newID(1), aCard())
	if err != nil {
		t.Fatal(err)
	}
	want := aCard()
	want.CVC = ""
	if got, err := b.Unseal(newID(1), sealed); err != nil || got != want {
		t.Errorf("what one sealed the other gives as %s and %v", got, err)
	}
	if a.Fingerprint(number) != b.Fingerprint(number) {
		t.Error("the fingerprints differ")
	}
	if a.Digest([]byte("x")) != b.Digest([]byte("x")) {
		t.Error("the digests differ")
	}
}

// Two processes that start at once on an empty store both find nothing, and yet
// end with the same keys.
func TestRacingOpensAgree(t *testing.T) {
	t.Parallel()
	const racers = 4
	kek, keysets := newKEK(t), newShelf()
	vaults, errs := make([]*seal.Vault, racers), make([]error, racers)
	// A Find returns once all racers are at it: nobody claims before all have looked for all three.
	passed := make(chan struct{}, racers*3)
	keysets.found = rendezvous(racers, passed)
	var done sync.WaitGroup
	for i := range racers {
		done.Go(func() { vaults[i], errs[i] = seal.Open(t.Context(), kek, keysets) })
	}
	done.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if len(passed) != racers*3 {
		t.Errorf("%d looks found nothing, want %d", len(passed), racers*3)
	}
	for _, v := range vaults[1:] {
		checkAlike(t, vaults[0], v)
	}
}

// rendezvous returns a function that lets n callers pass at a time.
func rendezvous(n int, passed chan<- struct{}) func() {
	var mu sync.Mutex
	gate, waiting := make(chan struct{}), 0
	return func() {
		mu.Lock()
		mine := gate
		if waiting++; waiting == n {
			close(gate)
			gate, waiting = make(chan struct{}), 0
		}
		mu.Unlock()
		<-mine
		passed <- struct{}{}
	}
}

func TestWrongKeyMakesNothing(t *testing.T) {
	t.Parallel()
	for _, present := range [][]string{
		{"cards", "digest", "fingerprint"}, {"cards"}, {"fingerprint"}, {"digest"},
	} {
		whole, keysets := newShelf(), newShelf()
		open(t, newKEK(t), whole)
		for _, name := range present {
			keysets.sealed[name] = whole.sealed[name]
		}
		v, err := seal.Open(t.Context(), newKEK(t), keysets)
		if v != nil || !errors.Is(err, seal.ErrKeyEncryption) {
			t.Errorf("with %v: got %v and %v, want ErrKeyEncryption", present, v, err)
		}
		if got := keysets.names(); !slices.Equal(got, present) {
			t.Errorf("with %v: the keysets are %v", present, got)
		}
	}
}

// A racer with another key learns that it lost, and does not get its own way.
func TestWrongKeyLosesTheClaim(t *testing.T) {
	t.Parallel()
	keysets, late := newShelf(), newShelf()
	open(t, newKEK(t), keysets)
	late.sealed = keysets.sealed
	hidden := &blind{shelf: late}
	if v, err := seal.Open(t.Context(), newKEK(t), hidden); v != nil || !errors.Is(err, seal.ErrKeyEncryption) {
		t.Errorf("got %v and %v, want ErrKeyEncryption", v, err)
	}
}

// blind finds nothing, as a process does that looked a moment too early.
type blind struct{ *shelf }

func (*blind) Find(context.Context, string) ([]byte, bool, error) { return nil, false, nil }

func TestKeysetsCannotBeSwapped(t *testing.T) {
	t.Parallel()
	kek, keysets := newKEK(t), newShelf()
	open(t, kek, keysets)
	keysets.sealed["digest"] = keysets.sealed["fingerprint"]
	if _, err := seal.Open(t.Context(), kek, keysets); !errors.Is(err, seal.ErrKeyEncryption) {
		t.Errorf("got %v, want ErrKeyEncryption", err)
	}
}

func TestDamagedKeyset(t *testing.T) {
	t.Parallel()
	kek := newKEK(t)
	for name, damage := range map[string]func([]byte) []byte{
		"empty":   func([]byte) []byte { return nil },
		"cut":     func(b []byte) []byte { return b[:len(b)/2] },
		"flipped": func(b []byte) []byte { b[20] ^= 1; return b },
		"noise":   func([]byte) []byte { return randomBytes(200) },
	} {
		keysets := newShelf()
		open(t, kek, keysets)
		keysets.sealed["cards"] = damage(keysets.sealed["cards"])
		before := bytes.Clone(keysets.sealed["cards"])
		if v, err := seal.Open(t.Context(), kek, keysets); err == nil || v != nil {
			t.Errorf("%s: got %v and %v", name, v, err)
		}
		if !bytes.Equal(keysets.sealed["cards"], before) {
			t.Errorf("%s: the keyset was replaced", name)
		}
	}
}

func TestKeysetOfTheWrongKind(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cards", "fingerprint", "digest"} {
		kek, keysets := newKEK(t), newShelf()
		handle, err := keyset.NewHandle(mac.HMACSHA256Tag128KeyTemplate())
		if err != nil {
			t.Fatal(err)
		}
		keysets.sealed[name] = write(t, handle, kek, name)
		if v, err := seal.Open(t.Context(), kek, keysets); err == nil || v != nil {
			t.Errorf("%s: got %v and %v", name, v, err)
		}
	}
}

// write seals a keyset as Open expects it: this is wire format.
func write(t *testing.T, handle *keyset.Handle, kek seal.KeyEncryption, name string) []byte {
	t.Helper()
	var sealed bytes.Buffer
	err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&sealed), kek, []byte("florin keyset "+name))
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Bytes()
}

// After a rotation old cards open, and new ones are sealed with the new key.
func TestRotatedCards(t *testing.T) {
	t.Parallel()
	kek, keysets := newKEK(t), newShelf()
	old := open(t, kek, keysets)
	sealed, err := old.Seal(newID(1), aCard())
	if err != nil {
		t.Fatal(err)
	}
	reader := keyset.NewBinaryReader(bytes.NewReader(keysets.sealed["cards"]))
	handle, err := keyset.ReadWithAssociatedData(reader, kek, []byte("florin keyset cards"))
	if err != nil {
		t.Fatal(err)
	}
	manager := keyset.NewManagerFromHandle(handle)
	keyID, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err = errors.Join(err, manager.SetPrimary(keyID)); err != nil {
		t.Fatal(err)
	}
	rotated, err := manager.Handle()
	if err != nil {
		t.Fatal(err)
	}
	keysets.sealed["cards"] = write(t, rotated, kek, "cards")

	v := open(t, kek, keysets)
	if got, err := v.Unseal(newID(1), sealed); err != nil || got.Number != number {
		t.Errorf("a card sealed before the rotation: %s and %v", got, err)
	}
	again, err := v.Seal(newID(1), aCard())
	if err != nil || bytes.Equal(again[1:5], sealed[1:5]) {
		t.Errorf("the key's id is %x as before: %v", again[1:5], err)
	}
	if _, err := old.Unseal(newID(1), again); !errors.Is(err, seal.ErrUnseal) {
		t.Errorf("the old keyset opens the new key's card: %v", err)
	}
}

// An error of the store or of a KMS comes through.
func TestOpenPassesErrorsOn(t *testing.T) {
	t.Parallel()
	keysets := newShelf()
	keysets.fail = io.ErrUnexpectedEOF
	if _, err := seal.Open(t.Context(), newKEK(t), keysets); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Claim fails: got %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := seal.Open(ended, newKEK(t), newShelf()); !errors.Is(err, context.Canceled) {
		t.Errorf("Find fails: got %v", err)
	}
	keysets = newShelf()
	open(t, newKEK(t), keysets)
	if _, err := seal.Open(t.Context(), awayKMS{}, keysets); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a KMS is away: got %v", err)
	}
	if _, err := seal.Open(t.Context(), awayKMS{}, newShelf()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a KMS is away at the first start: got %v", err)
	}
}

type awayKMS struct{}

func (awayKMS) Encrypt(_, _ []byte) ([]byte, error) { return nil, io.ErrClosedPipe }
func (awayKMS) Decrypt(_, _ []byte) ([]byte, error) { return nil, io.ErrClosedPipe }

// Any AEAD can be the key-encryption key.
func TestOpenWithAnotherAEAD(t *testing.T) {
	t.Parallel()
	kek, keysets := randomKEK(t), newShelf()
	checkAlike(t, open(t, kek, keysets), open(t, kek, keysets))
}
