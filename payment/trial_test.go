package payment_test

import (
	"fmt"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
)

// A reporter is a testing.T or a rapid.T.
type reporter interface {
	Helper()
	Logf(string, ...any)
	Fatalf(string, ...any)
}

// A trial leads one payment through commands that dice choose, and holds every
// decision against what must be true of all of them. What is in trial_test.go
// draws; what is in hold_test.go holds.
type trial struct {
	t    reporter
	dice func(n int) int // 0 to n-1

	p     payment.Payment // as the last decision returned it
	rows  payment.Payment // as the rows written so far make it
	told  []step          // outcomes that were told, to be told again
	count map[ident.Kind]int

	versions map[string]bool       // object and version of each event
	types    map[event.Type]int    // of all events
	booked   map[ident.ID]bool     // what has a ledger transaction that stands
	posted   map[posting]bool      // all of those
	balances map[ledger.Name]int64 // the ledger
	answered payment.State         // the first final answer; its Version is 0 before
}

var (
	gateways = []string{"alpha", "beta", "gamma"}
	outcomes = []payment.Outcome{
		payment.OutcomeApproved, payment.OutcomeDeclined, payment.OutcomeUnknown, payment.OutcomePending,
		payment.OutcomeRequiresAction,
	}
	operationStatuses = []payment.OperationStatus{
		payment.OperationSucceeded, payment.OperationFailed, payment.OperationPending,
	}
)

// begin makes the payment.
func begin(t reporter, dice func(n int) int) *trial {
	t.Helper()
	tr := &trial{
		t: t, dice: dice, count: map[ident.Kind]int{}, versions: map[string]bool{}, types: map[event.Type]int{},
		booked: map[ident.ID]bool{}, posted: map[posting]bool{}, balances: map[ledger.Name]int64{},
	}
	c := creation()
	c.Amount.Currency = pick(tr, money.Currency("USD"), "JPY", "KWD", "CLF")
	c.Amount.Minor = pick(tr, 1, 2, 5000, 999_999, c.Amount.Currency.MaxMinor())
	c.Method = pick(tr, "pm_card_visa", "pm_card_visa", "")
	c.CaptureMethod = pick(tr, payment.CaptureAutomatic, payment.CaptureManual)
	c.Confirm, c.Blocked, c.Start = dice(4) > 0, dice(8) == 7, tr.start()
	tr.decide("create", func(payment.Payment) (payment.Changes, error) { return payment.DecideCreate(c) })
	return tr
}

// step decides one more command.
func (tr *trial) step() {
	tr.t.Helper()
	if tr.dice(5) == 4 && len(tr.told) > 0 {
		tr.decide("again", tr.told[tr.dice(len(tr.told))])
		return
	}
	title, s, outcome := tr.draw()
	tr.decide(title, s)
	if outcome {
		tr.told = append(tr.told, s)
		tr.twice(title, s)
	}
}

// draw chooses a command; outcome says that it may be told again.
func (tr *trial) draw() (title string, s step, outcome bool) {
	if tr.dice(4) == 3 {
		return tr.drawMore()
	}
	switch tr.dice(20) {
	case 15, 16, 17, 18:
		c := payment.Confirm{Method: pick(tr, "", "pm_card_amex"), Blocked: tr.dice(4) == 3, Start: tr.start()}
		return fmt.Sprintf("confirm %q, blocked %v, %s", c.Method, c.Blocked, nameOf(c.Start.Attempt)), confirms(c), false
	case 19:
		c := payment.Cancel{Reversal: tr.next(ident.Reversal), InquireAt: after(tr.dice(60))}
		return "cancel", func(p payment.Payment) (payment.Changes, error) { return payment.DecideCancel(p, c) }, false
	case 0, 1, 2, 3, 4, 5:
		s := tr.settle()
		return fmt.Sprintf("%s %s, next %s", nameOf(s.Attempt), s.Outcome, nameOf(s.Next.Attempt)), settles(s), true
	case 6, 7, 8:
		c := payment.GiveBack{ID: tr.next(ident.Refund), InquireAt: after(10)}
		c.Minor = pick(tr, 0, 1, tr.p.Amount.Minor/2, tr.p.RefundableMinor(), tr.p.RefundableMinor()+1, -1)
		return fmt.Sprintf("%s of %d", nameOf(c.ID), c.Minor), givesBack(c), false
	case 9, 10, 11:
		s := tr.settleRefund()
		return fmt.Sprintf("%s %s", nameOf(s.Refund), s.Status), settlesRefund(s), true
	default:
		r := payment.Reverse{Attempt: tr.someAttempt(), Done: tr.dice(2) == 1, InquireAt: after(tr.dice(60))}
		return fmt.Sprintf("%s reversed: %v", nameOf(r.Attempt), r.Done), reverses(r), true
	}
}

