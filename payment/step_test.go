package payment_test

import (
	"florin/ident"
	"florin/payment"
	"florin/problem"
)

// A step is a command with its decision.
type step func(payment.Payment) (payment.Changes, error)

// startAt names the n-th attempt.
func startAt(gateway string, n int) payment.Start {
	return payment.Start{Attempt: attempt(n), Gateway: gateway, InquireAt: after(10)}
}

func confirms(c payment.Confirm) step {
	return func(p payment.Payment) (payment.Changes, error) { return payment.DecideConfirm(p, c) }
}

func settles(s payment.Settle) step {
	return func(p payment.Payment) (payment.Changes, error) { return payment.DecideOutcome(p, s) }
}

func givesBack(c payment.GiveBack) step {
	return func(p payment.Payment) (payment.Changes, error) { return payment.DecideRefund(p, c) }
}

func settlesRefund(s payment.SettleRefund) step {
	return func(p payment.Payment) (payment.Changes, error) { return payment.DecideRefundOutcome(p, s) }
}

func reverses(r payment.Reverse) step {
	return func(p payment.Payment) (payment.Changes, error) { return payment.DecideReversal(p, r) }
}

// settlement is the outcome of the n-th attempt as its call learns it.
func settlement(n int, outcome payment.Outcome) payment.Settle {
	return payment.Settle{
		Attempt: attempt(n), Outcome: outcome, At: after(1), InquireAt: after(20),
		Capture: id(ident.Capture, n), Reversal: id(ident.Reversal, n),
	}
}

// outcome settles as the call does; what is pending has the gateway's reference.
func outcome(n int, outcome payment.Outcome) step {
	s := settlement(n, outcome)
	if outcome == payment.OutcomePending {
		s.Reference = "ch_" + nameOf(attempt(n))
	}
	return settles(s)
}

func approves(n int) step {
	s := settlement(n, payment.OutcomeApproved)
	s.Reference = "ch_" + nameOf(attempt(n))
	return settles(s)
}

// declines goes on with next unless that is zero.
func declines(n int, next payment.Start) step {
	s := settlement(n, payment.OutcomeDeclined)
	s.Reason, s.Next = problem.InsufficientFunds, next
	if !next.Attempt.IsZero() {
		s.Reason = problem.NotCharged
	}
	return settles(s)
}

// inquired is an outcome that an inquiry learned.
func inquired(n int, outcome payment.Outcome) step {
	s := settlement(n, outcome)
	s.At, s.InquireAt, s.Inquired = after(2), after(40), true
	return settles(s)
}

// refunds begins the n-th refund.
func refunds(n int, minor int64) step {
	return givesBack(payment.GiveBack{ID: refund(n), Minor: minor, InquireAt: after(10)})
}

// refundEnds settles the n-th refund, or leaves it pending.
func refundEnds(n int, status payment.OperationStatus) step {
	s := payment.SettleRefund{
		Refund: refund(n), Status: status, Reference: "re_" + nameOf(refund(n)), At: after(1), InquireAt: after(20),
	}
	if status == payment.OperationFailed {
		s.Reason = problem.GenericDecline
	}
	return settlesRefund(s)
}

// refundInquired is what an inquiry learned, which knows no reference.
func refundInquired(n int, status payment.OperationStatus) step {
	return settlesRefund(payment.SettleRefund{
		Refund: refund(n), Status: status, At: after(2), InquireAt: after(40), Inquired: true,
	})
}

func reversal(n int, done bool) step {
	return reverses(payment.Reverse{Attempt: attempt(n), Done: done, InquireAt: after(40)})
}
