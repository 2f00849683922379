package sim

import (
	"context"
	"fmt"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/money"
	"florin/payment"
)

// disputeCase is a dispute as its gateway has it.
type disputeCase struct {
	charge   ident.ID
	amount   money.Amount
	ended    payment.DisputeStatus // won or lost; "" while it is open
	reviewed bool                  // the gateway has told that it is under review
	evidence string                // what was handed in of one that was opened here
	ours     bool                  // it was opened here, not by the simulated gateway
	recorded ident.ID              // under which it stands in the books
}

// heard notes what a gateway tells of a dispute, before anybody takes it.
func (a *auditor) heard(p *provider, n gateway.Notice) {
	key := disputeKey{p.Name(), n.Dispute.Reference}
	if a.cases[key] == nil {
		a.cases[key] = &disputeCase{charge: n.Operation, amount: n.Dispute.Amount}
	}
	known := a.cases[key]
	switch n.Dispute.Status {
	case gateway.DisputeNeedsResponse:
	case gateway.DisputeUnderReview:
		known.reviewed = true
	case gateway.DisputeWon:
		known.ended = payment.DisputeWon
	case gateway.DisputeLost:
		known.ended = payment.DisputeLost
	}
}

// chargeAtGateway chooses a charge that a gateway has taken: rather one that the
// books have as captured, and rather a recent one.
func (l *workload) chargeAtGateway() (r *paymentRecord, charge payment.Attempt, ok bool) {
	order := l.w.audit.order
	for try := 0; try < 12 && len(order) > 0; try++ {
		r = order[max(0, len(order)-1-l.dice.IntN(pick(l.dice, 8, len(order))))]
		for _, n := range r.attempts {
			call := l.w.audit.calls[n.ID]
			if call == nil || r.row.CapturedMinor == 0 && !l.dice.hit(0.03) {
				continue
			}
			if outcome, err := call.at.inner.Resolve(background(), n.ID); err == nil && outcome.Status == gateway.Approved {
				return r, n, true
			}
		}
	}
	return nil, charge, false
}

// contest is a cardholder who disputes a charge. The gateway tells of it in
// several notices, which come repeated and in any order.
func (l *workload) contest(*request) {
	w := l.w
	r, charge, ok := l.chargeAtGateway()
	if !ok {
		return
	}
	p := w.provider(charge.Gateway)
	amount := r.row.Amount
	switch {
	case l.dice.hit(0.5):
		amount.Minor = 1 + l.dice.Int64N(amount.Minor)
	case l.dice.hit(0.05):
		amount.Minor += 7
	}
	n := gateway.Notice{Gateway: p.Name(), Operation: charge.ID, Dispute: &gateway.Dispute{
		Reference: fmt.Sprintf("dp_%d", len(w.audit.cases)), Amount: amount,
		Reason: pick(l.dice, "fraudulent", "product_not_received", "No reason!"), Status: gateway.DisputeNeedsResponse,
	}}
	w.audit.heard(p, n)
	w.audit.cases[disputeKey{p.Name(), n.Dispute.Reference}].ours = true
	statuses := []gateway.DisputeStatus{gateway.DisputeNeedsResponse}
	if l.dice.hit(0.3) {
		statuses = append(statuses, gateway.DisputeUnderReview)
	}
	if l.dice.hit(0.7) {
		statuses = append(statuses, pick(l.dice, gateway.DisputeWon, gateway.DisputeLost))
	}
	spread := pick(l.dice, 0, time.Second, time.Minute)
	for i, status := range statuses {
		for range pick(l.dice, 1, 1, 1, 2, 3) {
			// Mostly in their order, but not when spread is less than what they wait.
			l.notify(p, n, status, time.Duration(i)*spread+l.dice.between(0, 20*time.Second))
		}
	}
}

// notify has a gateway tell how a dispute stands, until somebody has taken it.
func (l *workload) notify(p *provider, n gateway.Notice, status gateway.DisputeStatus, after time.Duration) {
	w := l.w
	about := *n.Dispute
	about.Status, n.Dispute = status, &about
	p.telling++
	w.spawn(nil, p.Name()+" tells", func() {
		w.sleep(after)
		for p.tell(context.Background(), n) != nil {
			w.sleep(w.dice.between(time.Second, 20*time.Second))
		}
		p.telling--
	})
}
