package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"florin/ident"
	"florin/store"
)

const claimColumns = `scope, user_id, key, digest, kind, object, object_low, at, answer`

var (
	selectClaims = define(`SELECT id, ` + claimColumns + ` FROM claims WHERE generation = ? AND hash = ?`)
	insertClaims = defineInsert("claims", `id, generation, hash, `+claimColumns)
	allClaims    = define(`SELECT hash, ` + claimColumns + ` FROM claims ORDER BY id`)
	answerClaim  = define(`UPDATE claims SET answer = ? WHERE id = ?`)
)

// findClaim returns the claim that holds a key, and its row's id. A key that is
// there is mostly a recent one's repetition, so that it looks there first.
func (c *conn) findClaim(want store.Claim) (held *store.Claim, id int64, err error) {
	last, err := c.number(lastClaim)
	if err != nil {
		return nil, 0, err
	}
	for generation := last / generationSize; generation >= 0 && held == nil; generation-- {
		if held, id, err = c.findClaimIn(generation, want); err != nil {
			return nil, 0, err
		}
	}
	return held, id, nil
}

func (c *conn) findClaimIn(generation int64, want store.Claim) (held *store.Claim, id int64, err error) {
	s, err := c.query(selectClaims)
	if err != nil {
		return nil, 0, err
	}
	s.bindInt(generation)
	s.bindInt(want.Hash)
	err = s.each(func(s *stmt) error {
		row := s.int()
		if found := s.claim(want.Hash); found.Same(want) {
			held, id = &found, row
		}
		return nil
	})
	return held, id, err
}

// claim reads a row of claimColumns.
func (s *stmt) claim(hash int64) store.Claim {
	c := store.Claim{Hash: hash, Scope: s.text(), UserID: s.int(), Key: s.text()}
	copy(c.Digest[:], s.view())
	c.Kind, c.Object = ident.Kind(s.text()), s.id()
	c.At = time.UnixMilli(s.int()).UTC()
	if s.isNull() {
		s.next++
		return c
	}
	c.Answer = append([]byte{}, s.view()...)
	return c
}

// FindClaim returns the claim that holds the key of claim, or ErrNotFound.
func (s *Store) FindClaim(ctx context.Context, shard int, claim store.Claim) (found store.Claim, err error) {
	sh := s.shards[shard]
	if sh.claims.lacks(claim.Hash) {
		return found, errNoClaim
	}
	err = sh.read(ctx, func(c *conn) error {
		held, _, err := c.findClaim(claim)
		if err == nil && held == nil {
			err = errNoClaim
		}
		if err == nil {
			found = *held
		}
		return err
	})
	return found, err
}

// FindClaims returns for each of claims the one that holds its key, or nil.
func (s *Store) FindClaims(ctx context.Context, shard int, claims []store.Claim) ([]*store.Claim, error) {
	holders := make([]*store.Claim, len(claims))
	for i := range claims {
		switch held, err := s.FindClaim(ctx, shard, claims[i]); {
		case err == nil:
			holders[i] = &held
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return holders, nil
}

var errNoClaim = fmt.Errorf("%w: claim", store.ErrNotFound)

func (t *tx) claim(claims []store.Claim) ([]*store.Claim, error) {
	holders := make([]*store.Claim, len(claims))
	for i, c := range claims {
		if !t.sh.claims.lacks(c.Hash) {
			var err error
			if holders[i], _, err = t.sh.writer.findClaim(c); err != nil {
				return nil, err
			}
		}
		if holders[i] == nil {
			t.won = append(t.won, c)
		}
	}
	return holders, nil
}

// writeClaims inserts the claims that were won, without those released.
func (t *tx) writeClaims(changes *store.Changes) error {
	for _, released := range changes.Released {
		t.won = slices.DeleteFunc(t.won, released.Same)
	}
	for _, answered := range changes.Answered {
		if i := slices.IndexFunc(t.won, answered.Same); i >= 0 {
			t.won[i].Answer = answered.Answer
		} else if err := t.answerClaim(answered); err != nil {
			return err
		}
	}
	return t.sh.writer.insert(insertClaims, len(t.won), t.bindClaim)
}

func (t *tx) bindClaim(s *stmt, i int) error {
	c := &t.won[i]
	t.sh.claims.add(c.Hash)
	t.counters.claim++
	t.note(c.Object)
	s.bindInt(t.counters.claim)
	s.bindInt(t.counters.claim / generationSize)
	s.bindInt(c.Hash)
	s.bindText(c.Scope)
	s.bindInt(c.UserID)
	s.bindText(c.Key)
	s.bindBlob(c.Digest[:])
	s.bindText(string(c.Kind))
	s.bindID(c.Object)
	s.bindInt(c.At.UnixMilli())
	s.bindBlobOrNull(c.Answer)
	return nil
}

func (t *tx) answerClaim(c store.Claim) error {
	_, id, err := t.sh.writer.findClaim(c)
	if err != nil {
		return err
	}
	s, err := t.sh.writer.query(answerClaim)
	if err != nil {
		return err
	}
	s.bindBlobOrNull(c.Answer)
	s.bindInt(id)
	return s.runOne()
}
