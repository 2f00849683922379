package flow

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// Idempotency is the key with which a caller marks a request that it may
// repeat.
type Idempotency struct {
	Scope  string // the request's path
	Key    string
	Digest [32]byte // of the body, keyed
}

// Result is a flow's answer: the payment in the state to tell, and whether that
// was told before.
type Result struct {
	Payment  payment.Payment
	Replayed bool
}

// claim returns the claim of a request, or nil without a key.
func (s *Service) claim(i *Idempotency, userID int64, kind ident.Kind, object ident.ID) *store.Claim {
	if i == nil {
		return nil
	}
	user := strconv.AppendInt(nil, userID, 10)
	hash := s.cfg.Vault.Digest([]byte(i.Scope), user, []byte(i.Key))
	c := &store.Claim{
		Scope: i.Scope, UserID: userID, Key: i.Key, Kind: kind, Object: object, At: s.now(),
		Digest: [16]byte(i.Digest[:16]),
	}
	for _, b := range hash[:8] {
		c.Hash = c.Hash<<8 | int64(b)
	}
	return c
}

// keyed is a request's claim, nil without a key, and the one that has the key
// already, nil for none.
type keyed struct {
	claim, held *store.Claim
	err         error
}

// refused tells whether a Tx was not tried, or failed: a request that was carried out
// before must not be told so.
func refused(err error) bool {
	return problem.Is(err, problem.Overloaded) || problem.Is(err, problem.Unavailable)
}

// lookUp looks for who has the keys of requests, with one question a shard.
func (s *Service) lookUp(ctx context.Context, claims []*store.Claim) []keyed {
	found := make([]keyed, len(claims))
	if len(claims) == 0 {
		return found
	}
	byShard := make([][]int, s.cfg.Store.Shards())
	for i, c := range claims {
		if found[i].claim = c; c != nil {
			byShard[s.shardOf(c.UserID)] = append(byShard[s.shardOf(c.UserID)], i)
		}
	}
	s.cfg.Each(len(byShard), len(byShard), func(shard int) {
		asked := make([]store.Claim, len(byShard[shard]))
		for at, i := range byShard[shard] {
			asked[at] = *claims[i]
		}
		if len(asked) == 0 {
			return
		}
		holders, err := s.cfg.Store.FindClaims(ctx, shard, asked)
		for at, i := range byShard[shard] {
			k := &found[i]
			if err != nil {
				k.err = readError(err)
			} else if k.held = holders[at]; k.held != nil {
				k.err = sameBody(*k.claim, *k.held)
			}
		}
	})
	return found
}

// holder returns the claim that has c's key already, or nil.
func (s *Service) holder(ctx context.Context, c *store.Claim) (*store.Claim, error) {
	if c == nil {
		return nil, nil
	}
	held, err := s.cfg.Store.FindClaim(ctx, s.shardOf(c.UserID), *c)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, readError(err)
	}
	return &held, sameBody(*c, held)
}

func sameBody(c, held store.Claim) error {
	if c.Digest != held.Digest {
		err := problem.New(problem.IdempotencyKeyReuse, "this key was used with another body")
		err.Param = "Idempotency-Key"
		return err
	}
	return nil
}

// replay answers a repeated request about a payment: what the first was
// answered, or, while that is open, how things stand.
func (s *Service) replay(ctx context.Context, held store.Claim, paymentID ident.ID) (Result, error) {
	p, err := s.cfg.Store.Payment(ctx, paymentID)
	if err == nil && held.Answer == nil && held.Kind != ident.Payment {
		// The first request may have been answered between the two reads, and the
		// payment may have moved on since.
		held, err = s.cfg.Store.FindClaim(ctx, s.shardOf(held.UserID), held)
	}
	if err != nil {
		return Result{}, readError(err)
	}
	if held.Answer != nil {
		p.State, err = kept[payment.State](held)
		return Result{Payment: p, Replayed: true}, err
	}
	if held.Kind == ident.Payment && p.AnsweredVersion != 0 {
		if p.Answered != nil {
			p.State = *p.Answered
		}
		return Result{Payment: p, Replayed: true}, nil
	}
	if held.Kind == ident.Attempt {
		state, open, ok := p.AnswerTo(held.Object)
		if ok && !open {
			p.State = state
			return Result{Payment: p, Replayed: true}, nil
		}
	}
	if p.Status == payment.Processing && s.underWay(p) {
		return Result{}, inProgress()
	}
	return Result{Payment: p, Replayed: true}, nil
}

func inProgress() error {
	return problem.New(problem.IdempotencyInProgress, "the first request with this key has not been answered yet")
}

// underWay tells whether some process is still waiting for the latest attempt's
// gateway. Past the charge's deadline that process is gone.
func (s *Service) underWay(p payment.Payment) bool {
	i := slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == p.Attempt })
	if i < 0 || !p.Attempts[i].AnsweredAt.IsZero() {
		return false
	}
	return s.now().Sub(p.Attempt.Time()) < s.sentFor()
}

// answer keeps the state that a request is answered with in its claim.
func answer(c *store.Claim, state payment.State) ([]store.Claim, error) {
	if state.Status == payment.Processing {
		return nil, nil
	}
	return keep(c, state)
}

// keep keeps what a request is answered with in its claim, if it has one.
func keep(c *store.Claim, told any) ([]store.Claim, error) {
	if c == nil {
		return nil, nil
	}
	answered := *c
	var err error
	answered.Answer, err = json.Marshal(told)
	return []store.Claim{answered}, err
}

// readError turns a reader's error into a problem.
func readError(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return problem.New(problem.NotFound, "there is no such object").With(err)
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrConflict):
		return problem.New(problem.Unavailable, "the store cannot be reached").After(retryAfter).With(err)
	}
	return err
}
