package sim

import (
	"slices"

	"florin/event"
	"florin/flow"
	"florin/gateway"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// disputeRecord is what the auditor knows of a dispute.
type disputeRecord struct {
	row   payment.Dispute
	asked []*request // to answer it
}

// disputeKey is what makes a dispute one.
type disputeKey struct{ gateway, reference string }

// takeDispute takes a dispute's row, and returns what must be booked: between two
// commits it may have gone several steps.
func (a *auditor) takeDispute(change store.Change[payment.Dispute]) []*booking {
	d := change.Value
	name := d.ID.Text(ident.Dispute)
	record, r := a.disputes[d.ID], a.payments[d.Payment]
	known := a.cases[disputeKey{d.Gateway, d.Reference}]
	switch {
	case r == nil || change.New != (record == nil):
		a.fail("%s is written as new: %t", name, change.New)
		return nil
	case known == nil || d.Attempt != known.charge || d.Amount != known.amount || d.UserID != r.row.UserID:
		a.fail("%s is none that %s has told", name, d.Gateway)
		return nil
	case record == nil && !known.recorded.IsZero():
		a.fail("%s is recorded twice", name)
	}
	var steps []*booking
	old := payment.Dispute{ID: d.ID, Status: payment.DisputeNeedsResponse, WalletMinor: d.WalletMinor, Version: 1}
	if record == nil {
		record = &disputeRecord{}
		a.disputes[d.ID], r.disputes, known.recorded = record, append(r.disputes, record), d.ID
		a.objects[d.ID] = ident.Dispute
		steps = append(steps, a.disputeBooking(r, d, payment.DisputeNeedsResponse))
		a.countDispute(r, d)
	} else {
		old = record.row
	}
	if old.Status != d.Status {
		a.checkDisputeStep(old, d, record, known)
		steps = append(steps, a.disputeBooking(r, d, d.Status))
	} else if old.Version != d.Version {
		a.fail("%s is %s in version %d, and was in %d", name, d.Status, d.Version, old.Version)
	}
	if d.WalletMinor != old.WalletMinor || d.WalletMinor < 0 || d.WalletMinor > d.Amount.Minor {
		a.fail("%s has taken %d from the wallet", name, d.WalletMinor)
	}
	record.row = d
	a.owner[d.Submission] = r
	a.note(d.ID, ident.Dispute, !d.Inquiry.At.IsZero())
	return steps
}

func (a *auditor) countDispute(r *paymentRecord, d payment.Dispute) {
	switch {
	case r.row.Purpose == payment.WalletTopUp && d.WalletMinor < d.Amount.Minor:
		a.w.count("dispute of a top-up that was spent")
	case r.row.Purpose == payment.WalletTopUp:
		a.w.count("dispute of a top-up")
	case r.row.RefundedMinor > 0:
		a.w.count("dispute after a refund")
	default:
		a.w.count("dispute")
	}
}

// checkDisputeStep holds a dispute's next status against what its gateway has
// told and its merchant has answered.
func (a *auditor) checkDisputeStep(old, d payment.Dispute, record *disputeRecord, known *disputeCase) {
	name := d.ID.Text(ident.Dispute)
	answered := slices.ContainsFunc(record.asked, func(r *request) bool { return r.text == d.Evidence })
	steps := d.Version - old.Version
	right := false
	switch d.Status {
	case payment.DisputeUnderReview:
		right = steps == 1 && (answered || d.Evidence == "" && known.reviewed)
	case payment.DisputeWon, payment.DisputeLost:
		right = d.Status == known.ended && (steps == 1 || steps == 2 && old.Status == payment.DisputeNeedsResponse)
	case payment.DisputeNeedsResponse:
	}
	if !right || !old.Status.Open() || d.Evidence != "" && !answered {
		a.fail("%s goes from %s to %s, in version %d; it is %q at its gateway", name, old.Status, d.Status, d.Version,
			known.ended)
	}
	a.w.count("dispute " + string(d.Status))
}

// disputeBooking returns what a dispute books that has just come to a status.
// What a top-up brought is taken from the wallet, as far as that has it.
func (a *auditor) disputeBooking(r *paymentRecord, d payment.Dispute, status payment.DisputeStatus) *booking {
	topUp := r.row.Purpose == payment.WalletTopUp
	receivable := ledger.Receivable(d.Gateway)
	var b *booking
	switch {
	case status == payment.DisputeNeedsResponse:
		b = move(ledger.KindDisputeOpened, d.UserID, d.Amount, ledger.Disputes, receivable)
	case status == payment.DisputeWon:
		b = move(ledger.KindDisputeWon, d.UserID, d.Amount, receivable, ledger.Disputes)
	case status == payment.DisputeLost && !topUp:
		b = move(ledger.KindDisputeLost, d.UserID, d.Amount, ledger.Losses, ledger.Disputes)
	default:
		return nil
	}
	if topUp {
		sign := b.minor[ledger.Disputes] / d.Amount.Minor
		delete(b.minor, ledger.Disputes)
		if d.WalletMinor > 0 {
			b.minor[ledger.Wallet(d.UserID)] = sign * d.WalletMinor
		}
		if rest := d.Amount.Minor - d.WalletMinor; rest > 0 {
			b.minor[ledger.Losses] = sign * rest
		}
	}
	return b.of(r.row)
}

var disputeEvents = map[payment.DisputeStatus]event.Type{
	payment.DisputeNeedsResponse: event.DisputeCreated,
	payment.DisputeUnderReview:   event.DisputeUnderReview,
	payment.DisputeWon:           event.DisputeWon,
	payment.DisputeLost:          event.DisputeLost,
}

// checkDisputes checks, after a commit, the events of its disputes, and what they
// have taken from wallets.
func (a *auditor) checkDisputes(c *store.Changes) {
	for _, change := range c.Disputes {
		d := change.Value
		a.checkVersion(ident.Dispute, d.ID, d.Version)
		r := a.payments[d.Payment]
		if change.New && r.row.Purpose == payment.WalletTopUp && d.WalletMinor < d.Amount.Minor && !a.emptied(d) &&
			!tookAll(r, d, c) {
			a.fail("%s has taken %d from a wallet that had more", d.ID.Text(ident.Dispute), d.WalletMinor)
		}
		if change.New {
			a.checkExceeds(r, d, c)
		}
	}
	for _, e := range c.Events {
		if e.Kind != ident.Dispute {
			continue
		}
		record := a.disputes[e.Object]
		if record == nil || (e.Type == event.DisputeCreated) != (e.Version == 1) ||
			e.Version == record.row.Version && e.Type != disputeEvents[record.row.Status] {
			a.fail("%s of %s", e.Type, e.Object.Text(e.Kind))
		}
	}
}

// emptied tells whether a dispute has taken all that a wallet had.
func (a *auditor) emptied(d payment.Dispute) bool {
	own := a.accountOf(d.UserID, ledger.Wallet(d.UserID), d.Amount.Currency)
	if d.WalletMinor == 0 {
		return slices.Contains(own.balances(a.seq-1), 0)
	}
	return slices.ContainsFunc(own.history, func(m moment[was]) bool {
		return m.value.object == d.ID && m.value.balance == 0
	})
}

// tookAll tells whether a dispute may have taken all that its charge had brought
// the wallet and that was not taken out of it again.
func tookAll(r *paymentRecord, d payment.Dispute, c *store.Changes) bool {
	if !slices.ContainsFunc(r.attempts, func(x payment.Attempt) bool { return x.ID == d.Attempt && x.Stands() }) {
		return d.WalletMinor == 0
	}
	return !alone(d, c) || d.WalletMinor == max(leftOf(r.row)+d.Amount.Minor, 0)
}

// leftOf returns what is left of a payment to refund or dispute; it may be below
// zero.
func leftOf(p payment.Payment) int64 {
	return p.CapturedMinor - p.RefundedMinor - p.RefundPendingMinor - p.DisputedMinor
}

// alone tells whether nothing else of the payment has changed with a dispute.
func alone(d payment.Dispute, c *store.Changes) bool {
	return d.Status == payment.DisputeNeedsResponse &&
		!slices.ContainsFunc(c.Disputes, func(o store.Change[payment.Dispute]) bool {
			return o.Value.ID != d.ID && o.Value.Payment == d.Payment
		}) &&
		!slices.ContainsFunc(c.Refunds, func(o store.Change[payment.Refund]) bool { return o.Value.Payment == d.Payment }) &&
		!slices.ContainsFunc(c.Captures, func(o store.Change[payment.Capture]) bool { return o.Value.Payment == d.Payment })
}

// checkExceeds checks the flag of a dispute of more than was left, where nothing
// else of the payment has changed with it.
func (a *auditor) checkExceeds(r *paymentRecord, d payment.Dispute, c *store.Changes) {
	left := leftOf(r.row)
	if alone(d, c) && d.Exceeds != (left < 0) {
		a.fail("%s exceeds what was left: %t; %d is", d.ID.Text(ident.Dispute), d.Exceeds, left)
	}
	if d.Exceeds {
		a.w.count("dispute of more than was left")
	}
}

// disputedMinor sums the disputes that are not won.
func (r *paymentRecord) disputedMinor() (minor int64) {
	for _, d := range r.disputes {
		if d.row.Status != payment.DisputeWon {
			minor += d.row.Amount.Minor
		}
	}
	return minor
}

// answering takes evidence that is about to be sent.
func (a *auditor) answering(p *provider, e gateway.Evidence) {
	known := a.cases[disputeKey{p.Name(), e.Dispute}]
	if known == nil || a.disputes[known.recorded] == nil {
		a.fail("evidence of %s is sent, which %s does not know", e.Dispute, p.Name())
		return
	}
	a.calling(p, e.Operation)
	d := a.disputes[known.recorded].row
	if d.Submission != e.Operation || d.Evidence != e.Text || d.Attempt != e.Charge {
		a.fail("evidence of %s is sent before it is durable, or another", d.ID.Text(ident.Dispute))
	}
}

// toldDispute holds the answer to evidence against the books.
func (a *auditor) toldDispute(r *request, got flow.DisputeResult) {
	d := got.Dispute
	record := a.disputes[d.ID]
	if record == nil || d.ID != r.dispute {
		a.fail("%s is told of another dispute", r)
		return
	}
	if d.Status != payment.DisputeUnderReview || d.Evidence != r.text || record.row.Evidence != r.text ||
		d.Version != 2 || d.Amount != record.row.Amount {
		a.fail("%s is told %s with %q in version %d", r, d.Status, d.Evidence, d.Version)
	}
	a.claimOf(r)
	a.w.count("told evidence")
	if got.Replayed {
		a.w.count("told evidence again")
	}
}

// closed tells whether a request's dispute takes no evidence any more.
func (r *request) closed(a *auditor) bool {
	record := a.disputes[r.dispute]
	return r.kind == giveEvidence && record != nil && record.row.Status != payment.DisputeNeedsResponse
}

// addDisputes adds what disputes of a payment have done to its user's wallet.
func (r *paymentRecord) addDisputes(want map[purse]int64) {
	for _, d := range r.disputes {
		if d.row.Status != payment.DisputeWon {
			want[purse{ledger.Wallet(d.row.UserID), d.row.Amount.Currency}] -= d.row.WalletMinor
		}
	}
}

// checkCases checks, at the end, that a gateway's disputes are recorded as it has
// told them, and that it has the evidence. It returns what they took from us.
func (a *auditor) checkCases(p *provider, receivable map[money.Currency]int64) {
	for key, known := range a.cases {
		if key.gateway != p.Name() {
			continue
		}
		record := a.disputes[known.recorded]
		if record == nil {
			a.fail("the dispute %s of %s is not recorded", key.reference, key.gateway)
			continue
		}
		d := record.row
		if known.ended != "" && d.Status != known.ended || known.ended == "" && !d.Status.Open() {
			a.fail("%s is %s, and %q at its gateway", d.ID.Text(ident.Dispute), d.Status, known.ended)
		}
		if known.ended != payment.DisputeWon {
			receivable[known.amount.Currency] -= known.amount.Minor
		}
		outcome, err := p.inner.Resolve(background(), d.Submission)
		missing := err != nil || outcome.Status == gateway.NotFound
		if d.Evidence != "" && d.Status.Open() && known.evidence != d.Evidence && missing {
			a.fail("%s has evidence that its gateway never got", d.ID.Text(ident.Dispute))
		}
	}
}

// evidence answers a dispute that the merchant knows of: rather one that waits.
func (l *workload) evidence(r *request) {
	r.kind, r.dispute = giveEvidence, l.w.ids.New(r.user)
	var open []*disputeRecord
	for _, record := range l.w.audit.order {
		for _, d := range record.disputes {
			if d.row.Status == payment.DisputeNeedsResponse || l.dice.hit(0.1) {
				open = append(open, d)
			}
		}
	}
	if len(open) > 0 && !l.dice.hit(0.02) {
		record := pick(l.dice, open...)
		r.dispute, r.user = record.row.ID, record.row.UserID
	}
	r.text = pick(l.dice, "winning_evidence", "losing_evidence", "see the receipt")
	r.scope = root + "disputes/" + r.dispute.Text(ident.Dispute) + "/evidence"
	l.keyed(r)
	l.askedToAnswer(r)
}

// askedToAnswer lets the auditor know of evidence.
func (l *workload) askedToAnswer(r *request) {
	if record := l.w.audit.disputes[r.dispute]; record != nil {
		record.asked = append(record.asked, r)
	}
}
