package flow

import (
	"context"

	"florin/commit"
	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// Confirm charges a payment that waits for it, or that was declined.
type Confirm struct {
	Payment     ident.ID
	Method      string // "" keeps the payment's own
	Idempotency *Idempotency
}

// Confirm starts an attempt and waits for its outcome. A decline is a Result,
// not an error.
func (s *Service) Confirm(ctx context.Context, r Confirm) (Result, error) {
	p, err := s.Payment(ctx, r.Payment)
	if err != nil {
		return Result{}, err
	}
	run := &charging{service: s, shard: s.shard(p.ID)}
	attempt := s.cfg.IDs.New(p.UserID)
	run.claim = s.claim(r.Idempotency, p.UserID, ident.Attempt, attempt)
	held, err := s.holder(ctx, run.claim)
	if err != nil {
		return Result{}, err
	}
	if held != nil {
		return s.replay(ctx, *held, p.ID)
	}
	method := r.Method
	if method == "" {
		method = p.PaymentMethod
	}
	if method == "" {
		return Result{}, problem.Invalid("payment_method", "is needed: the payment has none yet")
	}
	start, blocked, err := run.choose(ctx, p.UserID, method, p.Amount, true)
	if err != nil {
		return Result{}, err
	}
	start.Attempt = attempt
	run.confirm = confirmCommand{payment: p.ID, claim: run.claim, method: run.instrument.method, confirm: payment.Confirm{
		Method: method, Start: start, Blocked: blocked, Wallet: s.fromWallet(method, start),
	}}
	run.confirm.amount, run.confirm.userID = p.Amount, p.UserID
	err = s.cfg.Commit.Do(run.shard, false, &run.confirm)
	held, err = lost(run.claim, err)
	switch {
	case err != nil:
		return Result{}, err
	case held != nil:
		return s.replay(ctx, *held, p.ID)
	}
	run.begin(run.confirm.decided)
	for !run.done {
		settle := s.charge(ctx, run)
		run.settled(ctx, settle, s.cfg.Commit.Do(run.shard, true, settle))
	}
	return run.result, run.err
}

// confirmCommand is Tx 1 of a payment that is there already.
type confirmCommand struct {
	payment ident.ID
	confirm payment.Confirm
	userID  int64
	amount  money.Amount
	claim   *store.Claim
	method  ident.ID // zero for a test card's name
	decided payment.Payment
}

// Keys implements commit.Command.
func (c *confirmCommand) Keys(k *store.Keys) {
	k.Payments = append(k.Payments, c.payment)
	walletPayment(k, c.confirm.Wallet, c.userID, c.amount)
	methodKey(k, c.method)
}

// Claim implements commit.Command.
func (c *confirmCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *confirmCommand) Decide(v *commit.View) (commit.Decision, error) {
	p, err := v.Payment(c.payment)
	if err != nil {
		return commit.Decision{}, err
	}
	if err := look(v, c.confirm.Wallet, c.userID, c.amount); err != nil {
		return commit.Decision{}, err
	}
	if err := chargeable(v, c.method); err != nil {
		return commit.Decision{}, err
	}
	changes, err := payment.DecideConfirm(p, c.confirm)
	if err != nil {
		return commit.Decision{}, err
	}
	c.decided = changes.Payment
	answered, err := answer(c.claim, changes.Payment.State)
	return commit.Decision{Payment: changes, Answered: answered}, err
}
