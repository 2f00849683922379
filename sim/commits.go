package sim

import (
	"slices"
	"strings"

	"florin/event"
	"florin/gateway"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/vault"
)

// committed takes a commit into the books, at the moment at which it is durable.
func (a *auditor) committed(shard int, won []store.Claim, c *store.Changes) {
	a.seq++
	before := map[ident.ID]payment.Status{}
	for _, change := range c.Payments {
		before[change.Value.ID] = ""
		if r := a.payments[change.Value.ID]; r != nil {
			before[change.Value.ID] = r.row.Status
		}
	}
	for _, change := range c.Payments {
		a.takePayment(shard, change)
	}
	for _, change := range c.Attempts {
		a.takeAttempt(change)
	}
	booked := bookings{}
	for _, change := range c.Captures {
		if r := a.payments[change.Value.Payment]; a.takeCapture(change) {
			booked.expect(change.Value.ID, captureBooking(r, change.Value))
		}
	}
	for _, change := range c.Refunds {
		booked.expect(change.Value.ID, a.takeRefund(change)...)
	}
	for _, change := range c.Disputes {
		booked.expect(change.Value.ID, a.takeDispute(change)...)
	}
	for _, change := range c.Methods {
		a.takeMethod(change)
	}
	a.takeItems(c.BatchItems)
	for _, change := range c.Batches {
		a.takeBatch(shard, change)
	}
	adjusted := a.takeWallets(shard, won, c, booked)
	a.takeEvents(shard, c.Events, before)
	a.takeClaims(won, c.Answered)
	for _, change := range c.Payments {
		if id, status := change.Value.ID, change.Value.Status; before[id] != status {
			a.fail("%s is %s, and its events make it %s", id.Text(ident.Payment), status, before[id])
		}
	}
	a.takeTransactions(shard, c, booked)
	a.checkWalletChanges(shard, adjusted, c)
	a.checkDisputes(c)
	a.checkBatches(c)
	a.checkRefundable(c)
	for _, change := range c.Payments {
		a.checkPayment(a.payments[change.Value.ID])
	}
	for _, change := range c.Attempts {
		a.checkPayment(a.payments[change.Value.Payment])
	}
	for _, change := range c.Refunds {
		a.checkVersion(ident.Refund, change.Value.ID, change.Value.Version)
	}
	for _, change := range c.Captures {
		a.checkVersion(ident.Capture, change.Value.ID, change.Value.Version)
	}
	for _, change := range c.Methods {
		a.checkVersion(ident.PaymentMethod, change.Value.ID, change.Value.Version)
	}
}

func (a *auditor) takePayment(shard int, change store.Change[payment.Payment]) {
	p := change.Value
	p.Attempts, p.Captures, p.Refunds, p.Disputes = nil, nil, nil, nil
	r := a.payments[p.ID]
	if change.New != (r == nil) {
		a.fail("payment %s is written as new: %t", p.ID.Text(ident.Payment), change.New)
		return
	}
	if r == nil {
		if a.descriptions[p.Details.Description] {
			a.fail("request %s has two payments", p.Details.Description)
		}
		a.descriptions[p.Details.Description] = true
		r = &paymentRecord{row: p}
		a.payments[p.ID], a.order = r, append(a.order, r)
	}
	if p.UserID != r.row.UserID || p.Amount != r.row.Amount || p.ID.Shard(a.w.cfg.Shards) != shard {
		a.fail("payment %s became another's", p.ID.Text(ident.Payment))
	}
	if p.Version < r.row.Version {
		a.fail("payment %s goes back to version %d", p.ID.Text(ident.Payment), p.Version)
	}
	r.row = p
	if n := len(r.states); n == 0 || r.states[n-1].value != p.State {
		r.states = append(r.states, moment[payment.State]{a.seq, p.State})
	}
}

