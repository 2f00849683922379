package commit

import (
	"context"

	"florin/store"
)

// MoreClaims is a Command that needs other unique keys besides its Claim's. It
// gets all of them or none: the first that is lost is its answer.
type MoreClaims interface {
	MoreClaims() []store.Claim
}

func hasMore(command Command) bool {
	_, more := command.(MoreClaims)
	return more
}

// eachClaim visits the claims of a command.
func eachClaim(command Command, visit func(*store.Claim)) {
	if claim := command.Claim(); claim != nil {
		visit(claim)
	}
	if more, ok := command.(MoreClaims); ok {
		claims := more.MoreClaims()
		for i := range claims {
			visit(&claims[i])
		}
	}
}

// share tells whether a command's keys are none of those claimed in its group,
// and adds them.
func share(command Command, claimed map[int64]struct{}) bool {
	free := true
	eachClaim(command, func(c *store.Claim) {
		_, twice := claimed[c.Hash]
		free = free && !twice
	})
	if free {
		eachClaim(command, func(c *store.Claim) { claimed[c.Hash] = struct{}{} })
	}
	return free
}

// claimed is what a group claimed: for each claim, whose it is and who holds it.
type claimed struct {
	claims  []store.Claim
	of      []int // indexes into the group, ascending
	holders []*store.Claim
}

// claimsOf collects what the group claims.
func claimsOf(group []item) claimed {
	all := claimed{claims: make([]store.Claim, 0, len(group)), of: make([]int, 0, len(group))}
	for i, it := range group {
		eachClaim(it.command, func(c *store.Claim) {
			all.claims = append(all.claims, *c)
			all.of = append(all.of, i)
		})
	}
	return all
}

// take claims the group's keys, and loads what its commands read: where both are one
// round trip, that of commands too that lost their claims.
func (c *claimed) take(ctx context.Context, tx store.Tx, group []item, answers []error) (
	keys store.Keys, state store.State, err error,
) {
	if one, ok := tx.(store.OneTrip); ok && len(c.claims) > 0 {
		keys = union(group, answers, tx.Slot())
		c.holders, state, err = one.ClaimAndLoad(ctx, c.claims, keys)
		if err == nil {
			c.answer(answers)
		}
		return keys, state, err
	}
	if len(c.claims) > 0 {
		if c.holders, err = tx.Claim(ctx, c.claims); err != nil {
			return keys, state, err
		}
		c.answer(answers)
	}
	keys = union(group, answers, tx.Slot())
	state, err = tx.Load(ctx, keys)
	return keys, state, err
}

// answer tells the commands whose claims were lost.
func (c *claimed) answer(answers []error) {
	for j, holder := range c.holders {
		if i := c.of[j]; holder != nil && answers[i] == nil {
			answers[i] = &LostClaim{Holder: *holder}
		}
	}
}

// lost returns the claims won by commands that lost another.
func (c *claimed) lost(answers []error) (released []store.Claim) {
	for j, i := range c.of {
		if answers[i] != nil && c.holders[j] == nil {
			released = append(released, c.claims[j])
		}
	}
	return released
}

// release appends the claims that the ith command won.
func (c *claimed) release(i int, released []store.Claim) []store.Claim {
	for j, of := range c.of {
		if of == i && c.holders[j] == nil {
			released = append(released, c.claims[j])
		}
	}
	return released
}
