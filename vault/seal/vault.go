package seal

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"florin/ident"
	"florin/vault"
)

// ErrUnseal is returned by Unseal for what does not open: it was sealed for
// another id, under another store's keys, or it is damaged.
var ErrUnseal = errors.New("vault: the sealed card does not open")

// Vault seals cards. It is safe for concurrent use, and prints as "vault".
type Vault struct {
	cards       tink.AEAD
	fingerprint *hasher
	digest      *hasher
}

// Open opens the store's keysets with the key-encryption key, and makes those
// that are not there yet. A keyset that kek does not open is ErrKeyEncryption;
// nothing is made then.
func Open(ctx context.Context, kek KeyEncryption, keysets Keysets) (*Vault, error) {
	handles, err := openKeysets(ctx, kek, keysets)
	if err != nil {
		return nil, err
	}
	v := &Vault{}
	if v.cards, err = aead.New(handles[cardsKeyset]); err != nil {
		return nil, fmt.Errorf("vault: keyset %q is of the wrong kind: %w", cardsKeyset, err)
	}
	if v.fingerprint, err = newHasher(handles[fingerprintKeyset], fingerprintLabel); err != nil {
		return nil, fmt.Errorf("vault: keyset %q is of the wrong kind: %w", fingerprintKeyset, err)
	}
	if v.digest, err = newHasher(handles[digestKeyset], digestLabel); err != nil {
		return nil, fmt.Errorf("vault: keyset %q is of the wrong kind: %w", digestKeyset, err)
	}
	return v, nil
}

// Seal encrypts the card's number, expiry and name, not its code, for the
// payment method id; some 46 bytes and the name. It refuses a zero id and a
// card that ParseCard would refuse for its form.
func (v *Vault) Seal(id ident.ID, card vault.Card) ([]byte, error) {
	if id.IsZero() {
		return nil, errors.New("vault: a card is sealed for a payment method's id, not for none")
	}
	plain, err := encodeCard(card)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	sealed, err := v.cards.Encrypt(plain, id[:])
	if err != nil {
		return nil, fmt.Errorf("vault: seal a card: %w", err)
	}
	return sealed, nil
}

// Unseal returns the card that was sealed for id, without a code, or ErrUnseal.
func (v *Vault) Unseal(id ident.ID, sealed []byte) (vault.Card, error) {
	plain, err := v.cards.Decrypt(sealed, id[:])
	if err != nil {
		return vault.Card{}, fmt.Errorf("%w for %s", ErrUnseal, id.Text(ident.PaymentMethod))
	}
	defer clear(plain)
	card, err := decodeCard(plain)
	if err != nil {
		return vault.Card{}, fmt.Errorf("%w for %s: %w", ErrUnseal, id.Text(ident.PaymentMethod), err)
	}
	return card, nil
}

// fingerprintBytes is 80 bits: among a thousand million cards the chance that
// any two share a fingerprint is below one in a million.
const fingerprintBytes = 10

var fingerprintText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Fingerprint returns 16 characters, a to z and 2 to 7, that are alike for alike
// numbers in one store and tell nothing without its keys. The number is digits
// only, as in vault.Card.
func (v *Vault) Fingerprint(number string) string {
	sum := v.fingerprint.sum([]byte(number))
	return fingerprintText.EncodeToString(sum[:fingerprintBytes])
}

// Digest returns a keyed hash (HMAC-SHA256) of the parts in their order; other
// parts, or the same bytes cut otherwise, give another digest. It takes about a
// microsecond for a request's body.
func (v *Vault) Digest(parts ...[]byte) [32]byte { return v.digest.sum(parts...) }

// Format writes "vault", whatever the verb: keys are not for logs.
func (*Vault) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("vault")) }