func (a *auditor) takeAttempt(change store.Change[payment.Attempt]) {
	n := change.Value
	name := n.ID.Text(ident.Attempt)
	r := a.payments[n.Payment]
	if r == nil {
		a.fail("%s has no payment", name)
		return
	}
	i := slices.IndexFunc(r.attempts, func(o payment.Attempt) bool { return o.ID == n.ID })
	if change.New != (i < 0) {
		a.fail("%s is written as new: %t", name, change.New)
		return
	}
	if change.New {
		a.checkChargeable(n)
		r.attempts, i = append(r.attempts, n), len(r.attempts)
		a.owner[n.ID] = r
	}
	old := r.attempts[i]
	switch {
	case old.Outcome == payment.OutcomeApproved && n.Outcome != payment.OutcomeApproved,
		old.Outcome == payment.OutcomeDeclined && n.Outcome.Open(),
		old.Outcome == payment.OutcomeDeclined && stands(n):
		a.fail("%s goes from %s to %s", name, old.Outcome, n.Outcome)
	case old.Reversal != nil && (n.Reversal == nil || n.Reversal.ID != old.Reversal.ID && !a.refusedVoid(old)):
		a.fail("%s has another reversal", name)
	}
	a.checkExpiry(r, old, n)
	r.attempts[i] = n
	reversing := n.Reversal != nil && n.Reversal.Status != payment.OperationSucceeded
	if n.Reversal != nil {
		a.owner[n.Reversal.ID] = r
	}
	a.note(n.ID, ident.Attempt, n.Outcome.Open() || reversing || !n.Inquiry.At.IsZero())
	a.checkMethod(n)
	a.checkChallenge(n)
}

// refusedVoid tells whether the gateway has refused an attempt's reversal.
func (a *auditor) refusedVoid(n payment.Attempt) bool {
	call := a.calls[n.Reversal.ID]
	if call == nil {
		return false
	}
	outcome, err := call.at.inner.Resolve(background(), n.Reversal.ID)
	return err == nil && outcome.Status == gateway.Declined
}

// checkCard holds an outcome against what the card answers.
func (a *auditor) checkCard(n payment.Attempt) {
	name := n.ID.Text(ident.Attempt)
	number := a.number(n.Method)
	refusal, refuses := a.refusal(n)
	afterwards, _ := vault.TestAfterAuthentication(number)
	id, err := ident.Parse(ident.PaymentMethod, n.Method)
	switch {
	case err == nil && a.methods[id] != nil && a.methods[id].row.UserID != n.UserID:
		a.fail("%s charges another user's card", name)
	case number == "" || number == vault.AlwaysBlocked:
		a.fail("%s charges %q, which nobody may", name, n.Method)
	case n.Outcome == payment.OutcomeApproved && refuses:
		a.fail("%s is approved, with a card that answers %s", name, refusal)
	case n.Outcome != payment.OutcomeDeclined || n.Reason == problem.NotCharged || n.Reason == refusal:
	case n.Reason == problem.AuthenticationFail: // checkChallenge sees to it
	case a.w.faults.decline > 0 && n.Reason == afterwards: // in the place of the challenge
	case n.Reason == problem.GenericDecline && a.w.faults.decline > 0:
	default:
		a.fail("%s is declined with %s, with a card that answers %q", name, n.Reason, refusal)
	}
}

// takeCapture returns whether the capture was done just now.
func (a *auditor) takeCapture(change store.Change[payment.Capture]) (done bool) {
	n := change.Value
	name := n.ID.Text(ident.Capture)
	r := a.payments[n.Payment]
	if r == nil {
		a.fail("%s has no payment", name)
		return false
	}
	c := r.capture(n.ID)
	if change.New != (c == nil) {
		a.fail("%s is written as new: %t", name, change.New)
		return false
	}
	if c == nil {
		c = &captureRecord{row: n}
		c.row.Status = payment.OperationPending
		r.captures = append(r.captures, c)
		a.owner[n.ID] = r
	}
	if c.row.Status != payment.OperationPending && c.row.Status != n.Status || c.row.Minor != n.Minor {
		a.fail("%s goes from %s to %s", name, c.row.Status, n.Status)
	}
	done = c.row.Status == payment.OperationPending && n.Status == payment.OperationSucceeded
	c.row = n
	if state := captureStateOf(n); !slices.Contains(c.states, state) {
		c.states = append(c.states, state)
	}
	a.note(n.ID, ident.Capture, n.Status == payment.OperationPending)
	return done
}

// takeRefund returns what the refund must book now.
func (a *auditor) takeRefund(change store.Change[payment.Refund]) []*booking {
	n := change.Value
	name := n.ID.Text(ident.Refund)
	r := a.payments[n.Payment]
	if r == nil {
		a.fail("%s has no payment", name)
		return nil
	}
	f := r.refund(n.ID)
	if change.New != (f == nil) {
		a.fail("%s is written as new: %t", name, change.New)
		return nil
	}
	if f == nil {
		f = &refundRecord{row: n}
		f.row.Status = payment.OperationPending
		r.refunds = append(r.refunds, f)
		a.owner[n.ID] = r
	}
	a.checkRefundStep(r, f.row, n)
	path := a.refundPath(r, f.row.Status, n, change.New)
	if f.row.Status == payment.OperationPending { // as it may have been between two commands of one group
		f.states = append(f.states, refundState{payment.OperationPending, "", 1, n.Amount.Minor, n.Reference})
	}
	if n.FailedLater() && f.row.Status == payment.OperationPending { // it has succeeded within the same commit
		f.states = append(f.states, refundState{
			payment.OperationSucceeded, "", n.Version - 1, n.Amount.Minor, n.Reference,
		})
	}
	f.row = n
	if state := stateOf(n); !slices.Contains(f.states, state) {
		f.states = append(f.states, state)
	}
	a.note(n.ID, ident.Refund, n.Status == payment.OperationPending)
	return path
}

