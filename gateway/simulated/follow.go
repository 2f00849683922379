package simulated

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/problem"
)

// What comes after an operation was answered: the end of one that is pending, the
// failure of a refund, disputes, and what becomes of them.

// follow arranges for what comes after an entry.
func (g *Gateway) follow(e *Entry) {
	if e.Due.IsZero() || e.Outcome.Status == gateway.RequiresAction {
		return // a challenge ends when somebody looks
	}
	operation := e.Operation
	g.late.after(max(e.Due.Sub(g.cfg.Clock.Now()), 0), func(ctx context.Context) { g.goOn(ctx, operation) })
}

// resume arranges for what journals of earlier processes say is to come. What was
// told before is told again.
func (g *Gateway) resume() {
	if g.take(context.Background()) != nil {
		return
	}
	defer g.give()
	if g.book.followed == 0 {
		return
	}
	_ = g.book.each(func(e Entry) error {
		if !e.Due.IsZero() {
			g.follow(&e)
		}
		return nil
	})
}

// goOn does what is due of an operation, and tells it.
func (g *Gateway) goOn(ctx context.Context, operation ident.ID) {
	notice, err := g.next(ctx, operation)
	if err != nil {
		g.late.after(firstPause, func(ctx context.Context) { g.goOn(ctx, operation) })
		return
	}
	if notice.Gateway != "" {
		g.tell(ctx, notice, firstPause)
	}
}

// next does what is due of an operation, and returns what to tell.
func (g *Gateway) next(ctx context.Context, operation ident.ID) (n gateway.Notice, err error) {
	err = g.write(ctx, func() *Entry {
		r := g.book.find(operation)
		if r == nil {
			return nil
		}
		n = gateway.Notice{Gateway: g.cfg.Name, Operation: operation}
		switch {
		case r.state == challenged:
			n = gateway.Notice{}
		case r.state == pending:
			e := g.book.decide(g.book.again(operation, r, g.book.reasons[r.then]), g.cfg.Clock.Now())
			n.Outcome = e.Outcome
			return &e
		case r.dueMS == 0, r.kind == KindRefund.letter() && r.reason != 0:
			// It has failed before, or another process has ended it.
			n.Outcome = g.book.outcome(operation, r)
		case now(g).UnixMilli() < r.dueMS:
			e := g.book.entry(operation, r) // another process has ended it, and more is to come
			n = gateway.Notice{}
			g.follow(&e)
		case r.kind == KindRefund.letter():
			e := g.book.entry(operation, r)
			e.Kind, e.At, e.Due = KindFailure, now(g), time.Time{}
			e.Outcome.Status, e.Outcome.Reason = gateway.Declined, problem.ExpiredCard
			n.Outcome = e.Outcome
			return &e
		default:
			n.Operation, n.Dispute = g.book.dispute(operation, r)
		}
		return nil
	})
	return n, err
}

func now(g *Gateway) time.Time { return time.UnixMilli(g.cfg.Clock.Now().UnixMilli()).UTC() }

// write makes a change to the book that f decides on, and writes its line first.
func (g *Gateway) write(ctx context.Context, f func() *Entry) error {
	if err := g.take(ctx); err != nil {
		return err
	}
	defer g.give()
	if g.journal == nil {
		if e := f(); e != nil {
			g.book.add(e)
			g.follow(e)
		}
		return nil
	}
	if err := g.journal.enter(ctx, g.book); err != nil {
		return fmt.Errorf("simulated: %w: %w", gateway.ErrNotSent, err)
	}
	defer g.journal.leave()
	e := f()
	if e == nil {
		return nil
	}
	if err := g.journal.append(e); err != nil {
		return fmt.Errorf("simulated: %w: %w", gateway.ErrNotSent, err)
	}
	g.book.add(e)
	g.follow(e)
	return nil
}

// again makes a request of an open operation, to be decided for good.
func (b *book) again(operation ident.ID, r *record, refusal problem.Code) request {
	e := b.entry(operation, r)
	return request{
		kind: e.Kind, operation: operation, parent: r.parent, amount: e.Amount, last4: r.last4, refusal: refusal,
		flags: r.flags & askedFlags, followUp: e.Later, ends: true,
	}
}

// disputeMark begins a dispute's reference; the disputed operation's id follows.
const disputeMark = "dp_sim_"

// dispute returns the dispute of a charge or a capture, as its evidence leaves it,
// and its charge.
func (b *book) dispute(operation ident.ID, r *record) (charge ident.ID, d *gateway.Dispute) {
	d = &gateway.Dispute{Status: gateway.DisputeNeedsResponse}
	if r.kind == KindEvidence.letter() {
		d.Status = gateway.DisputeLost
		if b.words[r.later] == evidenceWins {
			d.Status = gateway.DisputeWon
		}
		operation = r.parent
		r = b.find(operation)
	}
	charge = operation
	if r.kind == KindCapture.letter() {
		charge = r.parent
	}
	d.Reference = disputeMark + hex.EncodeToString(operation[:])
	d.Reason = b.words[b.disputed(r).later]
	d.Amount = b.entry(operation, r).Amount
	return charge, d
}

// disputedOperation reads a dispute's reference; the zero id for another's.
func disputedOperation(reference string) (id ident.ID) {
	text, ok := strings.CutPrefix(reference, disputeMark)
	if raw, err := hex.DecodeString(text); ok && err == nil && len(raw) == len(id) {
		copy(id[:], raw)
	}
	return id
}
