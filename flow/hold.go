package flow

import (
	"context"
	"time"

	"florin/commit"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// PlaceHold sets a part of a wallet aside.
type PlaceHold struct {
	UserID   int64
	Amount   money.Amount
	Reason   string
	Metadata map[string]string
	// ExpiresAt is when it ends by itself, or ExpiresIn how long it lasts; a week
	// when both are zero.
	ExpiresAt   time.Time
	ExpiresIn   time.Duration
	Idempotency *Idempotency
}

// PlaceHold needs one Tx; a wallet that is short is an InsufficientFunds problem.
func (s *Service) PlaceHold(ctx context.Context, r PlaceHold) (h wallet.Hold, replayed bool, err error) {
	c := wallet.PlaceHold{
		ID: s.cfg.IDs.New(r.UserID), UserID: r.UserID, Amount: r.Amount, Reason: r.Reason, Metadata: r.Metadata,
		ExpiresAt: r.ExpiresAt, At: s.now(),
	}
	if r.ExpiresIn != 0 {
		c.ExpiresAt = c.At.Add(r.ExpiresIn)
	}
	command := &walletCommand[wallet.Hold]{
		claim: s.claim(r.Idempotency, r.UserID, ident.Hold, c.ID), keys: walletKeys(r.UserID, r.Amount.Currency),
		decide: func(v *commit.View) (commit.Decision, wallet.Hold, error) {
			balance, err := balanceOf(v, r.UserID, r.Amount.Currency)
			if err != nil {
				return commit.Decision{}, wallet.Hold{}, err
			}
			return holdDecision(wallet.DecideHold(balance, c))
		},
	}
	return complete(ctx, s, s.shardOf(r.UserID), command)
}

// holdDecision makes a committer's decision of a hold's.
func holdDecision(c wallet.Changes[wallet.Hold], err error) (commit.Decision, wallet.Hold, error) {
	d := commit.Decision{Transactions: c.Transactions, Events: c.Events}
	if c.Changed {
		d.Holds = []store.Change[wallet.Hold]{{Value: c.Value, New: c.New}}
	}
	return d, c.Value, err
}

// EndHold captures or releases a user's hold.
type EndHold struct {
	UserID      int64
	Hold        ident.ID
	Capture     bool  // or else release
	Minor       int64 // to capture; 0 for all
	Idempotency *Idempotency
}

// EndHold ends a hold in one Tx. Of all that would end it exactly one does; the
// others are refused as WrongState.
func (s *Service) EndHold(ctx context.Context, r EndHold) (h wallet.Hold, replayed bool, err error) {
	there, err := s.HoldByID(ctx, r.UserID, r.Hold)
	if err != nil {
		return h, false, err
	}
	command := s.endCommand(there, func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
		if r.Capture {
			return h.DecideCapture(wallet.CaptureHold{Minor: r.Minor, At: s.now()})
		}
		return h.DecideRelease()
	})
	command.claim = s.claim(r.Idempotency, r.UserID, ident.Hold, r.Hold)
	return complete(ctx, s, s.shard(r.Hold), command)
}

// ExpireHold ends a hold whose time is over, and leaves any other alone.
func (s *Service) ExpireHold(_ context.Context, h wallet.Hold) error {
	return s.cfg.Commit.Do(s.shard(h.ID), true, s.endCommand(h,
		func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) { return h.DecideExpiry(s.now()) }))
}

// endCommand decides about a hold that is there.
func (s *Service) endCommand(
	h wallet.Hold, decide func(wallet.Hold) (wallet.Changes[wallet.Hold], error),
) *walletCommand[wallet.Hold] {
	command := &walletCommand[wallet.Hold]{keys: walletKeys(h.UserID, h.Amount.Currency)}
	command.keys.Holds = []ident.ID{h.ID}
	command.keys.Accounts = append(command.keys.Accounts,
		ledger.Key{Name: ledger.Held(h.UserID), Currency: h.Amount.Currency})
	command.decide = func(v *commit.View) (commit.Decision, wallet.Hold, error) {
		h, err := v.Hold(h.ID)
		if err != nil {
			return commit.Decision{}, h, err
		}
		return holdDecision(decide(h))
	}
	return command
}

// HoldByID returns a hold of a user.
func (s *Service) HoldByID(ctx context.Context, userID int64, id ident.ID) (wallet.Hold, error) {
	h, err := s.cfg.Store.Hold(ctx, id)
	if err == nil && h.UserID != userID {
		return wallet.Hold{}, problem.New(problem.NotFound, "the user has no such hold")
	}
	return h, readError(err)
}

// Holds lists a user's holds, newest first.
func (s *Service) Holds(ctx context.Context, q store.HoldQuery) ([]wallet.Hold, error) {
	holds, err := s.cfg.Store.Holds(ctx, s.shardOf(q.UserID), q)
	return holds, readError(err)
}
