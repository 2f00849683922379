package access

import "sync/atomic"

// Ring is a process's copy of the keys, for looking them up without waiting. It
// is safe for concurrent use; its zero value holds nothing.
//
// A secret is found by its hash. That comparing hashes takes longer the more of
// them agrees tells nothing: who does not have the secret cannot choose its hash.
type Ring struct {
	keys  atomic.Pointer[map[Hash]APIKey]
	fixed []APIKey
}

// NewRing returns a ring that holds the fixed keys, whatever is put into it.
func NewRing(fixed ...APIKey) *Ring {
	r := &Ring{fixed: fixed}
	r.Replace(nil)
	return r
}

// Replace puts keys in the place of those that were put before. Revoked ones are
// left out.
func (r *Ring) Replace(keys []APIKey) {
	good := make(map[Hash]APIKey, len(keys)+len(r.fixed))
	for _, k := range append(keys[:len(keys):len(keys)], r.fixed...) {
		if k.RevokedAt.IsZero() {
			good[k.Hash] = k
		}
	}
	r.keys.Store(&good)
}

// Find returns the key of a secret; false for one that is not there or revoked.
func (r *Ring) Find(secret string) (APIKey, bool) {
	keys := r.keys.Load()
	if keys == nil {
		return APIKey{}, false
	}
	k, ok := (*keys)[HashSecret(secret)]
	return k, ok
}

// Len returns how many keys are good.
func (r *Ring) Len() int {
	if keys := r.keys.Load(); keys != nil {
		return len(*keys)
	}
	return 0
}
