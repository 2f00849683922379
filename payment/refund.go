package payment

import (
	"slices"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// GiveBack is the command that begins a refund, to the card or into the wallet.
type GiveBack struct {
	ID        ident.ID
	Minor     int64       // 0 for all that is left
	To        Destination // "" for where the money came from
	InquireAt time.Time
}

// DecideRefund reserves a refund: it is written pending, and no other refund can
// take the same money, whatever becomes of it.
func DecideRefund(p Payment, c GiveBack) (Changes, error) {
	if p.Status != Succeeded && (p.Status != RequiresCapture || p.CapturedMinor == 0) {
		return Changes{}, wrongState(p, "refunded")
	}
	left := p.RefundableMinor()
	minor := c.Minor
	if minor == 0 {
		minor = left
	}
	if minor <= 0 || minor > left {
		err := problem.New(problem.OverRefund, "%s is left to refund",
			money.Amount{Minor: left, Currency: p.Amount.Currency})
		if left <= 0 && p.DisputedMinor == 0 {
			err = problem.New(problem.OverRefund, "it is fully refunded already")
		}
		err.Param = "amount"
		return Changes{}, err
	}
	charge, ok := p.Charged()
	if !ok {
		return Changes{}, problem.New(problem.Internal, "a captured payment without an approved attempt")
	}
	to, err := p.destination(c.To, charge)
	if err != nil {
		return Changes{}, err
	}
	if to == ToWallet {
		return p.refundToWallet(c.ID, minor, charge)
	}
	p.keepAnswer()
	p.RefundPendingMinor += minor
	refund := Refund{
		ID: c.ID, Payment: p.ID, Attempt: charge.ID, UserID: p.UserID, Gateway: charge.Gateway,
		Amount: money.Amount{Minor: minor, Currency: p.Amount.Currency},
		Status: OperationPending, Version: 1, Inquiry: Inquiry{At: c.InquireAt},
	}
	p.Refunds = append(p.Refunds[:len(p.Refunds):len(p.Refunds)], refund)
	changes := Changes{
		Changed: true,
		Refunds: []Change[Refund]{{Value: refund, New: true}},
		Events:  []event.Event{refund.event(event.RefundPending)},
	}
	p.reserve(refund, &changes)
	return changes.of(p)
}

// RefundableMinor returns what is left to refund.
func (p Payment) RefundableMinor() int64 {
	return p.CapturedMinor - p.RefundedMinor - p.RefundPendingMinor - p.DisputedMinor
}

// Charged returns the attempt that stands: approved and not reversed.
func (p Payment) Charged() (Attempt, bool) {
	for _, a := range p.Attempts {
		if a.Stands() {
			return a, true
		}
	}
	return Attempt{}, false
}

// SettleRefund is the command that records what became of a refund.
type SettleRefund struct {
	Refund    ident.ID
	Status    OperationStatus // pending while nobody knows
	Reason    problem.Code    // of a failure
	Reference string
	At        time.Time
	InquireAt time.Time // when to ask next, while it is pending
	Inquired  bool      // counts one more inquiry
}

// DecideRefundOutcome books a refund, or gives back what it reserved. A refund
// that succeeded may still fail later: then it is booked back.
func DecideRefundOutcome(p Payment, s SettleRefund) (Changes, error) {
	i := slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.ID == s.Refund })
	if i < 0 {
		return Changes{}, problem.New(problem.NotFound, "payment %s has no refund %s",
			p.ID.Text(ident.Payment), s.Refund.Text(ident.Refund))
	}
	switch s.Status {
	case OperationPending, OperationSucceeded, OperationFailed:
	default:
		return Changes{}, problem.New(problem.Internal, "%q is no status of a refund", s.Status)
	}
	refund := p.Refunds[i]
	failedLater := refund.Status == OperationSucceeded && s.Status == OperationFailed
	if refund.Status != OperationPending && !failedLater {
		return Changes{Payment: p}, nil
	}
	if refund.AnsweredAt.IsZero() {
		refund.AnsweredAt = s.At
	}
	if s.Inquired {
		refund.Inquiry.Count++
	}
	if s.Reference != "" {
		refund.Reference = s.Reference
	}
	var changes Changes
	switch {
	case s.Status == OperationPending:
		refund.Inquiry.At = s.InquireAt
	case failedLater:
		p.keepAnswer()
		refund.Status, refund.Reason = s.Status, s.Reason
		refund.Version++
		changes.Changed = true
		p.bookBack(refund, &changes)
	default:
		p.keepAnswer()
		refund.Status, refund.Reason, refund.Inquiry.At = s.Status, s.Reason, time.Time{}
		refund.Version++
		p.RefundPendingMinor -= refund.Amount.Minor
		changes.Changed = true
		p.bookRefund(refund, &changes)
	}
	p.Refunds = slices.Clone(p.Refunds)
	p.Refunds[i] = refund
	changes.Refunds = append(changes.Refunds, Change[Refund]{Value: refund})
	return changes.of(p)
}

func (p *Payment) bookRefund(refund Refund, changes *Changes) {
	if refund.Status == OperationFailed {
		changes.Events = append(changes.Events, refund.event(event.RefundFailed))
		p.unreserve(refund, changes)
		return
	}
	p.RefundedMinor += refund.Amount.Minor
	changes.Events = append(changes.Events, refund.event(event.RefundSucceeded))
	changes.Transactions = append(changes.Transactions, ledger.NewTransaction(
		ledger.KindRefund, p.UserID, refund.ID, p.ID,
		p.refundPostings(refund)...))
}

// bookBack takes a refund back that failed after it had succeeded.
func (p *Payment) bookBack(refund Refund, changes *Changes) {
	p.RefundedMinor -= refund.Amount.Minor
	changes.Events = append(changes.Events, refund.event(event.RefundFailed))
	changes.Transactions = append(changes.Transactions, ledger.NewTransaction(
		ledger.KindRefundFailed, p.UserID, refund.ID, p.ID,
		ledger.Posting{Debit: ledger.Receivable(refund.Gateway), Credit: p.Beneficiary(), Amount: refund.Amount}))
}

// FailedLater tells whether the refund failed after it had succeeded: it was
// booked, and booked back.
func (r Refund) FailedLater() bool { return r.Status == OperationFailed && r.Version > 2 }

// FirstOutcome returns the refund as it was before it failed later: what the
// request for it is answered with.
func (r Refund) FirstOutcome() Refund {
	if r.FailedLater() {
		r.Status, r.Reason = OperationSucceeded, ""
		r.Version--
	}
	return r
}
