package sim

import (
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/payment"
)

// calling notes that a request is sent under an operation's id.
func (a *auditor) calling(p *provider, operation ident.ID) *callRecord {
	call := a.calls[operation]
	if call == nil {
		call = &callRecord{at: p}
		a.calls[operation] = call
	}
	call.times++
	if call.at != p {
		a.fail("operation %x is sent to %s and to %s", operation, call.at.Name(), p.Name())
	}
	return call
}

// excuse notes that an operation takes effect later than its gateway promises.
func (a *auditor) excuse(operation ident.ID) {
	if call := a.calls[operation]; call != nil {
		call.excused = true
	}
}

// charging takes a charge that is about to be sent: it must be durable, and the
// only one that can come to stand.
func (a *auditor) charging(p *provider, c gateway.Charge) {
	name := c.Operation.Text(ident.Attempt)
	r := a.payments[c.Payment]
	if r == nil {
		a.fail("%s is charged, and its payment is not durable", name)
		return
	}
	attempt, ok := r.attempt(c.Operation)
	if !ok {
		a.fail("%s is charged before it is durable", name)
		return
	}
	call := a.calling(p, c.Operation)
	if call.times > 1 {
		a.fail("%s is charged again", name)
	}
	// A process that stalled may be late. Then an inquiry may have found that
	// nothing was charged, and said so.
	late := a.w.now().Sub(c.Operation.Time()) > sentFor
	if late {
		call.excused = true
		a.w.count("charge sent late")
		if !attempt.Outcome.Open() {
			a.w.count("charge sent after it was settled")
		}
	}
	switch {
	case c.Capture != (r.row.CaptureMethod == payment.CaptureAutomatic),
		c.OffSession != r.row.Details.OffSession,
		c.Amount != r.row.Amount || attempt.Gateway != p.Name() || c.Card.Number != a.number(attempt.Method):
		a.fail("%s is charged for something else", name)
	case !attempt.Outcome.Open() && !late:
		a.fail("%s is charged, and it is settled", name)
	}
	for _, other := range r.attempts {
		if other.ID != attempt.ID && a.mayStand(other) {
			a.fail("%s is charged while %s may stand", name, other.ID.Text(ident.Attempt))
		}
	}
}

// mayStand tells whether an attempt's charge stands at its gateway, or may come
// to stand within what the gateway promises.
func (a *auditor) mayStand(n payment.Attempt) bool {
	call := a.calls[n.ID]
	if call == nil || call.excused || n.Reversal != nil {
		return false
	}
	outcome, err := call.at.inner.Resolve(background(), n.ID)
	if err != nil {
		a.fail("a gateway cannot be asked: %v", err)
	}
	switch outcome.Status {
	case gateway.Approved, gateway.RequiresAction, gateway.Pending:
		return true
	case gateway.NotFound:
		return call.at.landing[n.ID] > 0
	default:
		return false
	}
}

// capturing takes a capture that is about to be sent.
func (a *auditor) capturing(p *provider, g gateway.Capture) {
	name := g.Operation.Text(ident.Capture)
	r := a.owner[g.Operation]
	if r == nil || r.capture(g.Operation) == nil {
		a.fail("%s is sent before it is durable", name)
		return
	}
	a.calling(p, g.Operation)
	c := r.capture(g.Operation).row
	charge, _ := r.attempt(c.Attempt)
	switch {
	case g.Reference != simulated.Reference(c.Attempt):
		a.fail("%s is sent with the reference %q", name, g.Reference)
	case g.Amount.Minor != c.Minor || g.Amount.Currency != r.row.Amount.Currency || g.Final != c.Final ||
		g.Charge != c.Attempt || !stands(charge) || charge.Gateway != p.Name():
		a.fail("%s is sent for something else", name)
	}
}

// refunding takes a refund that is about to be sent.
func (a *auditor) refunding(p *provider, g gateway.Refund) {
	name := g.Operation.Text(ident.Refund)
	r := a.owner[g.Operation]
	if r == nil || r.refund(g.Operation) == nil {
		a.fail("%s is sent before it is durable", name)
		return
	}
	a.calling(p, g.Operation)
	f := r.refund(g.Operation).row
	charge, _ := r.attempt(f.Attempt)
	if g.Reference != simulated.Reference(f.Attempt) {
		a.fail("%s is sent with the reference %q", name, g.Reference)
	}
	if g.Amount != f.Amount || g.Charge != f.Attempt || !stands(charge) || charge.Gateway != p.Name() {
		a.fail("%s is sent for something else", name)
	}
}

// voiding takes a void that is about to be sent.
func (a *auditor) voiding(p *provider, v gateway.Void) {
	name := v.Operation.Text(ident.Reversal)
	r := a.owner[v.Operation]
	if r == nil {
		a.fail("%s is sent before it is durable", name)
		return
	}
	a.calling(p, v.Operation)
	charge, _ := r.attempt(v.Charge)
	if v.Reference != simulated.Reference(v.Charge) {
		a.fail("%s is sent with the reference %q", name, v.Reference)
	}
	again := a.calls[v.Operation].times > 1 // refused meanwhile, and by now under another id
	if charge.Reversal == nil || charge.Reversal.ID != v.Operation && !again || charge.Gateway != p.Name() {
		a.fail("%s is sent for something else", name)
	}
}
