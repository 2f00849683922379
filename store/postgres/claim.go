package postgres

import (
	"florin/ident"
	"florin/store"
)

// claimColumns are what (*row).claim reads.
const claimColumns = `hash, scope, user_id, key, digest, kind, object, at, answer`

// claim reads a row of claimColumns.
func (r *row) claim() (c store.Claim) {
	c.Hash, c.Scope, c.UserID, c.Key = r.int(), r.text(), r.int(), r.text()
	copy(c.Digest[:], r.take(len(c.Digest)))
	c.Kind, c.Object, c.At = ident.Kind(r.text()), r.id(), r.time()
	if answer := r.take(0); answer != nil {
		c.Answer = append([]byte{}, answer...)
	}
	return c
}
