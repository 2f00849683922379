package sim

import (
	"slices"

	"florin/gateway"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// source returns where a charge takes the money from.
func source(user int64, gateway string) ledger.Name {
	if gateway == payment.Wallet {
		return ledger.Wallet(user)
	}
	return ledger.Receivable(gateway)
}

// beneficiary returns where a payment's money goes to.
func beneficiary(p payment.Payment) ledger.Name {
	if p.Purpose == payment.WalletTopUp {
		return ledger.Wallet(p.UserID)
	}
	return ledger.Sales
}

// captureBooking returns what a capture books that is done.
func captureBooking(r *paymentRecord, c payment.Capture) *booking {
	charge, _ := r.attempt(c.Attempt)
	amount := money.Amount{Minor: c.Minor, Currency: r.row.Amount.Currency}
	return move(ledger.KindCapture, c.UserID, amount, source(c.UserID, charge.Gateway), beneficiary(r.row)).of(r.row)
}

// refundPath returns what a refund books on its way from one status to the next:
// between two commits it may have gone two steps.
func (a *auditor) refundPath(r *paymentRecord, from payment.OperationStatus, f payment.Refund, made bool) []*booking {
	var steps []*booking
	if made {
		steps = append(steps, a.refundBooking(r, f, payment.OperationPending))
		if f.Status == payment.OperationPending {
			return steps
		}
		if f.Gateway == payment.Wallet {
			steps = nil // at once
		}
	}
	switch {
	case from == f.Status:
	case f.FailedLater():
		if from == payment.OperationPending {
			steps = append(steps, a.refundBooking(r, f, payment.OperationSucceeded))
		}
		a.w.count("refund failed later")
		to := beneficiary(r.row)
		if to != ledger.Sales {
			a.w.count("refund of a top-up failed later")
		}
		back := move(ledger.KindRefundFailed, f.UserID, f.Amount, ledger.Receivable(f.Gateway), to).of(r.row)
		steps = append(steps, back)
	default:
		steps = append(steps, a.refundBooking(r, f, f.Status))
	}
	return steps
}

// checkRefundStep holds a refund's next status against its last one, and against
// what its gateway says when it failed after it had succeeded.
func (a *auditor) checkRefundStep(r *paymentRecord, old, f payment.Refund) {
	name := f.ID.Text(ident.Refund)
	steps := map[payment.OperationStatus]int64{payment.OperationPending: 1, payment.OperationSucceeded: 2}
	later := f.Status == payment.OperationFailed && f.Version == 3
	switch {
	case old.Status == payment.OperationPending && !later:
	case old.Status != payment.OperationFailed && later:
		outcome, err := a.calls[f.ID].at.inner.Resolve(background(), f.ID)
		if err != nil || outcome.Status != gateway.Declined {
			a.fail("%s has failed later, and its gateway says %s", name, outcome.Status)
		}
	case old.Status != f.Status:
		a.fail("%s goes from %s to %s", name, old.Status, f.Status)
	}
	if most := steps[f.Status]; most > 0 && f.Version > most || f.Amount != old.Amount || f.Payment != r.row.ID {
		a.fail("%s is %s in version %d", name, f.Status, f.Version)
	}
}

// checkRefundable checks, after a commit, that its refunds took what was left,
// also of what is disputed.
func (a *auditor) checkRefundable(c *store.Changes) {
	for _, change := range c.Refunds {
		disputed := slices.ContainsFunc(c.Disputes, func(d store.Change[payment.Dispute]) bool {
			return d.Value.Payment == change.Value.Payment
		})
		p := a.payments[change.Value.Payment].row
		taken := p.RefundedMinor + p.RefundPendingMinor + p.DisputedMinor
		if change.New && !disputed && taken > p.CapturedMinor {
			a.fail("%s begins when nothing is left", change.Value.ID.Text(ident.Refund))
		}
	}
}

// refundBooking returns what a refund books that has just come to a status. A
// top-up's is set aside while it is pending.
func (a *auditor) refundBooking(r *paymentRecord, f payment.Refund, status payment.OperationStatus) *booking {
	own, held := ledger.Wallet(f.UserID), ledger.Held(f.UserID)
	topUp := r.row.Purpose == payment.WalletTopUp
	switch {
	case topUp && status == payment.OperationPending:
		return move(ledger.KindRefundReserved, f.UserID, f.Amount, own, held).of(r.row)
	case topUp && status == payment.OperationFailed:
		a.w.count("refund of a top-up failed")
		return move(ledger.KindRefundReleased, f.UserID, f.Amount, held, own).of(r.row)
	case status != payment.OperationSucceeded:
		return nil
	case topUp:
		return move(ledger.KindRefund, f.UserID, f.Amount, held, ledger.Receivable(f.Gateway)).of(r.row)
	default:
		return move(ledger.KindRefund, f.UserID, f.Amount, ledger.Sales, source(f.UserID, f.Gateway)).of(r.row)
	}
}

// checkChargeable checks that an attempt begins with a payment method that has not
// been deleted in an earlier commit.
func (a *auditor) checkChargeable(n payment.Attempt) {
	id, err := ident.Parse(ident.PaymentMethod, n.Method)
	if m := a.methods[id]; err == nil && m != nil && !m.row.DeletedAt.IsZero() {
		a.fail("%s begins with a payment method that is gone", n.ID.Text(ident.Attempt))
	}
}

// checkMethod holds what an attempt is made with against what it may be.
func (a *auditor) checkMethod(n payment.Attempt) {
	name := n.ID.Text(ident.Attempt)
	switch {
	case (n.Gateway == payment.Wallet) != (n.Method == payment.Wallet):
		a.fail("%s is made with %s at %s", name, n.Method, n.Gateway)
	case n.Gateway != payment.Wallet:
		a.checkCard(n)
	case n.Outcome.Open() || n.Reversal != nil:
		a.fail("%s is from a wallet, and %s", name, n.Outcome)
	case n.Outcome == payment.OutcomeDeclined && n.Reason != problem.InsufficientFunds:
		a.fail("%s is from a wallet, and declined with %s", name, n.Reason)
	}
}

// checkShort checks, after a commit, that wallets that were declined were short.
func (a *auditor) checkShort(c *store.Changes) {
	for _, change := range c.Attempts {
		n := change.Value
		if r := a.payments[n.Payment]; r != nil && n.Gateway == payment.Wallet && n.Outcome == payment.OutcomeDeclined {
			a.w.count("payment from a short wallet")
			if change.New && !a.short(n.UserID, r.row.Amount, a.seq-1) {
				a.fail("%s is declined, and the wallet had enough", n.ID.Text(ident.Attempt))
			}
		}
	}
}

// misdirected tells whether a refund is to go where it cannot.
func (r *request) misdirected(a *auditor) bool {
	record := a.payments[r.payment]
	if record == nil {
		return false
	}
	for _, n := range record.attempts {
		if r.dest == payment.ToCard && n.Gateway == payment.Wallet && stands(n) {
			return true
		}
	}
	return r.dest == payment.ToWallet && record.row.Purpose == payment.WalletTopUp
}

// unpayable tells whether a request is to pay from the wallet what cannot be.
func (r *request) unpayable(a *auditor) bool {
	record := a.payments[r.payment]
	switch {
	case r.kind == authorize:
		return r.method == payment.Wallet && (r.manual || r.topUp)
	case record == nil || r.method != payment.Wallet:
		return false
	default:
		return record.row.CaptureMethod == payment.CaptureManual || record.row.Purpose == payment.WalletTopUp
	}
}

// lacksForRefund tells whether a wallet had too little to give a top-up back.
func (r *request) lacksForRefund(a *auditor, since int64) bool {
	record := a.payments[r.payment]
	if record == nil || record.row.Purpose != payment.WalletTopUp {
		return false
	}
	amount := record.row.Amount
	if r.minor != 0 {
		amount.Minor = r.minor
	}
	return a.short(r.user, amount, since)
}

func (r *request) purpose() payment.Purpose {
	if r.topUp {
		return payment.WalletTopUp
	}
	return payment.Sale
}

// toldWay checks that a refund goes where it must.
func (a *auditor) toldWay(r *request, f payment.Refund) {
	record := a.payments[f.Payment]
	charge, _ := record.attempt(f.Attempt)
	want := charge.Gateway
	if r.dest == payment.ToWallet {
		want = payment.Wallet
	}
	if f.Gateway != want {
		a.fail("%s is told of a refund by way of %s", r, f.Gateway)
	}
	if f.Gateway == payment.Wallet {
		a.w.count("told refund to the wallet")
	} else if record.row.Purpose == payment.WalletTopUp {
		a.w.count("told refund of a top-up")
	}
}

// returned sums what has been given back at a payment's own gateway.
func (r *paymentRecord) returned(n payment.Attempt) (minor int64) {
	for _, f := range r.refunds {
		if f.row.Status == payment.OperationSucceeded && f.row.Gateway == n.Gateway {
			minor += f.row.Amount.Minor
		}
	}
	return minor
}

// addPayments adds what payments have done to the wallets.
func (a *auditor) addPayments(want map[purse]int64) {
	for _, r := range a.order {
		own := purse{ledger.Wallet(r.row.UserID), r.row.Amount.Currency}
		topUp := r.row.Purpose == payment.WalletTopUp
		for _, n := range r.attempts {
			if stands(n) && n.Gateway == payment.Wallet {
				want[own] -= n.Minor
				a.w.count("payment from the wallet")
			}
		}
		if topUp {
			want[own] += r.row.CapturedMinor
			a.w.count("top-up")
		}
		r.addDisputes(want)
		for _, f := range r.refunds {
			switch {
			case f.row.Status != payment.OperationSucceeded:
			case topUp:
				want[own] -= f.row.Amount.Minor
			case f.row.Gateway == payment.Wallet:
				want[own] += f.row.Amount.Minor
			}
		}
	}
}
