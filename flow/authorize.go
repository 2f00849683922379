package flow

import (
	"context"
	"math"
	"slices"
	"time"

	"florin/commit"
	"florin/fraud"
	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// Authorize asks for a payment. Its fields were checked in form.
type Authorize struct {
	UserID        int64
	Amount        money.Amount
	CaptureMethod payment.CaptureMethod
	Purpose       payment.Purpose
	Method        string // a pm_ id, a test card's name, payment.Wallet, or "" for none yet
	Details       payment.Details
	Confirm       bool
	Idempotency   *Idempotency
}

// Authorize makes a payment and, when it is confirmed, charges it. A decline is
// a Result, not an error.
func (s *Service) Authorize(ctx context.Context, r Authorize) (Result, error) {
	run := s.prepare(ctx, r)
	if run.done {
		run.repeated(ctx, s.lookUp(ctx, []*store.Claim{run.claim})[0])
		return run.result, run.err
	}
	run.opened(ctx, s.cfg.Commit.Do(run.shard, false, &run.create))
	if refused(run.err) {
		run.repeated(ctx, s.lookUp(ctx, []*store.Claim{run.claim})[0])
		return run.result, run.err
	}
	for !run.done {
		settle := s.charge(ctx, run)
		run.settled(ctx, settle, s.cfg.Commit.Do(run.shard, true, settle))
	}
	return run.result, run.err
}

// charging is one payment on its way through Tx 1, the calls and Tx 2: what
// Authorize, AuthorizeBatch and Confirm have in common.
type charging struct {
	service    *Service
	shard      int
	create     createCommand  // of a new payment
	confirm    confirmCommand // of one that is there
	claim      *store.Claim
	instrument instrument
	payment    payment.Payment
	tried      []string // gateways
	stale      int      // attempts that waited too long to be sent
	// until is when to give up on attempts that wait too long, whatever their number.
	until  time.Time
	done   bool
	result Result
	err    error
}

func (c *charging) end(r Result, err error) {
	c.done, c.result, c.err = true, r, err
}

// prepare does what comes before Tx 1: the card, the score, the gateway. Whether the
// request is a repeated one shows in Tx 1, which claims its key; what ends here has
// written nothing, and is for repeated to look at.
func (s *Service) prepare(ctx context.Context, r Authorize) *charging {
	run := &charging{service: s, shard: s.shardOf(r.UserID)}
	run.claim = s.claim(r.Idempotency, r.UserID, ident.Payment, ident.ID{}) // the payment is named later
	var err error
	run.create = createCommand{claim: run.claim, create: payment.Create{
		UserID: r.UserID, Amount: r.Amount, CaptureMethod: r.CaptureMethod, Purpose: r.Purpose,
		Method: r.Method, Details: r.Details, Confirm: r.Confirm,
	}}
	c := &run.create.create
	if r.Method == "" {
		if r.Confirm {
			run.end(Result{}, problem.Invalid("payment_method", "is needed to confirm"))
		}
		run.name(s.cfg.IDs.New(r.UserID))
		return run
	}
	c.Start, c.Blocked, err = run.choose(ctx, r.UserID, r.Method, r.Amount, r.Confirm)
	run.create.method = run.instrument.method
	if err != nil {
		run.end(Result{}, err)
	}
	if r.Confirm {
		c.Wallet = s.fromWallet(r.Method, c.Start)
	}
	run.name(s.cfg.IDs.New(r.UserID))
	return run
}

// repeated answers a request that ended before Tx 1, or was refused there, as the one
// was answered that has its key, where one has: a card may be gone since, or a gateway,
// or too much is waiting.
func (c *charging) repeated(ctx context.Context, key keyed) {
	switch {
	case key.held == nil && refused(c.err):
	case key.err != nil:
		c.end(Result{}, key.err)
	case key.held != nil:
		c.end(c.service.replay(ctx, *key.held, key.held.Object))
	}
}

// name gives a new payment its id, as late as can be: the store expects ids to
// come nearly in their order.
func (c *charging) name(id ident.ID) {
	c.create.create.ID = id
	if c.claim != nil {
		c.claim.Object = id
	}
}

// choose finds the card, and to confirm it scores the request and chooses a
// gateway.
func (c *charging) choose(
	ctx context.Context, userID int64, method string, amount money.Amount, confirm bool,
) (start payment.Start, blocked bool, err error) {
	s := c.service
	if method == payment.Wallet {
		return s.chooseWallet(userID, amount, confirm)
	}
	if c.instrument, err = s.instrument(ctx, userID, method); err != nil || !confirm {
		return start, false, err
	}
	score := s.cfg.Scorer.Score(fraud.Request{
		UserID: userID, Fingerprint: c.instrument.fingerprint,
		AmountMinor: amount.Minor, Currency: string(amount.Currency),
	})
	if score.Declines(s.cfg.FraudThreshold) {
		return start, true, nil
	}
	start, ok := c.next(userID)
	if !ok {
		err = problem.New(problem.GatewayUnavailable, "no gateway can take the payment now").After(s.retryIn())
	}
	return start, false, err
}

// retryIn returns when the first of the gateways may be called again.
func (s *Service) retryIn() time.Duration {
	soonest := time.Duration(math.MaxInt64)
	for _, g := range s.cfg.Gateways {
		wait := retryAfter
		if b, ok := g.(interface{ RemainingDelay() time.Duration }); ok {
			wait = max(wait, b.RemainingDelay())
		}
		soonest = min(soonest, wait)
	}
	return soonest
}

// next names an attempt at the first gateway that can be called and was not
// tried yet.
func (c *charging) next(userID int64) (payment.Start, bool) {
	for _, g := range c.service.cfg.Gateways {
		if !g.Available() || slices.Contains(c.tried, g.Name()) {
			continue
		}
		return payment.Start{
			Attempt: c.service.cfg.IDs.New(userID), Gateway: g.Name(), InquireAt: c.service.inquireAt(0),
		}, true
	}
	return payment.Start{}, false
}

// opened takes the answer of a new payment's Tx 1.
func (c *charging) opened(ctx context.Context, err error) {
	held, err := lost(c.claim, err)
	switch {
	case err != nil:
		c.end(Result{}, err)
	case held != nil:
		c.end(c.service.replay(ctx, *held, held.Object))
	default:
		c.begin(c.create.decided)
	}
}

// begin goes on with a payment that Tx 1 left processing; any other is the
// answer.
func (c *charging) begin(p payment.Payment) {
	c.payment = p
	if p.Status != payment.Processing {
		c.end(Result{Payment: p}, nil)
	}
}

// createCommand is Tx 1 of a new payment.
type createCommand struct {
	create  payment.Create
	claim   *store.Claim
	method  ident.ID // zero for none, and for a test card's name
	decided payment.Payment
}

// Keys implements commit.Command.
func (c *createCommand) Keys(k *store.Keys) {
	walletPayment(k, c.create.Wallet, c.create.UserID, c.create.Amount)
	methodKey(k, c.method)
}

// Claim implements commit.Command.
func (c *createCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *createCommand) Decide(v *commit.View) (commit.Decision, error) {
	if err := look(v, c.create.Wallet, c.create.UserID, c.create.Amount); err != nil {
		return commit.Decision{}, err
	}
	if err := chargeable(v, c.method); err != nil {
		return commit.Decision{}, err
	}
	changes, err := payment.DecideCreate(c.create)
	c.decided = changes.Payment
	return commit.Decision{Payment: changes}, err
}
