package simulated

import (
	"context"
	"fmt"
	"strings"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/vault"
)

// request is a call of any kind, stripped of the card's number.
type request struct {
	kind      Kind
	operation ident.ID
	// parent is a charge's payment, and a capture's, refund's or void's charge.
	parent    ident.ID
	reference string // of the charge, as a refund or void names it; "" names none
	amount    money.Amount
	last4     digits
	refusal   problem.Code // what the card answers; "" approves
	unlucky   bool         // drawn for DeclineRate
	flags     flags
	challenge bool          // the cardholder must authenticate, and then refusal comes
	pends     bool          // it ends only later
	late      time.Duration // how much later
	followUp  string        // Entry.Later
	ends      bool          // it was open, and has come to its end
	returnURL string
}

// Charge implements gateway.Gateway. A test card answers as vault.TestBehaviour
// says, any other approves. The error for an operation that was used before
// with other contents is a gateway_rejected problem that wraps ErrNotSent.
func (g *Gateway) Charge(ctx context.Context, c gateway.Charge) (gateway.Outcome, error) {
	r := request{
		kind: KindCharge, operation: c.Operation, parent: c.Payment,
		amount: c.Amount, last4: parseDigits(c.Card.Last4()),
	}
	r.behave(c)
	return g.call(ctx, r)
}

// behave takes in what the test card does.
func (r *request) behave(c gateway.Charge) {
	if !c.Capture {
		r.flags = toCapture
	}
	number := c.Card.Number
	r.refusal, _ = vault.TestBehaviour(number)
	if r.refusal == problem.AuthenticationFail {
		switch {
		case !c.OffSession:
			r.challenge, r.returnURL = true, plainURL(c.ReturnURL)
			r.refusal, _ = vault.TestAfterAuthentication(number)
		case vault.TestSetUp(number):
			r.refusal = ""
		}
	}
	switch reason, disputed := vault.TestDispute(number); {
	case disputed:
		r.followUp = reason
	case vault.TestRefundsPend(number):
		r.followUp = refundsPend
	case vault.TestRefundsFail(number):
		r.followUp = refundsFail
	}
}

