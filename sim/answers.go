package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
	"florin/vault"
	"florin/wallet"
)

// sending is when a request was sent.
type sending struct {
	seq     int64         // the commit after which it was sent first
	at      time.Time     // when it was sent last
	setBack time.Duration // how far the clock had been set back in all
	first   int           // the step in which it was sent first
	step    int           // the step in which it was sent last
	calm    bool          // nothing could go wrong any more then
}

// answer is what a flow returns for a request.
type answer struct {
	payment flow.Result
	refund  flow.RefundResult
	capture flow.CaptureResult
	method  vault.PaymentMethod
	batch   []flow.BatchResult
	list    []payment.Payment

	adjustment wallet.Adjustment
	transfer   flow.TransferResult
	hold       wallet.Hold
	transfers  []flow.TransferResult
	dispute    flow.DisputeResult
	payout     wallet.Payout
	stored     payment.Batch
	settled    ledger.Settlement
	balances   []flow.Balance
	replayed   bool
	err        error
}

// answered takes a client's answer: it must be durable, true, and in accord with
// what was answered under the same key. It returns whether the client should ask
// again.
func (a *auditor) answered(r *request, got answer, sent sending) (again bool) {
	a.w.report.Answers++
	if got.err != nil {
		return a.refused(r, got.err, sent)
	}
	switch r.kind {
	case authorize, confirm, cancel, look:
		a.toldPayment(r, got.payment, sent)
	case take:
		a.toldCapture(r, got.capture, sent)
	case giveBack:
		a.toldRefund(r, got.refund, sent)
	case addMethod, dropMethod:
		a.toldMethod(r, got.method)
	case listPayments:
		a.toldList(r, got.list)
	case adjust:
		a.toldAdjustment(r, got.adjustment, got.replayed)
	case transfer:
		a.toldTransfer(r, got.transfer, sent)
	case placeHold, takeHold, freeHold:
		a.toldHold(r, got.hold, got.replayed, sent)
	case storeBatch:
		a.toldBatch(r, got.stored, got.replayed)
	case payOut:
		a.toldPayout(r, got.payout, got.replayed)
	case settle:
		a.toldSettlement(r, got.settled, got.replayed)
	case giveEvidence:
		a.toldDispute(r, got.dispute)
	case lookWallet:
		a.toldWallet(r, got.balances, sent)
	case batch, transferBatch: // its items are answered one by one
	}
	return false
}

// claimOf returns what is known of a request's key; nil without one.
func (a *auditor) claimOf(r *request) *claimRecord {
	if r.key == "" {
		return nil
	}
	c := a.claims[claimKey{r.scope, r.user, r.key}]
	switch {
	case c == nil:
		a.fail("%s is answered, and its key is not durable", r)
	case c.claim.Digest != r.body():
		a.fail("%s is answered, and its key was used with another body", r)
	}
	return c
}

func (a *auditor) toldPayment(r *request, got flow.Result, sent sending) {
	p := got.Payment
	record := a.payments[p.ID]
	if record == nil {
		a.fail("%s is told of a payment that is not durable", r)
		return
	}
	if !record.had(p.State) && !a.gaveUp(r, p.State) {
		a.fail("%s is told a state that the payment never had: %+v", r, p.State)
	}
	if r.kind == look && p.Version < r.seen {
		a.fail("%s reads version %d after %d was told", r, p.Version, r.seen)
	}
	record.told = max(record.told, p.Version)
	a.w.count("told " + string(p.Status))
	if a.w.workload.ending && p.Status == payment.Processing {
		a.fail("%s is told processing when everything is settled", r)
	}
	if r.kind == authorize {
		if p.Purpose != r.purpose() || p.UserID != r.user ||
			p.Amount != r.amount || p.Details.Description != r.description() {
			a.fail("%s is told of another request's payment", r)
		}
	} else if p.ID != r.payment {
		a.fail("%s is told of another payment", r)
	}
	if r.kind == cancel && p.Status != payment.Canceled {
		a.fail("%s is told %s", r, p.Status)
	}
	if id, err := ident.Parse(ident.PaymentMethod, r.method); err == nil && a.w.shape.instances == 1 {
		if m := a.methods[id]; m.gone != 0 && m.gone < sent.first && !got.Replayed {
			a.fail("%s is granted with a payment method that is gone", r)
		}
	}
	if c := a.claimOf(r); c != nil {
		a.toldAgain(r, c, p, sent)
	}
	a.w.workload.learn(p)
}

