package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"florin/commit"
	"florin/gateway"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// charge calls the gateway of the payment's latest attempt, and returns the
// command that records what it said. An attempt that waited too long for its
// turn is not sent any more: another takes its place, maxStale times, in a batch
// for as long as it has patience.
func (s *Service) charge(ctx context.Context, run *charging) *settleCommand {
	p := run.payment
	var outcome gateway.Outcome
	err := errStale
	if s.waited(p) < s.cfg.ChargeDeadline/2 {
		ctx, cancel := s.detached(ctx)
		defer cancel()
		began := s.now()
		outcome, err = s.gateways[p.Gateway].Charge(ctx, gateway.Charge{
			Operation: p.Attempt, Payment: p.ID, Amount: p.Amount, Card: run.instrument.card,
			Capture:    p.CaptureMethod == payment.CaptureAutomatic,
			OffSession: p.Details.OffSession, ReturnURL: p.Details.ReturnURL,
		})
		took := s.now().Sub(began)
		s.measure(took)
		s.cfg.Observe(p.Gateway, outcome.Status, took)
		run.tried = append(run.tried, p.Gateway)
	}
	settle := s.settle(p.Attempt, outcome, err)
	if errors.Is(err, errStale) {
		run.stale++
	}
	if errors.Is(err, gateway.ErrNotSent) && (run.stale <= maxStale || s.now().Before(run.until)) {
		settle.Next, _ = run.next(p.UserID)
	}
	return &settleCommand{
		payment: p, settle: settle, claim: run.confirm.claim, method: run.instrument.method,
		confirmed: run.confirm.confirm.Start.Attempt,
	}
}

// waited returns how long a payment's latest attempt has been there.
func (s *Service) waited(p payment.Payment) time.Duration { return s.now().Sub(p.Attempt.Time()) }

// maxStale bounds what a store that is too slow to take payments has to do for
// each: the payment is declined, since nothing was charged.
const maxStale = 2

var errStale = fmt.Errorf("%w: the attempt waited too long for its turn", gateway.ErrNotSent)

// sentFor returns for how long after its attempt was made a charge may still
// arrive at the gateway.
func (s *Service) sentFor() time.Duration { return s.cfg.ChargeDeadline + s.cfg.ChargeDeadline/2 }

// settle turns a gateway's answer into the decision's command.
func (s *Service) settle(attempt ident.ID, outcome gateway.Outcome, err error) payment.Settle {
	settle := payment.Settle{
		Attempt: attempt, Reason: outcome.Reason, Reference: outcome.Reference, At: s.now(),
		ActionURL: outcome.RedirectURL, ExpiresAt: s.expiresAt(attempt),
		InquireAt: s.inquireAt(0), Capture: s.cfg.IDs.New(int64(attempt.Bucket())),
		Reversal: s.cfg.IDs.New(int64(attempt.Bucket())),
	}
	switch {
	case errors.Is(err, gateway.ErrNotSent):
		settle.Outcome, settle.Reason = payment.OutcomeDeclined, problem.NotCharged
	case err != nil:
		settle.Outcome, settle.Reason = payment.OutcomeUnknown, ""
	default:
		settle.Outcome = outcomes[outcome.Status]
	}
	if settle.Outcome == payment.OutcomeDeclined {
		settle.Reason = reason(gateway.Outcome{Reason: settle.Reason})
	}
	return settle
}

// leastAuthorized is how long an authorization that was learned late may still be
// captured.
const leastAuthorized = 24 * time.Hour

// expiresAt returns when an attempt's authorization is voided, counted from when
// it was sent: issuers do not know when we learned of it.
func (s *Service) expiresAt(attempt ident.ID) time.Time {
	sent, least := attempt.Time().Add(s.cfg.AuthorizedFor), s.now().Add(min(leastAuthorized, s.cfg.AuthorizedFor))
	if sent.Before(least) {
		return least
	}
	return sent
}

// reason returns why a gateway declined, in the catalogue's words.
func reason(outcome gateway.Outcome) problem.Code {
	if outcome.Reason.IsDecline() {
		return outcome.Reason
	}
	return problem.GenericDecline
}

// outcomes says what a gateway's status makes of an attempt.
var outcomes = map[gateway.Status]payment.Outcome{
	gateway.Approved:       payment.OutcomeApproved,
	gateway.Declined:       payment.OutcomeDeclined,
	gateway.RequiresAction: payment.OutcomeRequiresAction,
	gateway.Pending:        payment.OutcomePending,
	gateway.NotFound:       payment.OutcomeUnknown,
	gateway.Unknown:        payment.OutcomeUnknown,
}

// settled takes the answer of Tx 2. When that could not be written the payment
// is told as Tx 1 left it, processing, and worker/inquire settles it.
func (c *charging) settled(ctx context.Context, settle *settleCommand, err error) {
	if err != nil {
		c.service.cfg.Log.ErrorContext(ctx, "an outcome could not be written; it will be asked for",
			"payment", c.payment.ID.Text(ident.Payment), "error", err)
		c.end(Result{Payment: c.payment}, nil)
		return
	}
	p := settle.decided
	goesOn := !settle.settle.Next.Attempt.IsZero() && p.Attempt == settle.settle.Next.Attempt
	c.payment = p
	if !goesOn {
		c.end(Result{Payment: c.told(p, settle.state)}, nil)
		c.service.takeBack(ctx, p, settle.settle.Attempt)
	}
}

// told returns a payment in the state to tell. When somebody else has learned the
// outcome first it may have moved on: its caller is told what a repeated request is.
func (c *charging) told(p payment.Payment, state payment.State) payment.Payment {
	switch {
	case !c.confirm.payment.IsZero():
		p.State = state
	case p.Answered != nil:
		p.State = *p.Answered
	}
	return p
}

