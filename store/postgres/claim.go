package postgres

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"florin/ident"
	"florin/store"
)

// claimColumns are what (*row).claim reads.
const claimColumns = `hash, scope, user_id, key, digest, kind, object, at, answer`

var (
	newClaim = shapeOf("claims_insert", `identity uuid, hash int8, scope text, user_id int8, key text, digest bytea,
		kind text, object uuid, at timestamptz, answer bytea`)
	insertClaims = defineRows(newClaim, `INSERT INTO claims (`+newClaim.list("")+`) SELECT `+newClaim.values()+
		` FROM `+newClaim.rows()+` ORDER BY v.identity ON CONFLICT DO NOTHING RETURNING identity`)
	selectHolders = define(selectClaims, pgtype.UUIDArrayOID)
	deleteClaims  = define(`DELETE FROM claims WHERE identity = ANY($1)`, pgtype.UUIDArrayOID)
	answerClaims  = defineUpdate("claims", 1, "identity uuid, answer bytea")
)

const selectClaims = `SELECT ` + claimColumns + ` FROM claims WHERE identity = ANY($1)`

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

// identity is by what a claim is found: a hash of scope, user and key.
func identity(c *store.Claim) (id ident.ID) {
	var text []byte
	for _, part := range []string{c.Scope, c.Key} {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	text = binary.BigEndian.AppendUint64(text, uint64(c.UserID))
	sum := sha256.Sum256(text)
	copy(id[:], sum[:])
	return id
}

// sameKey compares in full what identity is a hash of.
func sameKey(a, b *store.Claim) bool {
	return a.UserID == b.UserID && a.Key == b.Key && a.Scope == b.Scope
}

var (
	errNoClaim   = fmt.Errorf("%w: claim", store.ErrNotFound)
	errCollision = fmt.Errorf("%w: two keys have one identity", store.ErrRefused)
)

// FindClaim returns the claim that holds the key of claim, or ErrNotFound. Those who
// look at the same time are answered together.
func (s *Store) FindClaim(ctx context.Context, shard int, claim store.Claim) (store.Claim, error) {
	found, err := s.shards[shard].looker.find(ctx, claim)
	if err == nil && found == nil {
		err = errNoClaim
	}
	if err != nil {
		return store.Claim{}, err
	}
	return *found, nil
}

// FindClaims returns for each of claims the one that holds its key, or nil.
func (s *Store) FindClaims(ctx context.Context, shard int, claims []store.Claim) ([]*store.Claim, error) {
	return s.shards[shard].findClaims(store.Fresh(ctx), claims)
}

func (sh *shard) findClaims(ctx context.Context, claims []store.Claim) ([]*store.Claim, error) {
	ids := make([][16]byte, len(claims))
	for i := range claims {
		ids[i] = identity(&claims[i])
	}
	rows, err := readAll(ctx, sh, (*row).claim, selectClaims, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[ident.ID]*store.Claim, len(rows))
	for i := range rows {
		byID[identity(&rows[i])] = &rows[i]
	}
	holders := make([]*store.Claim, len(claims))
	for i := range claims {
		if held := byID[ids[i]]; held != nil && sameKey(held, &claims[i]) {
			holders[i] = held
		}
	}
	if len(rows) > 0 {
		err = sh.found(ctx) // the answer tells what it was the first time
	}
	return holders, err
}

// claiming is claims on their way: won is filled when they have been sent.
type claiming struct {
	claims []store.Claim
	ids    []ident.ID // identities
	won    map[ident.ID]bool
}

// queueClaims queues the inserting of the claims that nobody holds.
func (p *pipe) queueClaims(claims []store.Claim) *claiming {
	c := &claiming{claims: claims, ids: make([]ident.ID, len(claims)), won: make(map[ident.ID]bool, len(claims))}
	if len(claims) == 0 {
		return c
	}
	order := make([]int, len(claims))
	for i := range claims {
		c.ids[i], order[i] = identity(&claims[i]), i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(bytes.Compare(c.ids[a][:], c.ids[b][:]), cmp.Compare(a, b))
	})
	rows := newColumns(newClaim, len(claims))
	for _, i := range order {
		rows.claim(c.ids[i], &claims[i])
		rows.end()
	}
	args, err := rows.args()
	if err != nil {
		p.fail(fmt.Errorf("%w: %w", store.ErrRefused, err))
		return c
	}
	p.queue(insertClaims, func(r *row) error { c.won[r.id()] = true; return nil }, args...)
	return c
}

// holders tells who holds the claims that were sent and not won: nil for those that
// were.
func (t *tx) holders(ctx context.Context, c *claiming) ([]*store.Claim, error) {
	holders := make([]*store.Claim, len(c.claims))
	taken := map[ident.ID]*store.Claim{}
	var lost []ident.ID
	for _, id := range c.ids {
		if !c.won[id] {
			lost = append(lost, id)
		}
	}
	if len(lost) > 0 {
		var p pipe
		p.queue(selectHolders, func(r *row) error {
			c := r.claim()
			taken[identity(&c)] = &c
			return nil
		}, idsParam(lost))
		if _, _, err := t.trip(ctx, &p, false); err != nil {
			return nil, err
		}
	}
	return holders, t.hold(c.claims, c.ids, c.won, taken, holders)
}

// hold sorts out which claims were won, and who has the others.
func (t *tx) hold(
	claims []store.Claim, ids []ident.ID, won map[ident.ID]bool, taken map[ident.ID]*store.Claim, holders []*store.Claim,
) error {
	t.won = make(map[ident.ID]store.Claim, len(claims))
	for i, id := range ids {
		if won[id] {
			t.won[id] = claims[i]
			continue
		}
		holders[i] = taken[id]
		if holders[i] == nil {
			return fmt.Errorf("%w: a claim's holder is gone", store.ErrConflict)
		}
		if !sameKey(holders[i], &claims[i]) {
			return errCollision
		}
	}
	return nil
}

func (c *columns) claim(id ident.ID, v *store.Claim) {
	c.id(id)
	c.int(v.Hash)
	c.text(v.Scope)
	c.int(v.UserID)
	c.text(v.Key)
	c.bytes(v.Digest[:])
	c.text(string(v.Kind))
	c.id(v.Object)
	c.time(v.At)
	c.bytesOrNull(v.Answer)
}

// writeClaims deletes the claims that were won and must not stay, and sets the
// answers of others.
func (t *tx) writeClaims(changes *store.Changes) {
	var released []ident.ID
	for i := range changes.Released {
		id := identity(&changes.Released[i])
		if _, ok := t.won[id]; ok {
			released = append(released, id)
			delete(t.won, id)
		}
	}
	if len(released) > 0 {
		t.writes.queue(deleteClaims, nil, idsParam(released))
	}
	if len(changes.Answered) == 0 {
		return
	}
	rows := newColumns(answerClaims.shape, len(changes.Answered))
	for i := range changes.Answered {
		rows.id(identity(&changes.Answered[i]))
		rows.bytesOrNull(changes.Answered[i].Answer)
		rows.end()
	}
	t.writes.update(answerClaims, rows)
}
