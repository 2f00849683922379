package flow

import (
	"context"

	"florin/commit"
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
		command := &cancelCommand{payment: p.ID, claim: claim, gateways: s.gateways, cancel: payment.Cancel{
			Reversal: s.cfg.IDs.New(p.UserID), InquireAt: s.inquireAt(0),
		}}
		held, err = lost(claim, s.cfg.Commit.Do(s.shard(p.ID), false, command))
		if err == nil && held == nil {
			s.voidIfBegun(ctx, command.decided, command.cancel.Reversal)
		}
		if err != nil || held == nil {
			return Result{Payment: command.decided}, err
		}
	}
	return s.replay(ctx, *held, p.ID)
}

// cancelCommand cancels a payment.
type cancelCommand struct {
	payment ident.ID
	cancel  payment.Cancel
	claim   *store.Claim
	decided payment.Payment
	// gateways say what the one can that has authorized the payment by now.
	gateways map[string]Gateway
}

// Keys implements commit.Command.
func (c *cancelCommand) Keys(k *store.Keys) { k.Payments = append(k.Payments, c.payment) }

// Claim implements commit.Command.
func (c *cancelCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *cancelCommand) Decide(v *commit.View) (commit.Decision, error) {
	p, err := v.Payment(c.payment)
	if err != nil {
		return commit.Decision{}, err
	}
	if g, ok := c.gateways[p.Gateway]; ok {
		c.cancel.NoVoid = !g.Capabilities().Void
	}
	changes, err := payment.DecideCancel(p, c.cancel)
	if err != nil {
		return commit.Decision{}, err
	}
	c.decided = changes.Payment
	answered, err := answer(c.claim, changes.Payment.State)
	return commit.Decision{Payment: changes, Answered: answered}, err
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
	command := &expireCommand{payment: due.Payment, expire: payment.Expire{
		Attempt: due.Operation, Reversal: s.cfg.IDs.New(int64(due.Payment.Bucket())), InquireAt: s.inquireAt(0),
		Again: s.inquireAt(0),
	}}
	if err := s.cfg.Commit.Do(s.shard(due.Payment), true, command); err != nil {
		return err
	}
	s.voidIfBegun(ctx, command.decided, command.expire.Reversal)
	return nil
}

// expireCommand ends an authorization.
type expireCommand struct {
	payment ident.ID
	expire  payment.Expire
	decided payment.Payment
}

// Keys implements commit.Command.
func (c *expireCommand) Keys(k *store.Keys) { k.Payments = append(k.Payments, c.payment) }

// Claim implements commit.Command.
func (c *expireCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *expireCommand) Decide(v *commit.View) (commit.Decision, error) {
	p, err := v.Payment(c.payment)
	if err != nil {
		return commit.Decision{}, err
	}
	changes, err := payment.DecideExpire(p, c.expire)
	c.decided = changes.Payment
	return commit.Decision{Payment: changes}, err
}
