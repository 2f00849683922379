package flow

import (
	"context"
	"regexp"
	"slices"

	"florin/commit"
	"florin/gateway"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// DisputeByID returns a dispute.
func (s *Service) DisputeByID(ctx context.Context, id ident.ID) (payment.Dispute, error) {
	d, err := s.cfg.Store.Dispute(ctx, id)
	return d, readError(err)
}

// Disputes lists disputes, newest first.
func (s *Service) Disputes(ctx context.Context, q store.DisputeQuery) ([]payment.Dispute, error) {
	shards := s.shards(q.UserID)
	if !q.Payment.IsZero() {
		shards = []int{s.shard(q.Payment)}
	}
	return merged(shards, q.Page,
		func(shard int) ([]payment.Dispute, error) { return s.cfg.Store.Disputes(ctx, shard, q) },
		func(d payment.Dispute) ident.ID { return d.ID })
}

// reasonForm is what a dispute's reason may look like; any other is told as
// "general".
var reasonForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// errUnsettled asks a gateway to tell of a dispute again.
var errUnsettled = problem.New(problem.Unavailable, "the charge's own outcome is not known yet").After(retryAfter)

// noticeDispute takes what a gateway tells of a dispute.
func (s *Service) noticeDispute(p payment.Payment, n gateway.Notice) error {
	i := slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == n.Operation })
	if i < 0 {
		s.cfg.Alert("a gateway disputes what is no charge",
			problem.New(problem.NotFound, "%s: %s of %x", n.Gateway, n.Dispute.Reference, n.Operation))
		return nil
	}
	a := p.Attempts[i]
	if a.Outcome.Open() {
		return errUnsettled
	}
	if !reasonForm.MatchString(n.Dispute.Reason) {
		n.Dispute.Reason = "general"
	}
	command := &disputeCommand{payment: p, notice: *n.Dispute, disputed: payment.Disputed{
		ID: s.cfg.IDs.New(p.UserID), Attempt: a.ID, Reference: n.Dispute.Reference, Amount: n.Dispute.Amount,
		Reason: n.Dispute.Reason, Status: disputeStatuses[n.Dispute.Status],
	}}
	if err := s.cfg.Commit.Do(s.shard(p.ID), true, command); err != nil {
		return err
	}
	if command.exceeds {
		s.cfg.Alert("a gateway disputes more than is left of a charge",
			problem.New(problem.Internal, "%s at %s: %s", a.ID.Text(ident.Attempt), a.Gateway, n.Dispute.Reference))
	}
	return nil
}

// disputeStatuses are the statuses as gateways tell them.
var disputeStatuses = map[gateway.DisputeStatus]payment.DisputeStatus{
	gateway.DisputeNeedsResponse: payment.DisputeNeedsResponse,
	gateway.DisputeUnderReview:   payment.DisputeUnderReview,
	gateway.DisputeWon:           payment.DisputeWon,
	gateway.DisputeLost:          payment.DisputeLost,
}

// disputeCommand opens a dispute, if it is new, or moves it on.
type disputeCommand struct {
	payment  payment.Payment
	disputed payment.Disputed
	notice   gateway.Dispute
	exceeds  bool // it is new, and more than is left
}

// Keys implements commit.Command.
func (c *disputeCommand) Keys(k *store.Keys) {
	k.Payments = append(k.Payments, c.payment.ID)
	i := slices.IndexFunc(c.payment.Attempts, func(a payment.Attempt) bool { return a.ID == c.disputed.Attempt })
	names := []ledger.Name{ledger.Receivable(c.payment.Attempts[i].Gateway)}
	if c.payment.Purpose == payment.WalletTopUp {
		names = append(names, ledger.Wallet(c.payment.UserID), ledger.Losses)
	} else {
		names = append(names, ledger.Disputes)
	}
	for _, name := range names {
		k.Accounts = append(k.Accounts, ledger.Key{Name: name, Currency: c.payment.Amount.Currency})
	}
}

// Claim implements commit.Command.
func (c *disputeCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *disputeCommand) Decide(v *commit.View) (commit.Decision, error) {
	c.exceeds = false
	p, err := v.Payment(c.payment.ID)
	if err != nil {
		return commit.Decision{}, err
	}
	i := slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == c.disputed.Attempt })
	if i < 0 {
		return commit.Decision{}, problem.New(problem.Internal, "the attempt is gone")
	}
	known, ok := p.Dispute(p.Attempts[i].Gateway, c.notice.Reference)
	if ok {
		changes, err := payment.DecideDisputeOutcome(p, payment.SettleDispute{
			Dispute: known.ID, Status: disputeStatuses[c.notice.Status],
		})
		return commit.Decision{Payment: changes}, err
	}
	return c.open(v, p)
}

