package payment

import (
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// Wallet is the payment method, and the gateway of the attempts, of payments that
// are made from the user's wallet.
const Wallet = "wallet"

// FromWallet charges the user's wallet: in one Tx, without a gateway, and so
// without an outcome that is open.
type FromWallet struct {
	Attempt, Capture ident.ID
	At               time.Time
	// Short means that the wallet has too little: the attempt is declined.
	Short bool
}

// checkWallet refuses what cannot be paid from a wallet.
func (p *Payment) checkWallet() error {
	switch {
	case p.PaymentMethod != Wallet:
		return nil
	case p.CaptureMethod == CaptureManual:
		return problem.Invalid("capture_method", "must be automatic for a payment from the wallet")
	case p.Purpose == WalletTopUp:
		return problem.Invalid("payment_method", "a wallet cannot be topped up from itself")
	}
	return nil
}

// chargeWallet makes an attempt that has its outcome at once.
func (p *Payment) chargeWallet(w FromWallet, changes *Changes) {
	attempt := Attempt{
		ID: w.Attempt, Payment: p.ID, UserID: p.UserID, Gateway: Wallet, Method: Wallet, Minor: p.Amount.Minor,
		Outcome: OutcomeApproved, AnsweredAt: w.At,
	}
	p.Attempt, p.Gateway = attempt.ID, Wallet
	if w.Short {
		attempt.Outcome, attempt.Reason = OutcomeDeclined, problem.InsufficientFunds
		p.Status, p.Reason = Declined, problem.InsufficientFunds
		p.advance(changes)
	} else {
		p.approve(&attempt, Settle{Capture: w.Capture}, changes)
	}
	p.Attempts = append(p.Attempts[:len(p.Attempts):len(p.Attempts)], attempt)
	changes.Attempts = append(changes.Attempts, Change[Attempt]{Value: attempt, New: true})
}

// source returns the account that a charge at a gateway takes the money from.
func (p *Payment) source(gateway string) ledger.Name {
	if gateway == Wallet {
		return ledger.Wallet(p.UserID)
	}
	return ledger.Receivable(gateway)
}

// Beneficiary returns the account that a payment's money goes to.
func (p *Payment) Beneficiary() ledger.Name {
	if p.Purpose == WalletTopUp {
		return ledger.Wallet(p.UserID)
	}
	return ledger.Sales
}

// Destination is where a refund's money goes.
type Destination string

// The destinations.
const (
	ToCard   Destination = "card"
	ToWallet Destination = "wallet"
)

// To returns where the refund's money goes.
func (r Refund) To() Destination {
	if r.Gateway == Wallet {
		return ToWallet
	}
	return ToCard
}

// destination decides where a refund goes: left out, where the money came from.
func (p *Payment) destination(to Destination, charge Attempt) (Destination, error) {
	fromWallet := charge.Gateway == Wallet
	switch {
	case to == "" && fromWallet:
		return ToWallet, nil
	case to == "":
		return ToCard, nil
	case to == ToCard && fromWallet:
		return to, problem.Invalid("to", "must be wallet: the payment was made from the wallet")
	case to == ToWallet && p.Purpose == WalletTopUp:
		return to, problem.Invalid("to", "must be card: a top-up's money is in the wallet")
	}
	return to, nil
}

// refundToWallet gives money back into the wallet, at once.
func (p Payment) refundToWallet(id ident.ID, minor int64, charge Attempt) (Changes, error) {
	p.keepAnswer()
	refund := Refund{
		ID: id, Payment: p.ID, Attempt: charge.ID, UserID: p.UserID, Gateway: Wallet,
		Amount: money.Amount{Minor: minor, Currency: p.Amount.Currency}, Status: OperationSucceeded, Version: 1,
	}
	p.RefundedMinor += minor
	p.Refunds = append(p.Refunds[:len(p.Refunds):len(p.Refunds)], refund)
	changes := Changes{
		Changed: true,
		Refunds: []Change[Refund]{{Value: refund, New: true}},
		Events:  []event.Event{refund.event(event.RefundSucceeded)},
		Transactions: []ledger.Transaction{
			ledger.NewTransaction(ledger.KindRefund, p.UserID, id, p.ID, p.refundPostings(refund)...),
		},
	}
	return changes.of(p)
}

// refundPostings books a refund that has succeeded. What a top-up's refund has
// set aside goes through the wallet again.
func (p *Payment) refundPostings(r Refund) []ledger.Posting {
	final := ledger.Posting{Debit: p.Beneficiary(), Credit: p.source(r.Gateway), Amount: r.Amount}
	if p.Purpose != WalletTopUp {
		return []ledger.Posting{final}
	}
	return []ledger.Posting{p.fromHeld(r), final}
}

// reserve sets the amount of a top-up's refund aside, so that it cannot be spent
// while the gateway works on it.
func (p *Payment) reserve(r Refund, changes *Changes) {
	if p.Purpose == WalletTopUp {
		changes.Transactions = append(changes.Transactions, ledger.NewTransaction(
			ledger.KindRefundReserved, p.UserID, r.ID, p.ID,
			ledger.Posting{Debit: ledger.Wallet(p.UserID), Credit: ledger.Held(p.UserID), Amount: r.Amount}))
	}
}

// unreserve gives back what a refund that failed had set aside.
func (p *Payment) unreserve(r Refund, changes *Changes) {
	if p.Purpose == WalletTopUp {
		changes.Transactions = append(changes.Transactions, ledger.NewTransaction(
			ledger.KindRefundReleased, p.UserID, r.ID, p.ID, p.fromHeld(r)))
	}
}

func (p *Payment) fromHeld(r Refund) ledger.Posting {
	return ledger.Posting{Debit: ledger.Held(p.UserID), Credit: ledger.Wallet(p.UserID), Amount: r.Amount}
}
