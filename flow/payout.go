package flow

import (
	"context"

	"florin/commit"
	"florin/ident"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// PayOut sends money from a wallet to its user's bank.
type PayOut struct {
	UserID      int64
	Amount      money.Amount
	Description string
	Metadata    map[string]string
	Idempotency *Idempotency
}

// PayOut takes the money out of the wallet in one Tx; the payout then waits for a
// file for the bank.
func (s *Service) PayOut(ctx context.Context, r PayOut) (p wallet.Payout, replayed bool, err error) {
	c := wallet.PayOut{
		ID: s.cfg.IDs.New(r.UserID), UserID: r.UserID, Amount: r.Amount, Description: r.Description,
		Metadata: r.Metadata,
	}
	command := &walletCommand[wallet.Payout]{
		claim: s.claim(r.Idempotency, r.UserID, ident.Payout, c.ID), keys: walletKeys(r.UserID, r.Amount.Currency),
		decide: func(v *commit.View) (d commit.Decision, p wallet.Payout, err error) {
			balance, err := balanceOf(v, r.UserID, r.Amount.Currency)
			if err != nil {
				return d, p, err
			}
			changes, err := wallet.DecidePayout(balance, c)
			d.Payouts = []store.Change[wallet.Payout]{{Value: changes.Value, New: true}}
			d.Transactions, d.Events = changes.Transactions, changes.Events
			return d, changes.Value, err
		},
	}
	return complete(ctx, s, s.shardOf(r.UserID), command)
}

// PayoutByID returns a payout.
func (s *Service) PayoutByID(ctx context.Context, id ident.ID) (wallet.Payout, error) {
	p, err := s.cfg.Store.Payout(ctx, id)
	return p, readError(err)
}

// Payouts lists payouts, newest first, of one user's shard or of all.
func (s *Service) Payouts(ctx context.Context, q store.PayoutQuery) ([]wallet.Payout, error) {
	return merged(s.shards(q.UserID), q.Page,
		func(shard int) ([]wallet.Payout, error) { return s.cfg.Store.Payouts(ctx, shard, q) },
		func(p wallet.Payout) ident.ID { return p.ID })
}