// open records a new dispute, and what the first notice of it says further.
func (c *disputeCommand) open(v *commit.View, p payment.Payment) (commit.Decision, error) {
	disputed := c.disputed
	if p.Purpose == payment.WalletTopUp {
		wallet, err := v.Account(ledger.Key{Name: ledger.Wallet(p.UserID), Currency: p.Amount.Currency})
		if err != nil {
			return commit.Decision{}, err
		}
		balance, fits := wallet.Balance.Int64()
		if disputed.WalletMinor = balance; !fits {
			disputed.WalletMinor = disputed.Amount.Minor
		}
	}
	changes, err := payment.DecideDispute(p, disputed)
	if err != nil {
		return commit.Decision{}, err
	}
	c.exceeds = changes.Disputes[0].Value.Exceeds
	return commit.Decision{Payment: changes}, nil
}

// Evidence answers a dispute.
type Evidence struct {
	Dispute     ident.ID
	Text        string
	Idempotency *Idempotency
}

// DisputeResult is a dispute in the state to tell, and whether that was told
// before.
type DisputeResult struct {
	Dispute  payment.Dispute
	Replayed bool
}

// SubmitEvidence keeps the evidence and hands it in to the gateway, again by
// worker/inquire until that has it. What becomes of the dispute the gateway tells
// later.
func (s *Service) SubmitEvidence(ctx context.Context, r Evidence) (DisputeResult, error) {
	d, err := s.DisputeByID(ctx, r.Dispute)
	if err != nil {
		return DisputeResult{}, err
	}
	claim := s.claim(r.Idempotency, d.UserID, ident.Dispute, d.ID)
	held, err := s.holder(ctx, claim)
	if err != nil {
		return DisputeResult{}, err
	}
	submit := payment.Submit{
		Dispute: d.ID, Text: r.Text, Operation: s.cfg.IDs.New(d.UserID), InquireAt: s.inquireAt(0),
	}
	command := &paymentCommand{
		payment: d.Payment, claim: claim,
		decide: func(p payment.Payment) (payment.Changes, error) { return payment.DecideEvidence(p, submit) },
		answer: func(p payment.Payment) ([]store.Claim, error) {
			told, _ := disputeOf(p, d.ID)
			return keep(claim, told)
		},
	}
	if held == nil {
		held, err = lost(claim, s.cfg.Commit.Do(s.shard(d.ID), false, command))
	}
	switch {
	case err != nil:
		return DisputeResult{}, err
	case held != nil:
		told, err := kept[payment.Dispute](*held)
		return DisputeResult{Dispute: told, Replayed: true}, err
	}
	told, _ := disputeOf(command.decided, d.ID)
	if err := s.handIn(ctx, told); err != nil {
		s.cfg.Log.ErrorContext(ctx, "evidence will be handed in again", "dispute", d.ID.Text(ident.Dispute), "error", err)
	}
	return DisputeResult{Dispute: told}, nil
}

// handIn gives a dispute's evidence to the gateway, and records whether that has
// it.
func (s *Service) handIn(ctx context.Context, d payment.Dispute) error {
	ctx, cancel := s.detached(ctx)
	defer cancel()
	var outcome gateway.Outcome
	callErr := error(problem.New(problem.Internal, "gateway %s is not configured any more", d.Gateway))
	if g, ok := s.gateways[d.Gateway]; ok {
		outcome, callErr = g.SubmitEvidence(ctx, gateway.Evidence{
			Operation: d.Submission, Charge: d.Attempt, Dispute: d.Reference, Text: d.Evidence,
		})
	}
	done := callErr == nil && outcome.Status != gateway.Unknown
	if callErr == nil && outcome.Status == gateway.Declined {
		s.cfg.Alert("a gateway refuses evidence",
			problem.New(problem.Internal, "%s at %s: %s", d.ID.Text(ident.Dispute), d.Gateway, outcome.Reason))
	}
	submitted := payment.Submitted{Dispute: d.ID, Done: done, InquireAt: s.inquireAt(d.Inquiry.Count)}
	command := &paymentCommand{payment: d.Payment, decide: func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideSubmitted(p, submitted)
	}}
	return putOff(callErr, s.cfg.Commit.Do(s.shard(d.ID), true, command))
}

// inquireDispute hands evidence in that the gateway may not have.
func (s *Service) inquireDispute(ctx context.Context, p payment.Payment, id ident.ID) error {
	d, ok := disputeOf(p, id)
	if !ok {
		return problem.New(problem.Internal, "%s is missing", id.Text(ident.Dispute))
	}
	if d.Inquiry.At.IsZero() {
		return nil
	}
	return s.handIn(ctx, d)
}

func disputeOf(p payment.Payment, id ident.ID) (payment.Dispute, bool) {
	i := slices.IndexFunc(p.Disputes, func(d payment.Dispute) bool { return d.ID == id })
	if i < 0 {
		return payment.Dispute{}, false
	}
	return p.Disputes[i], true
}
