package flow

import (
	"context"
	"slices"

	"florin/commit"
	"florin/gateway"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// Capture takes money on an authorization.
type Capture struct {
	Payment     ident.ID
	Minor       int64 // 0 for all that is left
	Final       *bool // nil: final unless the gateway can capture several times
	Idempotency *Idempotency
}

// CaptureResult is a capture and its payment in the state to tell, and whether
// that was told before.
type CaptureResult struct {
	Capture  payment.Capture
	Payment  payment.Payment
	Replayed bool
}

// toldCapture is what is kept of a capture's answer.
type toldCapture struct {
	Capture payment.Capture
	State   payment.State
}

// Capture reserves, calls the gateway and books. A capture that the gateway
// refuses is a Result with the status failed.
func (s *Service) Capture(ctx context.Context, r Capture) (CaptureResult, error) {
	p, err := s.Payment(ctx, r.Payment)
	if err != nil {
		return CaptureResult{}, err
	}
	id := s.cfg.IDs.New(p.UserID)
	claim := s.claim(r.Idempotency, p.UserID, ident.Capture, id)
	held, err := s.holder(ctx, claim)
	if err != nil {
		return CaptureResult{}, err
	}
	if held != nil {
		return s.replayCapture(ctx, *held, p.ID)
	}
	take := payment.Take{ID: id, Minor: r.Minor, Final: r.Final, InquireAt: s.inquireAt(0)}
	command := &paymentCommand{payment: p.ID, claim: claim, decide: func(p payment.Payment) (payment.Changes, error) {
		if g, ok := s.gateways[p.Gateway]; ok { // who has authorized it by now
			can := g.Capabilities()
			take.Several, take.Partial = can.MultipleCapture, can.PartialCapture
		}
		return payment.DecideCapture(p, take)
	}}
	held, err = lost(claim, s.cfg.Commit.Do(s.shard(p.ID), false, command))
	switch {
	case err != nil:
		return CaptureResult{}, err
	case held != nil:
		return s.replayCapture(ctx, *held, p.ID)
	}
	p, err = s.takeMoney(ctx, command.decided, id, claim, false)
	captured, _ := captureOf(p, id)
	return CaptureResult{Capture: captured, Payment: p}, err
}

// takeMoney sends a reserved capture and records what became of it. What cannot
// be recorded stays pending, for worker/inquire.
func (s *Service) takeMoney(
	ctx context.Context, p payment.Payment, id ident.ID, claim *store.Claim, inquired bool,
) (payment.Payment, error) {
	capture, charge, ok := captureAndCharge(p, id)
	if !ok {
		return p, problem.New(problem.Internal, "%s is missing", id.Text(ident.Capture))
	}
	g, ok := s.gateways[charge.Gateway]
	if !ok {
		return p, problem.New(problem.Internal, "gateway %s is not configured any more", charge.Gateway)
	}
	ctx, cancel := s.detached(ctx)
	defer cancel()
	outcome, err := g.Capture(ctx, gateway.Capture{
		Operation: id, Charge: charge.ID, Reference: charge.Reference, Final: capture.Final,
		Amount: money.Amount{Minor: capture.Minor, Currency: p.Amount.Currency},
	})
	settle := s.settleCapture(capture, outcome, err, inquired)
	settle.Keep = inquired
	command := &settleCaptureCommand{payment: p, claim: claim, settle: settle}
	if err := s.cfg.Commit.Do(s.shard(p.ID), true, command); err != nil {
		s.cfg.Log.ErrorContext(ctx, "a capture's outcome could not be written; it will be asked for",
			"capture", id.Text(ident.Capture), "error", err)
		if inquired {
			return p, err
		}
		return p, nil
	}
	return command.decided, nil
}

func captureOf(p payment.Payment, id ident.ID) (payment.Capture, bool) {
	i := slices.IndexFunc(p.Captures, func(c payment.Capture) bool { return c.ID == id })
	if i < 0 {
		return payment.Capture{}, false
	}
	return p.Captures[i], true
}

func captureAndCharge(p payment.Payment, id ident.ID) (c payment.Capture, a payment.Attempt, ok bool) {
	c, ok = captureOf(p, id)
	i := slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == c.Attempt })
	if !ok || i < 0 {
		return c, a, false
	}
	return c, p.Attempts[i], true
}

