package flow

import (
	"context"
	"errors"

	"florin/commit"
	"florin/ident"
	"florin/problem"
	"florin/store"
)

// namedCommand is a walletCommand whose claim is a name that the caller gave to
// what is done, unique for ever, and that may have a request's key besides.
type namedCommand[T any] struct {
	walletCommand[T]
	key *store.Claim
	// name is the field that the name stands in; values are those fields that it
	// may not be used with again when they differ.
	name, values string
}

// MoreClaims implements commit.MoreClaims.
func (c *namedCommand[T]) MoreClaims() []store.Claim {
	if c.key == nil {
		return nil
	}
	return []store.Claim{*c.key}
}

// completeNamed runs a command once for its name, or answers what the first with
// that name was answered.
func completeNamed[T any](ctx context.Context, s *Service, c *namedCommand[T]) (told T, replayed bool, err error) {
	// A key that was used with another body is wrong, whatever the name.
	used, err := s.holder(ctx, c.key)
	if err != nil {
		return told, false, err
	}
	held, err := s.holder(ctx, c.claim)
	if err != nil {
		return told, false, c.usedBefore(err)
	}
	if held == nil {
		held, err = c.holder(ctx, s, s.cfg.Commit.Do(s.shardOf(c.claim.UserID), false, c))
		if err != nil || held == nil {
			return c.decided, false, err
		}
	}
	if used == nil {
		if err = s.alsoUnder(c.key, held.Object); err != nil {
			return told, false, err
		}
	}
	told, err = kept[T](*held)
	return told, true, err
}

// holder returns the claim that holds the command's name already, or the error of
// its Tx.
func (c *namedCommand[T]) holder(ctx context.Context, s *Service, err error) (*store.Claim, error) {
	var l *commit.LostClaim
	switch {
	case !errors.As(err, &l):
		return nil, err
	case l.Holder.Same(*c.claim):
		return &l.Holder, c.usedBefore(sameBody(*c.claim, l.Holder))
	}
	if err := sameBody(*c.key, l.Holder); err != nil {
		return nil, err
	}
	held, err := s.holder(ctx, c.claim) // the same body has the same name
	return held, c.usedBefore(err)
}

// usedBefore says that it was the name that was used with other values, not the
// request's key.
func (c *namedCommand[T]) usedBefore(err error) error {
	if !problem.Is(err, problem.IdempotencyKeyReuse) {
		return err
	}
	p := problem.New(problem.IdempotencyKeyReuse, "this %s was used with another %s", c.name, c.values)
	p.Param = c.name
	return p
}

// alsoUnder claims a request's key, if it has one, for what was made under
// another name before: that is what the key means from now on.
func (s *Service) alsoUnder(key *store.Claim, made ident.ID) error {
	if key == nil {
		return nil
	}
	key.Object = made
	_, err := lost(key, s.cfg.Commit.Do(s.shardOf(key.UserID), false, claimCommand{key}))
	return err
}

// claimCommand claims a key, and does nothing else.
type claimCommand struct{ claim *store.Claim }

// Keys implements commit.Command.
func (claimCommand) Keys(*store.Keys) {}

// Claim implements commit.Command.
func (c claimCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (claimCommand) Decide(*commit.View) (commit.Decision, error) { return commit.Decision{}, nil }
