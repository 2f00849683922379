package seal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
)

// KeyEncryption is a key that opens the keysets: an AEAD that a file, OpenBao's
// transit engine or a cloud's KMS holds. It is asked three times at start-up.
type KeyEncryption interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// Keysets is where sealed keysets stand: shard 0 of the store.
type Keysets interface {
	// Claim stores sealed under name unless something is there, and returns
	// what is there: of racing claims all return the same.
	Claim(ctx context.Context, name string, sealed []byte) ([]byte, error)
	// Find returns what stands under name, and whether anything does.
	Find(ctx context.Context, name string) (sealed []byte, found bool, err error)
}

// ErrKeyEncryption is returned by Open when a keyset does not open: the key is
// another store's, or it could not be asked, which the cause says.
var ErrKeyEncryption = errors.New("vault: the key-encryption key does not open the store's keysets " +
	"(is it another store's key?)")

// The keysets' names; they are wire format.
const (
	cardsKeyset       = "cards"
	fingerprintKeyset = "fingerprint"
	digestKeyset      = "digest"
)

var keysetNames = []string{cardsKeyset, fingerprintKeyset, digestKeyset}

// openKeysets opens every keyset that is there before it makes one that is not,
// so that a wrong key never leaves anything behind.
func openKeysets(ctx context.Context, kek KeyEncryption, keysets Keysets) (map[string]*keyset.Handle, error) {
	handles := map[string]*keyset.Handle{}
	for _, name := range keysetNames {
		sealed, found, err := keysets.Find(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("vault: find keyset %q: %w", name, err)
		}
		if !found {
			continue
		}
		if handles[name], err = openKeyset(kek, name, sealed); err != nil {
			return nil, err
		}
	}
	for _, name := range keysetNames {
		if handles[name] != nil {
			continue
		}
		made, err := makeKeyset(kek, name)
		if err != nil {
			return nil, err
		}
		sealed, err := keysets.Claim(ctx, name, made)
		if err != nil {
			return nil, fmt.Errorf("vault: claim keyset %q: %w", name, err)
		}
		if handles[name], err = openKeyset(kek, name, sealed); err != nil {
			return nil, err
		}
	}
	return handles, nil
}

func makeKeyset(kek KeyEncryption, name string) ([]byte, error) {
	template := prf.HMACSHA256PRFKeyTemplate()
	if name == cardsKeyset {
		template = aead.AES256GCMKeyTemplate()
	}
	handle, err := keyset.NewHandle(template)
	if err != nil {
		return nil, fmt.Errorf("vault: make keyset %q: %w", name, err)
	}
	asked := &askedKey{KeyEncryption: kek}
	var sealed bytes.Buffer
	err = handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&sealed), asked, keysetContext(name))
	if err = cmp.Or(asked.err, err); err != nil {
		return nil, fmt.Errorf("vault: seal keyset %q: %w", name, err)
	}
	return sealed.Bytes(), nil
}

func openKeyset(kek KeyEncryption, name string, sealed []byte) (*keyset.Handle, error) {
	asked := &askedKey{KeyEncryption: kek}
	reader := keyset.NewBinaryReader(bytes.NewReader(sealed))
	handle, err := keyset.ReadWithAssociatedData(reader, asked, keysetContext(name))
	switch {
	case asked.err != nil:
		return nil, fmt.Errorf("%w: keyset %q: %w", ErrKeyEncryption, name, asked.err)
	case err != nil:
		return nil, fmt.Errorf("vault: keyset %q is damaged: %w", name, err)
	}
	return handle, nil
}

// keysetContext is the associated data that a keyset is sealed with.
func keysetContext(name string) []byte { return []byte("florin keyset " + name) }

// askedKey keeps the key's own error, of which Tink passes on the text alone: a
// KMS that is away can be told from a wrong key.
type askedKey struct {
	KeyEncryption
	err error
}

// Encrypt implements KeyEncryption.
func (k *askedKey) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	ciphertext, err := k.KeyEncryption.Encrypt(plaintext, associatedData)
	k.err = err
	return ciphertext, err
}

// Decrypt implements KeyEncryption.
func (k *askedKey) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	plaintext, err := k.KeyEncryption.Decrypt(ciphertext, associatedData)
	k.err = err
	return plaintext, err
}