// toldAgain holds an answer against the earlier ones under its key. The answer
// of a confirm whose outcome was learned apart from its call is not kept: it is
// told as things stand.
func (a *auditor) toldAgain(r *request, c *claimRecord, p payment.Payment, sent sending) {
	if r.kind == authorize && c.claim.Object != p.ID {
		a.fail("%s is told of another payment than its key's", r)
	}
	state := p.State
	if r.kind == confirm {
		// Not kept when somebody else learned the outcome: then it may be told as it
		// was, or as things stand.
		state = payment.State{
			Status: state.Status, Reason: state.Reason, PaymentMethod: state.PaymentMethod, Attempt: state.Attempt,
			Gateway: state.Gateway, AuthorizedMinor: state.AuthorizedMinor,
		}
	}
	processing := p.Status == payment.Processing ||
		r.kind == confirm && p.Status == payment.RequiresAction // which is kept only where its own call said so
	switch {
	case c.state == nil && !processing:
		c.state, c.step = &state, a.w.step
	case c.state == nil || *c.state == state:
	case !processing || sent.step > c.step:
		a.fail("%s is told %+v, and was told %+v", r, state, *c.state)
	}
}

func (a *auditor) toldRefund(r *request, got flow.RefundResult, sent sending) {
	record := a.payments[got.Refund.Payment]
	if record == nil || record.refund(got.Refund.ID) == nil {
		a.fail("%s is told of a refund that is not durable", r)
		return
	}
	state := stateOf(got.Refund)
	if !slices.Contains(record.refund(got.Refund.ID).states, state) {
		a.fail("%s is told a state that the refund never had: %+v", r, state)
	}
	if got.Refund.Payment != r.payment || r.minor != 0 && state.minor != r.minor {
		a.fail("%s is told of another refund", r)
	}
	a.toldWay(r, got.Refund)
	a.w.count("told refund " + string(state.status))
	if a.w.workload.ending && got.Replayed && state.status == payment.OperationPending {
		a.fail("%s is told pending when everything is settled", r)
	}
	c := a.claimOf(r)
	switch {
	case c == nil:
	case c.claim.Object != got.Refund.ID:
		a.fail("%s is told of another refund than its key's", r)
	case c.refund == nil && state.status != payment.OperationPending:
		c.refund, c.step = &state, a.w.step
	case c.refund == nil || *c.refund == state:
	case c.claim.Answer == nil && state.version > c.refund.version: // it has failed later, and was not kept
		c.refund, c.step = &state, a.w.step
	case state.status != payment.OperationPending || sent.step > c.step:
		a.fail("%s is told %+v, and was told %+v", r, state, *c.refund)
	}
}

func (a *auditor) toldCapture(r *request, got flow.CaptureResult, sent sending) {
	record := a.payments[got.Payment.ID]
	if record == nil || record.capture(got.Capture.ID) == nil {
		a.fail("%s is told of a capture that is not durable", r)
		return
	}
	state := captureStateOf(got.Capture)
	if !slices.Contains(record.capture(got.Capture.ID).states, state) {
		a.fail("%s is told a state that the capture never had: %+v", r, state)
	}
	if got.Payment.ID != r.payment || r.minor != 0 && state.minor != r.minor {
		a.fail("%s is told of another capture", r)
	}
	p := got.Payment.State
	done := state.status == payment.OperationSucceeded
	if p.CapturedMinor > record.row.CapturedMinor || p.Version > record.row.Version ||
		done && p.CapturedMinor < state.minor {
		a.fail("%s is told %+v", r, p)
	}
	a.w.count("told capture " + string(state.status))
	if a.w.workload.ending && state.status == payment.OperationPending {
		a.fail("%s is told pending when everything is settled", r)
	}
	c := a.claimOf(r)
	switch {
	case c == nil:
	case c.claim.Object != got.Capture.ID:
		a.fail("%s is told of another capture than its key's", r)
	case c.capture == nil && state.status != payment.OperationPending:
		c.capture, c.step = &state, a.w.step
	case c.capture == nil || *c.capture == state:
	case state.status != payment.OperationPending || sent.step > c.step:
		a.fail("%s is told %+v, and was told %+v", r, state, *c.capture)
	}
}

