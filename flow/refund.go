package flow

import (
	"context"
	"errors"
	"slices"

	"florin/commit"
	"florin/gateway"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// Refund gives captured money back.
type Refund struct {
	Payment     ident.ID
	Minor       int64               // 0 for all that is left
	To          payment.Destination // "" for where it came from
	Idempotency *Idempotency
}

// RefundResult is a refund in the state to tell, and whether that was told
// before.
type RefundResult struct {
	Refund   payment.Refund
	Replayed bool
}

// Refund reserves, calls the gateway and books. A refund that the gateway
// refuses is a Result with the status failed.
func (s *Service) Refund(ctx context.Context, r Refund) (RefundResult, error) {
	p, err := s.Payment(ctx, r.Payment)
	if err != nil {
		var missing *problem.Problem
		if errors.As(err, &missing) && missing.Code == problem.NotFound {
			return RefundResult{}, missing.In("payment")
		}
		return RefundResult{}, err
	}
	id := s.cfg.IDs.New(p.UserID)
	claim := s.claim(r.Idempotency, p.UserID, ident.Refund, id)
	held, err := s.holder(ctx, claim)
	if err != nil {
		return RefundResult{}, err
	}
	if held != nil {
		return s.replayRefund(ctx, *held)
	}
	giveBack := payment.GiveBack{ID: id, Minor: r.Minor, To: r.To, InquireAt: s.inquireAt(0)}
	command := &paymentCommand{
		payment: p.ID, claim: claim,
		decide: func(p payment.Payment) (payment.Changes, error) { return payment.DecideRefund(p, giveBack) },
		answer: func(p payment.Payment) ([]store.Claim, error) { return refundAnswer(claim, p, id) },
	}
	held, err = lost(claim, s.cfg.Commit.Do(s.shard(p.ID), false, command))
	switch {
	case err != nil:
		return RefundResult{}, err
	case held != nil:
		return s.replayRefund(ctx, *held)
	}
	if refund, ok := refundOf(command.decided, id); ok && refund.Status != payment.OperationPending {
		return RefundResult{Refund: refund}, nil // into the wallet
	}
	refund, err := s.giveBack(ctx, command.decided, id, claim, false)
	return RefundResult{Refund: refund}, err
}

// giveBack sends a reserved refund and records what became of it. What cannot
// be recorded stays pending, for worker/inquire.
func (s *Service) giveBack(
	ctx context.Context, p payment.Payment, id ident.ID, claim *store.Claim, inquired bool,
) (payment.Refund, error) {
	refund, ok := refundOf(p, id)
	if !ok {
		return refund, problem.New(problem.Internal, "%s is missing", id.Text(ident.Refund))
	}
	g, ok := s.gateways[refund.Gateway]
	if !ok {
		return refund, problem.New(problem.Internal, "gateway %s is not configured any more", refund.Gateway)
	}
	charge, _ := p.Charged()
	ctx, cancel := s.detached(ctx)
	defer cancel()
	outcome, err := g.Refund(ctx, gateway.Refund{
		Operation: id, Charge: refund.Attempt, Reference: charge.Reference, Amount: refund.Amount,
	})
	command := &settleRefundCommand{payment: p, claim: claim, settle: s.settleRefund(refund, outcome, err, inquired)}
	if err := s.cfg.Commit.Do(s.shard(p.ID), true, command); err != nil {
		s.cfg.Log.ErrorContext(ctx, "a refund's outcome could not be written; it will be asked for",
			"refund", id.Text(ident.Refund), "error", err)
		if inquired {
			return refund, err
		}
		return refund, nil
	}
	refund, _ = refundOf(command.decided, id)
	return refund.FirstOutcome(), nil
}

func refundOf(p payment.Payment, id ident.ID) (payment.Refund, bool) {
	i := slices.IndexFunc(p.Refunds, func(r payment.Refund) bool { return r.ID == id })
	if i < 0 {
		return payment.Refund{}, false
	}
	return p.Refunds[i], true
}

// settleRefund turns a gateway's answer into the decision's command. A refund
// that was not sent stays pending: it is sent again, under the same id.
func (s *Service) settleRefund(
	r payment.Refund, outcome gateway.Outcome, err error, inquired bool,
) payment.SettleRefund {
	status, why := became(outcome, err)
	return payment.SettleRefund{
		Refund: r.ID, Status: status, Reason: why, Reference: outcome.Reference,
		At: s.now(), InquireAt: s.inquireAt(r.Inquiry.Count), Inquired: inquired,
	}
}

// replayRefund answers a repeated request for a refund.
func (s *Service) replayRefund(ctx context.Context, held store.Claim) (RefundResult, error) {
	r, err := s.cfg.Store.Refund(ctx, held.Object)
	if err != nil {
		return RefundResult{}, readError(err)
	}
	if held.Answer != nil {
		told, err := kept[payment.Refund](held)
		return RefundResult{Refund: told, Replayed: true}, err
	}
	young := s.now().Sub(r.ID.Time()) < s.sentFor()
	if r.Status == payment.OperationPending && r.AnsweredAt.IsZero() && young {
		return RefundResult{}, inProgress()
	}
	return RefundResult{Refund: r.FirstOutcome(), Replayed: true}, nil
}

// settleRefundCommand is Tx 2 of a refund.
type settleRefundCommand struct {
	payment payment.Payment
	settle  payment.SettleRefund
	claim   *store.Claim
	decided payment.Payment
}

// Keys implements commit.Command.
func (c *settleRefundCommand) Keys(k *store.Keys) {
	k.Payments = append(k.Payments, c.payment.ID)
	if r, ok := refundOf(c.payment, c.settle.Refund); ok && c.settle.Status != payment.OperationPending {
		k.Accounts = append(k.Accounts,
			ledger.Key{Name: c.payment.Beneficiary(), Currency: r.Amount.Currency},
			ledger.Key{Name: ledger.Receivable(r.Gateway), Currency: r.Amount.Currency})
	}
}

// Claim implements commit.Command.
func (c *settleRefundCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *settleRefundCommand) Decide(v *commit.View) (commit.Decision, error) {
	p, err := v.Payment(c.payment.ID)
	if err != nil {
		return commit.Decision{}, err
	}
	changes, err := payment.DecideRefundOutcome(p, c.settle)
	if err != nil {
		return commit.Decision{}, err
	}
	c.decided = changes.Payment
	answered, err := refundAnswer(c.claim, changes.Payment, c.settle.Refund)
	return commit.Decision{Payment: changes, Answered: answered}, err
}

// refundAnswer keeps a refund whose outcome is known in its request's claim.
func refundAnswer(c *store.Claim, p payment.Payment, id ident.ID) ([]store.Claim, error) {
	r, ok := refundOf(p, id)
	if !ok || r.Status == payment.OperationPending {
		return nil, nil
	}
	return keep(c, r.FirstOutcome())
}