// drawMore chooses a command of captures, expiry or disputes.
func (tr *trial) drawMore() (title string, s step, outcome bool) {
	switch tr.dice(14) {
	case 0, 1, 2, 12:
		c := payment.Take{ID: tr.next(ident.Capture), InquireAt: after(10), Several: tr.dice(4) > 0, Partial: tr.dice(4) > 0}
		c.Minor = pick(tr, 0, 1, tr.p.Amount.Minor/2, tr.p.Amount.Minor, tr.p.Amount.Minor+1, -1)
		c.Final = pick(tr, nil, nil, new(true), new(false))
		return fmt.Sprintf("%s of %d", nameOf(c.ID), c.Minor), takes(c), false
	case 3, 4, 5, 13:
		c := payment.SettleCapture{
			Capture: tr.someCapture(), Status: pick(tr, operationStatuses...), Reference: pick(tr, "", "ca_1"),
			At: after(tr.dice(60)), InquireAt: after(tr.dice(60)), Inquired: tr.dice(3) == 2,
		}
		if c.Status == payment.OperationFailed {
			c.Reason = problem.GenericDecline
		}
		return fmt.Sprintf("%s %s", nameOf(c.Capture), c.Status), settlesCapture(c), true
	case 6:
		e := payment.Expire{
			Attempt: tr.someAttempt(), Reversal: tr.next(ident.Reversal), InquireAt: after(40), Again: after(tr.dice(60)),
		}
		return "expire", func(p payment.Payment) (payment.Changes, error) { return payment.DecideExpire(p, e) }, true
	case 7, 8:
		n := tr.count[ident.Dispute] + 1
		d := payment.Disputed{
			ID: tr.next(ident.Dispute), Attempt: tr.someAttempt(), Reference: fmt.Sprint("dp_", tr.dice(n)),
			Amount: tr.p.Amount, Reason: "fraudulent", WalletMinor: int64(tr.dice(3000)),
		}
		d.Amount.Minor = pick(tr, 1, tr.p.Amount.Minor, (tr.p.Amount.Minor+1)/2)
		return nameOf(d.ID), func(p payment.Payment) (payment.Changes, error) { return payment.DecideDispute(p, d) }, true
	case 9:
		return "evidence", submits(tr.dice(tr.count[ident.Dispute] + 1)), false
	case 10:
		return "handed in", submitted(tr.dice(tr.count[ident.Dispute]+1), tr.dice(2) == 1), false
	default:
		n, status := tr.dice(tr.count[ident.Dispute]+1), pick(tr, payment.DisputeStatuses()...)
		return fmt.Sprintf("dp%d %s", n, status), disputeEnds(n, status), true
	}
}

// someCapture is any that there is, or none.
func (tr *trial) someCapture() ident.ID {
	if i := tr.dice(len(tr.p.Captures) + 1); i < len(tr.p.Captures) {
		return tr.p.Captures[i].ID
	}
	return id(ident.Capture, 0)
}