// settleCommand records what became of an attempt: Tx 2.
type settleCommand struct {
	payment payment.Payment
	settle  payment.Settle
	claim   *store.Claim // of the confirm that started the attempt
	method  ident.ID     // that a next attempt would charge
	// confirmed is the attempt with which that confirm began; zero for a new payment.
	confirmed ident.ID
	decided   payment.Payment
	state     payment.State // to tell
}

// Keys implements commit.Command.
func (c *settleCommand) Keys(k *store.Keys) {
	k.Payments = append(k.Payments, c.payment.ID)
	if !c.settle.Next.Attempt.IsZero() {
		methodKey(k, c.method)
	}
	if c.settle.Outcome != payment.OutcomeApproved {
		return
	}
	i := slices.IndexFunc(c.payment.Attempts, func(a payment.Attempt) bool { return a.ID == c.settle.Attempt })
	if i < 0 {
		return
	}
	if c.payment.CaptureMethod == payment.CaptureManual {
		return // nothing is booked
	}
	currency := c.payment.Amount.Currency
	k.Accounts = append(k.Accounts,
		ledger.Key{Name: ledger.Receivable(c.payment.Attempts[i].Gateway), Currency: currency},
		ledger.Key{Name: c.payment.Beneficiary(), Currency: currency})
}

// Claim implements commit.Command.
func (c *settleCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *settleCommand) Decide(v *commit.View) (commit.Decision, error) {
	p, err := v.Payment(c.payment.ID)
	if err != nil {
		return commit.Decision{}, err
	}
	settle := c.settle
	if !settle.Next.Attempt.IsZero() {
		switch err := chargeable(v, c.method); {
		case problem.Is(err, problem.NotFound):
			settle.Next = payment.Start{} // it was deleted meanwhile
		case err != nil:
			return commit.Decision{}, err
		}
	}
	changes, err := payment.DecideOutcome(p, settle)
	if err != nil {
		return commit.Decision{}, err
	}
	c.decided, c.state = changes.Payment, changes.Payment.State
	i := slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == settle.Attempt })
	if i >= 0 && !p.Attempts[i].Outcome.Open() && !c.confirmed.IsZero() {
		// Somebody else has learned the outcome, and a repeated request may have been
		// told of it. The payment may have moved on since.
		if state, open, ok := changes.Payment.AnswerTo(c.confirmed); ok && !open {
			c.state = state
		}
	}
	answered, err := answer(c.claim, c.state)
	return commit.Decision{Payment: changes, Answered: answered}, err
}

// takeBack reverses an approval that came too late, at once; what fails here,
// worker/inquire goes on with.
func (s *Service) takeBack(ctx context.Context, p payment.Payment, attemptID ident.ID) {
	i := slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == attemptID })
	if i < 0 || p.Attempts[i].Reversal == nil || p.Attempts[i].Reversal.Status != payment.OperationPending {
		return
	}
	s.cfg.Alert("a gateway approved late; the charge is being reversed",
		problem.New(problem.Internal, "%s at %s", attemptID.Text(ident.Attempt), p.Attempts[i].Gateway))
	s.void(ctx, p, p.Attempts[i])
}

// void tries a reversal at once.
func (s *Service) void(ctx context.Context, p payment.Payment, a payment.Attempt) {
	if err := s.reverse(ctx, p, a); err != nil {
		s.cfg.Log.ErrorContext(ctx, "a reversal will be tried again", "attempt", a.ID.Text(ident.Attempt), "error", err)
	}
}

// reverse voids a charge under the reversal's id, and records whether that was
// done.
func (s *Service) reverse(ctx context.Context, p payment.Payment, a payment.Attempt) error {
	ctx, cancel := s.detached(ctx)
	defer cancel()
	var outcome gateway.Outcome
	callErr := error(problem.New(problem.Internal, "gateway %s is not configured any more", a.Gateway))
	if g, ok := s.gateways[a.Gateway]; ok {
		outcome, callErr = release(ctx, g, p, a)
	}
	done := callErr == nil && outcome.Status == gateway.Approved
	reverse := payment.Reverse{
		Attempt: a.ID, Reversal: a.Reversal.ID, Done: done, InquireAt: s.inquireAt(a.Inquiry.Count),
	}
	if callErr == nil && outcome.Status == gateway.Declined {
		reverse.Again = s.cfg.IDs.New(p.UserID)
		s.cfg.Alert("a gateway refuses to take a charge back; it will be asked again",
			problem.New(problem.Internal, "%s at %s: %s", a.ID.Text(ident.Attempt), a.Gateway, outcome.Reason))
	}
	command := &paymentCommand{payment: p.ID, decide: func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideReversal(p, reverse)
	}}
	if !done && callErr == nil {
		callErr = problem.New(problem.Internal, "the gateway answered %s", outcome.Status)
	}
	return putOff(callErr, s.cfg.Commit.Do(s.shard(p.ID), true, command))
}

// release voids a charge. An authorization that its gateway cannot void lapses by
// itself: nothing is captured on it any more.
func release(ctx context.Context, g Gateway, p payment.Payment, a payment.Attempt) (gateway.Outcome, error) {
	taken := p.CaptureMethod == payment.CaptureAutomatic ||
		slices.ContainsFunc(p.Captures, func(c payment.Capture) bool { return c.Attempt == a.ID })
	if !g.Capabilities().Void && (!taken || a.Reversal.Rest) {
		return gateway.Outcome{Status: gateway.Approved}, nil
	}
	return g.Void(ctx, gateway.Void{
		Operation: a.Reversal.ID, Charge: a.ID, Reference: a.Reference, Amount: p.Amount, Rest: a.Reversal.Rest,
	})
}