func (a *auditor) takeMethod(change store.Change[vault.PaymentMethod]) {
	n := change.Value
	m := a.methods[n.ID]
	if change.New != (m == nil) {
		a.fail("%s is written as new: %t", n.ID.Text(ident.PaymentMethod), change.New)
		return
	}
	if m == nil {
		card, err := fakeVault{}.Unseal(n.ID, n.Sealed)
		if err != nil {
			a.fail("%s has no card: %v", n.ID.Text(ident.PaymentMethod), err)
		}
		m = &methodRecord{number: card.Number}
		a.methods[n.ID] = m
	}
	if !m.row.DeletedAt.IsZero() || change.New == (n.Sealed == nil) {
		a.fail("%s is written after its deletion, or keeps its card", n.ID.Text(ident.PaymentMethod))
	}
	if m.row = n; !n.DeletedAt.IsZero() {
		m.deleted = a.seq
	}
}

func (a *auditor) takeClaims(won, answered []store.Claim) {
	for _, c := range won {
		if a.claims[keyOf(c)] != nil {
			a.fail("key %s is claimed twice", c.Key)
		}
		a.claims[keyOf(c)] = &claimRecord{seq: a.seq, claim: c}
		if a.payments[c.Object] == nil && a.owner[c.Object] == nil && a.methods[c.Object] == nil &&
			a.objects[c.Object] == "" {
			declined := slices.ContainsFunc(answered, func(o store.Claim) bool { return o.Same(c) && c.Kind == ident.Transfer })
			if !declined && (c.Kind != ident.Attempt || !a.blocked(c)) {
				a.fail("key %s names %s, which does not exist", c.Key, c.Object.Text(c.Kind))
			}
		}
	}
	for _, c := range answered {
		switch r := a.claims[keyOf(c)]; {
		case r == nil:
			a.fail("key %s is answered and not claimed", c.Key)
		case r.claim.Answer != nil && string(r.claim.Answer) != string(c.Answer):
			a.fail("key %s is answered twice: %s, then %s", c.Key, r.claim.Answer, c.Answer)
		default:
			r.claim.Answer = c.Answer
		}
	}
}

// blocked tells whether a confirm's claim is of one that fraud declined: its
// attempt was never made.
func (a *auditor) blocked(c store.Claim) bool {
	return slices.ContainsFunc(a.order, func(r *paymentRecord) bool {
		return r.row.UserID == c.UserID && slices.ContainsFunc(r.events, func(e event.Event) bool {
			return strings.Contains(string(e.Data), string(problem.FraudDetected))
		})
	})
}

// eventStep is what an event makes of a payment's status.
type eventStep struct {
	from []payment.Status // "" for a payment that is new
	to   payment.Status   // "" leaves it as it is
}

var waiting = []payment.Status{payment.RequiresPaymentMethod, payment.RequiresConfirmation, payment.Declined}

// underWay are the statuses in which an attempt is open.
var underWay = []payment.Status{payment.Processing, payment.RequiresAction}

var eventSteps = map[event.Type]eventStep{
	event.PaymentProcessing:     {append(slices.Clone(waiting), append(underWay, "")...), payment.Processing},
	event.PaymentRequiresAction: {[]payment.Status{payment.Processing}, payment.RequiresAction},
	event.PaymentAuthorized:     {underWay, payment.RequiresCapture},
	event.PaymentSucceeded:      {append(slices.Clone(underWay), payment.RequiresCapture), payment.Succeeded},
	event.PaymentDeclined:       {append(slices.Clone(waiting), append(underWay, "")...), payment.Declined},
	event.PaymentCanceled: {
		append(slices.Clone(waiting), payment.RequiresAction, payment.RequiresCapture), payment.Canceled,
	},
	event.PaymentLateApproval: {payment.Statuses(), ""},
	event.PaymentReversed:     {payment.Statuses(), ""},
	event.PaymentReleased:     {payment.Statuses(), ""},
}
