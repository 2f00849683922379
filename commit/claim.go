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

// claim claims the group's keys: a lost claim is its command's answer.
func claim(ctx context.Context, tx store.Tx, group []item, answers []error) (all claimed, err error) {
	all.claims = make([]store.Claim, 0, len(group))
	all.of = make([]int, 0, len(group))
	for i, it := range group {
		eachClaim(it.command, func(c *store.Claim) {
			all.claims = append(all.claims, *c)
			all.of = append(all.of, i)
		})
	}
	if len(all.claims) == 0 {
		return all, nil
	}
	if all.holders, err = tx.Claim(ctx, all.claims); err != nil {
		return all, err
	}
	for j, holder := range all.holders {
		if i := all.of[j]; holder != nil && answers[i] == nil {
			answers[i] = &LostClaim{Holder: *holder}
		}
	}
	return all, nil
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
