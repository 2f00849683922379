package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"

	"florin/ident"
	"florin/vault"
)

// fakeVault seals without a key, so that the same card is sealed alike in every
// run.
type fakeVault struct{}

// sealed is a card as the fake keeps it: vault.Card refuses to be written.
type sealed struct {
	ID              ident.ID
	Number, Name    string
	ExpMonth, ExpYr int
}

// Seal implements flow.Vault.
func (fakeVault) Seal(id ident.ID, card vault.Card) ([]byte, error) {
	return json.Marshal(sealed{
		ID: id, Number: card.Number, Name: card.Name, ExpMonth: card.ExpMonth, ExpYr: card.ExpYear,
	})
}

// Unseal implements flow.Vault.
func (fakeVault) Unseal(id ident.ID, text []byte) (vault.Card, error) {
	var s sealed
	if err := json.Unmarshal(text, &s); err != nil {
		return vault.Card{}, err
	}
	if s.ID != id {
		return vault.Card{}, errors.New("sim: the card was sealed for another id")
	}
	return vault.Card{Number: s.Number, Name: s.Name, ExpMonth: s.ExpMonth, ExpYear: s.ExpYr}, nil
}

// Fingerprint implements flow.Vault.
func (fakeVault) Fingerprint(number string) string {
	sum := sha256.Sum256([]byte(number))
	return hex.EncodeToString(sum[:8])
}

// Digest implements flow.Vault.
func (fakeVault) Digest(parts ...[]byte) [32]byte {
	var text []byte
	for _, part := range parts {
		text = binary.BigEndian.AppendUint64(text, uint64(len(part)))
		text = append(text, part...)
	}
	return sha256.Sum256(text)
}

// methodCache is an instance's memory of payment methods; it forgets now and
// then.
type methodCache struct {
	w       *world
	methods map[ident.ID]vault.PaymentMethod
}

// Get implements flow.MethodCache.
func (c *methodCache) Get(id ident.ID) (vault.PaymentMethod, bool) {
	m, ok := c.methods[id]
	return m, ok && !c.w.dice.hit(0.2)
}

// Put implements flow.MethodCache.
func (c *methodCache) Put(m vault.PaymentMethod) {
	if c.methods[m.ID].Version < m.Version {
		c.methods[m.ID] = m
	}
}
