package flow

import (
	"context"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

// Cancel ends a payment of which nothing was captured.
type Cancel struct {
	Payment     ident.ID
	Idempotency *Idempotency
}

// Cancel decides in one Tx. What was authorized is voided after that, and tried
// again by worker/inquire until it is done.
func (s *Service) Cancel(ctx context.Context, r Cancel) (Result, error) {
	p, err := s.Payment(ctx, r.Payment)
	if err != nil {
		return Result{}, err
	}
	claim := s.claim(r.Idempotency, p.UserID, ident.Payment, p.ID)
	held, err := s.holder(ctx, claim)
	if err != nil {
		return Result{}, err
	}
	if held == nil {
		cancel := payment.Cancel{Reversal: s.cfg.IDs.New(p.UserID), InquireAt: s.inquireAt(0)}
		command := &paymentCommand{
			payment: p.ID, claim: claim,
			decide: func(p payment.Payment) (payment.Changes, error) {
				if g, ok := s.gateways[p.Gateway]; ok { // who has authorized it by now
					cancel.NoVoid = !g.Capabilities().Void
				}
				return payment.DecideCancel(p, cancel)
			},
			answer: func(p payment.Payment) ([]store.Claim, error) { return answer(claim, p.State) },
		}
		held, err = lost(claim, s.cfg.Commit.Do(s.shard(p.ID), false, command))
		if err == nil && held == nil {
			s.voidIfBegun(ctx, command.decided, cancel.Reversal)
		}
		if err != nil || held == nil {
			return Result{Payment: command.decided}, err
		}
	}
	return s.replay(ctx, *held, p.ID)
}

// voidIfBegun tries the reversal of that id at once, if a decision has begun it.
func (s *Service) voidIfBegun(ctx context.Context, p payment.Payment, reversal ident.ID) {
	for _, a := range p.Attempts {
		if a.Reversal != nil && a.Reversal.ID == reversal && a.Reversal.Status == payment.OperationPending {
			s.void(ctx, p, a)
		}
	}
}

// Expire ends an authorization that is due: what was not captured is voided.
func (s *Service) Expire(ctx context.Context, due store.Due) error {
	expire := payment.Expire{
		Attempt: due.Operation, Reversal: s.cfg.IDs.New(int64(due.Payment.Bucket())), InquireAt: s.inquireAt(0),
		Again: s.inquireAt(0),
	}
	command := &paymentCommand{payment: due.Payment, decide: func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideExpire(p, expire)
	}}
	if err := s.cfg.Commit.Do(s.shard(due.Payment), true, command); err != nil {
		return err
	}
	s.voidIfBegun(ctx, command.decided, expire.Reversal)
	return nil
}