func (a *auditor) toldMethod(r *request, m vault.PaymentMethod) {
	known := a.methods[m.ID]
	switch {
	case known == nil || known.row.UserID != m.UserID || m.Version > known.row.Version:
		a.fail("%s is told of a payment method that is not durable", r)
	case r.kind == dropMethod && (m.ID != r.methodID || known.row.DeletedAt.IsZero()):
		a.fail("%s is told, and the payment method is there", r)
	case r.kind == addMethod && known.number != r.card.Number:
		a.fail("%s is told of another card", r)
	}
	if c := a.claimOf(r); c != nil && c.claim.Object != m.ID {
		a.fail("%s is told of another payment method than its key's", r)
	}
	a.w.count("told method")
	if r.kind == addMethod {
		a.w.workload.methods[r.user] = append(a.w.workload.methods[r.user], m.ID)
	} else if known != nil {
		known.gone = a.w.step
	}
}

// toldList checks that a user's list has all that was told before it was read.
func (a *auditor) toldList(r *request, list []payment.Payment) {
	listed := map[ident.ID]int64{}
	for _, p := range list {
		listed[p.ID] = p.Version
		if p.UserID != r.user {
			a.fail("%s has another user's payment", r)
		}
	}
	for _, record := range r.known {
		if version := listed[record.id]; version < record.version {
			a.fail("%s has version %d of %s, and %d was told",
				r, version, record.id.Text(ident.Payment), record.version)
		}
	}
	a.w.count("told list")
}

// refused takes an answer that is an error: it needs a reason.
func (a *auditor) refused(r *request, err error, sent sending) (again bool) {
	var p *problem.Problem
	if !errors.As(err, &p) {
		a.fail("%s is answered %v, which is no problem", r, err)
		return false
	}
	a.w.count("told " + string(p.Code))
	if a.vanished(r, p.Code, sent) {
		a.w.count("payment method deleted under a payment")
	}
	reason := a.reason(r, p, sent)
	if reason == "" {
		return slices.Contains([]problem.Code{
			problem.Unavailable, problem.Overloaded, problem.GatewayUnavailable, problem.IdempotencyInProgress,
			problem.OutcomeUnknown,
		}, p.Code)
	}
	a.fail("%s is answered %v, but %s", r, err, reason)
	return false
}

// vanished tells whether a request to pay is refused because its payment method
// was deleted after it was sent.
func (a *auditor) vanished(r *request, code problem.Code, sent sending) bool {
	id, err := ident.Parse(ident.PaymentMethod, r.method)
	m := a.methods[id]
	return code == problem.NotFound && err == nil && m != nil && m.row.UserID == r.user && m.deleted > sent.seq
}

// reason says why a refusal is wrong; "" when it is right.
func (a *auditor) reason(r *request, p *problem.Problem, sent sending) string {
	switch p.Code {
	case problem.Overloaded:
		return unless(a.w.shape.maxQueue < 100, "the queue is long")
	case problem.Unavailable, problem.GatewayUnavailable, problem.OutcomeUnknown:
		return unless(!sent.calm, "nothing goes wrong any more")
	case problem.IdempotencyInProgress:
		return unless(r.key != "", "it has no key")
	case problem.IdempotencyKeyReuse:
		c := a.claims[claimKey{r.scope, r.user, r.key}]
		other := c != nil && c.claim.Digest != r.body()
		return unless(other || a.renamed(r) || a.resettled(r), "its key was used with no other body")
	case problem.InvalidParameter:
		return unless(r.invalid(a, sent.seq), "it is valid")
	case problem.NotFound:
		return unless(r.missing(a), "what it names is there")
	case problem.WrongState:
		return unless(r.ended(a) || r.closed(a) || a.was(r, sent.seq, r.refuses), "the payment was never in a wrong state")
	case problem.InsufficientFunds, problem.WalletFull:
		return a.declined(r, p.Code, sent)
	case problem.OverCapture:
		return unless(r.overtakes(a) || a.was(r, sent.seq, func(s payment.State) bool {
			left := s.AuthorizedMinor - s.CapturedMinor - s.CapturePendingMinor
			return left == 0 || r.minor > left
		}), "enough was left")
	case problem.OverRefund:
		return unless(a.was(r, sent.seq, func(s payment.State) bool {
			left := s.CapturedMinor - s.RefundedMinor - s.RefundPendingMinor - s.DisputedMinor
			return left <= 0 || r.minor > left
		}), "enough was left")
	default:
		return fmt.Sprintf("%s is never an answer", p.Code)
	}
}

func unless(right bool, reason string) string {
	if right {
		return ""
	}
	return reason
}

// was tells whether the request's payment was in some state since a commit.
func (a *auditor) was(r *request, since int64, in func(payment.State) bool) bool {
	record := a.payments[r.payment]
	return record != nil && slices.ContainsFunc(record.since(since), in)
}
