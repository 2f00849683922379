package simulated

import (
	"context"

	"florin/gateway"
	"florin/ident"
	"florin/money"
	"florin/problem"
)

// Challenge is a charge for which the cardholder must authenticate.
type Challenge struct {
	Payment ident.ID
	Amount  money.Amount
	Last4   string
	// ReturnURL is where the cardholder goes afterwards; "" for nowhere.
	ReturnURL string
	Open      bool
}

// ServeAt says at which address Florin serves ChallengePath: what comes before it
// in the URLs that cardholders are sent to. "" by default.
func (g *Gateway) ServeAt(base string) error {
	if err := g.take(context.Background()); err != nil {
		return err
	}
	defer g.give()
	g.book.base = base
	return nil
}

// ChallengePath is where the challenge of an operation is served.
func ChallengePath(name string, operation ident.ID) string {
	return "/simulated/" + name + "/challenge/" + operation.Text(ident.Attempt)
}

func (b *book) challengeURL(operation ident.ID) string {
	return b.base + ChallengePath(b.name, operation)
}

// Challenge returns the challenge of a charge; a not-found problem when it has
// none.
func (g *Gateway) Challenge(ctx context.Context, operation ident.ID) (c Challenge, err error) {
	err = g.write(ctx, func() *Entry {
		r := g.book.find(operation)
		if r == nil || r.flags&hasChallenge == 0 {
			return nil
		}
		c = Challenge{
			Payment: r.parent, Amount: g.book.entry(operation, r).Amount, Last4: r.last4.String(),
			ReturnURL: g.book.returns[operation], Open: r.state == challenged && now(g).UnixMilli() < r.dueMS,
		}
		return nil
	})
	if err == nil && c.Payment.IsZero() {
		err = problem.New(problem.NotFound, "there is no such challenge")
	}
	return c, err
}

// EndChallenge ends a challenge: passed, or failed. The listener is told of the
// charge's outcome before EndChallenge returns, and again later if it fails. A
// challenge that has ended before stays as it is.
func (g *Gateway) EndChallenge(ctx context.Context, operation ident.ID, passed bool) error {
	var n gateway.Notice
	err := g.write(ctx, func() *Entry {
		r := g.book.find(operation)
		if r == nil || r.state != challenged {
			return nil
		}
		e := g.book.endChallenge(operation, r, passed && now(g).UnixMilli() < r.dueMS, g)
		n = gateway.Notice{Gateway: g.cfg.Name, Operation: operation, Outcome: e.Outcome}
		return &e
	})
	if err == nil && n.Gateway != "" {
		g.tell(ctx, n, firstPause)
	}
	return err
}

// endChallenge ends an open operation: as it was to end, or as a challenge that
// was not passed.
func (b *book) endChallenge(operation ident.ID, r *record, passed bool, g *Gateway) Entry {
	refusal := problem.AuthenticationFail
	if passed {
		refusal = b.reasons[r.then]
	}
	return b.decide(b.again(operation, r, refusal), g.cfg.Clock.Now())
}

// lapseIfDue ends the challenge of an operation that nobody has passed in time,
// and an operation that is still pending after its time, because the process that
// was to end it is gone.
func (g *Gateway) lapseIfDue(ctx context.Context, operation ident.ID) error {
	if err := g.take(ctx); err != nil {
		return err
	}
	known, err := g.lookUp(operation)
	due := err == nil && known != nil && known.state != ended && now(g).UnixMilli() >= known.dueMS
	g.give()
	if err != nil || !due {
		return err
	}
	return g.write(ctx, func() *Entry {
		r := g.book.find(operation)
		if r == nil || r.state == ended || now(g).UnixMilli() < r.dueMS {
			return nil
		}
		e := g.book.endChallenge(operation, r, r.state == pending, g)
		return &e
	})
}
