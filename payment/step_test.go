package payment_test

import (
	"florin/ident"
	"florin/money"
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
		Attempt: attempt(n), Outcome: outcome, At: after(1), InquireAt: after(20), ExpiresAt: after(60),
		Capture: id(ident.Capture, n), Reversal: id(ident.Reversal, n),
	}
}

// outcome settles as the call does; what is pending has the gateway's reference.
func outcome(n int, outcome payment.Outcome) step {
	s := settlement(n, outcome)
	if outcome == payment.OutcomePending {
		s.Reference = "ch_" + nameOf(attempt(n))
	}
	if outcome == payment.OutcomeRequiresAction {
		s.ActionURL = "https://gateway.example/challenge"
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

func cancels(p payment.Payment) (payment.Changes, error) {
	return payment.DecideCancel(p, payment.Cancel{Reversal: id(ident.Reversal, 90), InquireAt: after(40)})
}

func expires(n int) step {
	return func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideExpire(p, payment.Expire{
			Attempt: attempt(n), Reversal: id(ident.Reversal, 91), InquireAt: after(40), Again: after(50),
		})
	}
}

// captures begins the n-th capture at a gateway that can do everything.
func captures(n int, minor int64, final *bool) step {
	return takes(payment.Take{
		ID: id(ident.Capture, n), Minor: minor, Final: final, Several: true, Partial: true, InquireAt: after(10),
	})
}

func takes(c payment.Take) step {
	return func(p payment.Payment) (payment.Changes, error) { return payment.DecideCapture(p, c) }
}

// captureEnds settles the n-th capture, or leaves it pending.
func captureEnds(n int, status payment.OperationStatus) step {
	s := payment.SettleCapture{
		Capture: id(ident.Capture, n), Status: status, Reference: "ca_1", At: after(1), InquireAt: after(20),
	}
	if status == payment.OperationFailed {
		s.Reason = problem.GatewayRejected
	}
	return settlesCapture(s)
}

func settlesCapture(s payment.SettleCapture) step {
	return func(p payment.Payment) (payment.Changes, error) { return payment.DecideCaptureOutcome(p, s) }
}

// disputes records the n-th dispute of the latest attempt.
func disputes(n int, minor int64) step { return disputesOf(n, minor, 0) }

func disputesOf(n int, minor, wallet int64) step {
	return func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideDispute(p, payment.Disputed{
			ID: id(ident.Dispute, n), Attempt: p.Attempt, Reference: "dp_" + nameOf(id(ident.Dispute, n)),
			Amount: money.Amount{Minor: minor, Currency: p.Amount.Currency}, Reason: "fraudulent", WalletMinor: wallet,
		})
	}
}

func disputeEnds(n int, status payment.DisputeStatus) step {
	return func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideDisputeOutcome(p, payment.SettleDispute{Dispute: id(ident.Dispute, n), Status: status})
	}
}

func submits(n int) step {
	return func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideEvidence(p, payment.Submit{
			Dispute: id(ident.Dispute, n), Text: marker + " evidence", Operation: id(ident.Reversal, 80+n), InquireAt: after(10),
		})
	}
}

func submitted(n int, done bool) step {
	return func(p payment.Payment) (payment.Changes, error) {
		return payment.DecideSubmitted(p, payment.Submitted{
			Dispute: id(ident.Dispute, n), Done: done, InquireAt: after(40),
		})
	}
}