// settleCapture turns a gateway's answer into the decision's command. A capture
// that was not sent stays pending: it is sent again, under the same id.
func (s *Service) settleCapture(
	c payment.Capture, outcome gateway.Outcome, err error, inquired bool,
) payment.SettleCapture {
	status, why := became(outcome, err)
	return payment.SettleCapture{
		Capture: c.ID, Status: status, Reason: why, Reference: outcome.Reference,
		At: s.now(), InquireAt: s.inquireAt(c.Inquiry.Count), Inquired: inquired,
	}
}

// became says what a gateway's answer makes of a capture or a refund: it is
// pending as long as nobody knows.
func became(outcome gateway.Outcome, err error) (payment.OperationStatus, problem.Code) {
	switch {
	case err != nil:
	case outcome.Status == gateway.Approved:
		return payment.OperationSucceeded, ""
	case outcome.Status == gateway.Declined:
		return payment.OperationFailed, reason(outcome)
	}
	return payment.OperationPending, ""
}

// inquireCapture settles a capture whose outcome is open. What never arrived is
// sent again.
func (s *Service) inquireCapture(ctx context.Context, p payment.Payment, id ident.ID) error {
	c, charge, ok := captureAndCharge(p, id)
	if !ok {
		return problem.New(problem.Internal, "%s is missing", id.Text(ident.Capture))
	}
	if c.Status != payment.OperationPending {
		return nil
	}
	outcome, err := s.resolve(ctx, charge.Gateway, c.ID)
	if err == nil && outcome.Status == gateway.NotFound {
		_, err = s.takeMoney(ctx, p, id, nil, true)
		return err
	}
	settle := s.settleCapture(c, outcome, err, true)
	settle.Keep = true
	command := &settleCaptureCommand{payment: p, settle: settle}
	return putOff(err, s.cfg.Commit.Do(s.shard(p.ID), true, command))
}

// replayCapture answers a repeated request for a capture.
func (s *Service) replayCapture(ctx context.Context, held store.Claim, paymentID ident.ID) (CaptureResult, error) {
	p, err := s.cfg.Store.Payment(ctx, paymentID)
	if err == nil && held.Answer == nil {
		held, err = s.cfg.Store.FindClaim(ctx, s.shardOf(held.UserID), held)
	}
	if err != nil {
		return CaptureResult{}, readError(err)
	}
	if held.Answer != nil {
		told, err := kept[toldCapture](held)
		p.State = told.State
		return CaptureResult{Capture: told.Capture, Payment: p, Replayed: true}, err
	}
	c, ok := captureOf(p, held.Object)
	if !ok {
		return CaptureResult{}, problem.New(problem.Internal, "%s is missing", held.Object.Text(ident.Capture))
	}
	young := s.now().Sub(c.ID.Time()) < s.sentFor()
	if c.Status == payment.OperationPending && c.AnsweredAt.IsZero() && young {
		return CaptureResult{}, inProgress()
	}
	if c.Told != nil {
		p.State = *c.Told
	}
	return CaptureResult{Capture: c, Payment: p, Replayed: true}, nil
}

// settleCaptureCommand is Tx 2 of a capture.
type settleCaptureCommand struct {
	payment payment.Payment
	settle  payment.SettleCapture
	claim   *store.Claim
	decided payment.Payment
}

// Keys implements commit.Command.
func (c *settleCaptureCommand) Keys(k *store.Keys) {
	k.Payments = append(k.Payments, c.payment.ID)
	_, charge, ok := captureAndCharge(c.payment, c.settle.Capture)
	if currency := c.payment.Amount.Currency; ok && c.settle.Status == payment.OperationSucceeded {
		k.Accounts = append(k.Accounts,
			ledger.Key{Name: ledger.Receivable(charge.Gateway), Currency: currency},
			ledger.Key{Name: c.payment.Beneficiary(), Currency: currency})
	}
}

// Claim implements commit.Command.
func (c *settleCaptureCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *settleCaptureCommand) Decide(v *commit.View) (commit.Decision, error) {
	p, err := v.Payment(c.payment.ID)
	if err != nil {
		return commit.Decision{}, err
	}
	changes, err := payment.DecideCaptureOutcome(p, c.settle)
	if err != nil {
		return commit.Decision{}, err
	}
	c.decided = changes.Payment
	decision := commit.Decision{Payment: changes}
	capture, ok := captureOf(changes.Payment, c.settle.Capture)
	if ok && c.claim != nil && capture.Status != payment.OperationPending {
		if capture.Told != nil { // another learned it first
			c.decided.State = *capture.Told
		}
		decision.Answered, err = keep(c.claim, toldCapture{Capture: capture, State: c.decided.State})
	}
	return decision, err
}