// plainURL escapes what a line of the journal cannot hold.
func plainURL(address string) string {
	return strings.NewReplacer(`"`, "%22", `\`, "%5C", "\n", "%0A", "\r", "%0D").Replace(address)
}

// Capture implements gateway.Gateway: any part of an authorized charge, as often
// as something is left of it, until a final one or a void.
func (g *Gateway) Capture(ctx context.Context, c gateway.Capture) (gateway.Outcome, error) {
	r := request{
		kind: KindCapture, operation: c.Operation, parent: c.Charge, reference: c.Reference,
		amount: c.Amount, last4: noDigits,
	}
	if c.Final {
		r.flags = isFinal
	}
	return g.call(ctx, r)
}

// SubmitEvidence implements gateway.Gateway. As at Stripe, "winning_evidence" wins
// the dispute and "losing_evidence" loses it; any other stays under review.
func (g *Gateway) SubmitEvidence(ctx context.Context, e gateway.Evidence) (gateway.Outcome, error) {
	r := request{kind: KindEvidence, operation: e.Operation, parent: disputedOperation(e.Dispute), last4: noDigits}
	switch e.Text {
	case "winning_evidence":
		r.followUp = evidenceWins
	case "losing_evidence":
		r.followUp = evidenceLost
	}
	return g.call(ctx, r)
}

// Refund implements gateway.Gateway: any part of an approved charge, as often as
// something is left of it; beyond that it is declined as gateway_rejected.
func (g *Gateway) Refund(ctx context.Context, r gateway.Refund) (gateway.Outcome, error) {
	return g.call(ctx, request{
		kind: KindRefund, operation: r.Operation, parent: r.Charge, reference: r.Reference,
		amount: r.Amount, last4: noDigits,
	})
}

// Void implements gateway.Gateway: it takes back what is left of an approved
// charge, nothing if nothing is, or only what was not captured; its Amount is not
// looked at. A charge that is
// not there, or was declined, is declined as gateway_rejected.
func (g *Gateway) Void(ctx context.Context, v gateway.Void) (gateway.Outcome, error) {
	r := request{kind: KindVoid, operation: v.Operation, parent: v.Charge, reference: v.Reference, last4: noDigits}
	if v.Rest {
		r.flags = isRest
	}
	return g.call(ctx, r)
}

func (g *Gateway) call(ctx context.Context, r request) (gateway.Outcome, error) {
	if s := g.settings.Load(); *s != (Settings{}) {
		return g.disturbed(ctx, r, s)
	}
	return g.apply(ctx, r)
}

// reach goes as far as a request's arrival.
func (g *Gateway) reach(ctx context.Context, s *Settings) error {
	if s.Down {
		return fmt.Errorf("simulated: the gateway is down: %w", gateway.ErrNotSent)
	}
	if s.LatencyMS == 0 {
		return nil
	}
	return g.cfg.Clock.Sleep(ctx, time.Duration(s.LatencyMS)*time.Millisecond)
}

// disturbed is a call under settings that are not all zero.
func (g *Gateway) disturbed(ctx context.Context, r request, s *Settings) (gateway.Outcome, error) {
	if err := g.reach(ctx, s); err != nil {
		return gateway.Outcome{}, err
	}
	r.unlucky = g.roll(s.DeclineRate)
	late := time.Duration(s.LateMS) * time.Millisecond
	r.pends, r.late = r.kind != KindVoid && r.kind != KindEvidence && g.roll(s.PendingRate), late
	switch {
	case g.roll(s.TimeoutRate):
		if err := g.effect(ctx, r, late); err != nil {
			return gateway.Outcome{}, err
		}
		select {
		case <-ctx.Done():
			return gateway.Outcome{}, ctx.Err()
		case <-g.done:
			return gateway.Outcome{}, errBroken
		}
	case g.roll(s.ErrorBeforeRate):
		return gateway.Outcome{}, errBroken
	case g.roll(s.ErrorAfterRate):
		if err := g.effect(ctx, r, late); err != nil {
			return gateway.Outcome{}, err
		}
		return gateway.Outcome{}, errBroken
	}
	return g.apply(ctx, r)
}

// effect is apply, now or later, whose outcome the caller is not told.
func (g *Gateway) effect(ctx context.Context, r request, late time.Duration) error {
	if late > 0 {
		g.late.after(late, func(ctx context.Context) { g.land(ctx, r) })
		return nil
	}
	_, err := g.apply(ctx, r)
	return err
}

// apply is where a request takes effect, once; a repeated one finds the outcome
// of the first.
func (g *Gateway) apply(ctx context.Context, r request) (gateway.Outcome, error) {
	if err := r.validate(); err != nil {
		return gateway.Outcome{}, err
	}
	if err := g.take(ctx); err != nil {
		return gateway.Outcome{}, err
	}
	defer g.give()
	if known := g.book.find(r.operation); known != nil {
		return g.repeat(known, r)
	}
	if g.journal != nil {
		return g.journaled(ctx, r)
	}
	e := g.book.decide(r, g.cfg.Clock.Now())
	g.book.insert(&e)
	g.follow(&e)
	return e.Outcome, nil
}

// journaled is apply for a request that is new to this process. Until the line
// is written nothing has happened, whatever goes wrong.
func (g *Gateway) journaled(ctx context.Context, r request) (gateway.Outcome, error) {
	before := g.book.count
	if err := g.journal.enter(ctx, g.book); err != nil {
		return gateway.Outcome{}, fmt.Errorf("simulated: %w: %w", gateway.ErrNotSent, err)
	}
	defer g.journal.leave()
	if g.book.count != before { // the others have written
		if known := g.book.find(r.operation); known != nil {
			return g.repeat(known, r)
		}
	}
	e := g.book.decide(r, g.cfg.Clock.Now())
	if err := g.journal.append(&e); err != nil {
		return gateway.Outcome{}, fmt.Errorf("simulated: %w: %w", gateway.ErrNotSent, err)
	}
	g.book.insert(&e)
	g.follow(&e)
	return e.Outcome, nil
}

func (g *Gateway) repeat(known *record, r request) (gateway.Outcome, error) {
	if !known.matches(r) {
		return gateway.Outcome{}, rejected("%s was first used for something else", r.operation.Text(r.kind.ident()))
	}
	return g.book.outcome(r.operation, known), nil
}

func (r request) validate() error {
	switch {
	case r.operation.IsZero():
		return rejected("the operation has no id")
	case r.kind != KindVoid && r.kind != KindEvidence && !isCurrency(string(r.amount.Currency)):
		return rejected("%q is no currency", r.amount.Currency)
	}
	return nil
}

// rejected is the error of a request that is wrong in itself.
func rejected(detail string, args ...any) error {
	return problem.New(problem.GatewayRejected, detail, args...).With(gateway.ErrNotSent)
}