func (tr *trial) settle() payment.Settle {
	s := payment.Settle{
		Attempt: tr.someAttempt(), Outcome: pick(tr, outcomes...), Reference: pick(tr, "", "ch_1", "ch_2"),
		At: after(tr.dice(60)), InquireAt: after(tr.dice(60)), ExpiresAt: after(tr.dice(60)), Inquired: tr.dice(3) == 2,
		Capture: tr.next(ident.Capture), Reversal: tr.next(ident.Reversal),
	}
	if s.Outcome == payment.OutcomeDeclined {
		s.Reason = pick(tr, problem.NotCharged, problem.InsufficientFunds, problem.StolenCard)
	}
	if tr.dice(2) == 1 { // of a decline it is gone on with, of all else it must not
		s.Next = tr.start()
	}
	return s
}

func (tr *trial) settleRefund() payment.SettleRefund {
	s := payment.SettleRefund{
		Refund: tr.someRefund(), Status: pick(tr, operationStatuses...), Reference: pick(tr, "", "re_1", "re_2"),
		At: after(tr.dice(60)), InquireAt: after(tr.dice(60)), Inquired: tr.dice(3) == 2,
	}
	if s.Status == payment.OperationFailed {
		s.Reason = problem.GenericDecline
	}
	return s
}

func (tr *trial) start() payment.Start {
	return payment.Start{Attempt: tr.next(ident.Attempt), Gateway: pick(tr, gateways...), InquireAt: after(tr.dice(60))}
}

// someAttempt is mostly the latest, else any that there is, or none.
func (tr *trial) someAttempt() ident.ID {
	n := len(tr.p.Attempts)
	switch i := tr.dice(n + 4); {
	case n == 0 || i == n:
		return attempt(0)
	case i > n:
		return tr.p.Attempt
	default:
		return tr.p.Attempts[i].ID
	}
}

// someRefund is any that there is, or none.
func (tr *trial) someRefund() ident.ID {
	if i := tr.dice(len(tr.p.Refunds) + 1); i < len(tr.p.Refunds) {
		return tr.p.Refunds[i].ID
	}
	return refund(0)
}

func (tr *trial) next(kind ident.Kind) ident.ID {
	tr.count[kind]++
	return id(kind, tr.count[kind])
}

func pick[T any](tr *trial, from ...T) T { return from[tr.dice(len(from))] }

// finish lets every gateway tell the truth at last, as worker/inquire brings it
// about.
func (tr *trial) finish() {
	tr.t.Helper()
	for _, a := range tr.p.Attempts {
		if a.Outcome.Open() || a.Outcome == payment.OutcomeDeclined && !a.Inquiry.At.IsZero() {
			s := tr.settle()
			s.Attempt, s.Next = a.ID, payment.Start{}
			s.Outcome = pick(tr, payment.OutcomeApproved, payment.OutcomeDeclined)
			tr.decide("at last "+nameOf(a.ID)+" "+string(s.Outcome), settles(s))
		}
	}
	for _, c := range tr.p.Captures {
		s := payment.SettleCapture{Capture: c.ID, Status: pick(tr, operationStatuses[:2]...)}
		tr.decide("at last "+nameOf(c.ID)+" "+string(s.Status), settlesCapture(s))
	}
	for _, a := range tr.p.Attempts {
		e := payment.Expire{Attempt: a.ID, Reversal: tr.next(ident.Reversal), InquireAt: after(40)}
		tr.decide("at last expired", func(p payment.Payment) (payment.Changes, error) { return payment.DecideExpire(p, e) })
	}
	for _, d := range tr.p.Disputes {
		s := payment.SettleDispute{Dispute: d.ID, Status: pick(tr, payment.DisputeWon, payment.DisputeLost)}
		tr.decide("at last "+nameOf(d.ID), func(p payment.Payment) (payment.Changes, error) {
			return payment.DecideDisputeOutcome(p, s)
		})
	}
	for _, r := range tr.p.Refunds {
		s := tr.settleRefund()
		s.Refund, s.Status = r.ID, pick(tr, operationStatuses[:2]...)
		tr.decide("at last "+nameOf(r.ID)+" "+string(s.Status), settlesRefund(s))
	}
	for _, a := range tr.p.Attempts {
		if a.Reversal != nil {
			done := payment.Reverse{Attempt: a.ID, Done: true}
			tr.decide("at last "+nameOf(a.ID)+" reversed", reverses(done))
		}
	}
	tr.holdAtLast()
}
