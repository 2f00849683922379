package wallet

import (
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// Adjust is the command that changes a wallet by hand.
type Adjust struct {
	ID     ident.ID // of the ledger transaction
	UserID int64
	// Amount is added to the wallet; a negative one is taken from it.
	Amount money.Amount
	// TransactionID is the caller's name for it, unique per user for ever.
	TransactionID string
	Reason        string
}

// Adjustment is what became of it. It is never changed: its ledger transaction
// is all there is of it, and has its id.
type Adjustment struct {
	Adjust
	Balance money.Sum // of the wallet after it
}

// DecideAdjustment books an adjustment of a wallet that has balance, or refuses
// it as insufficient funds.
func DecideAdjustment(balance money.Sum, c Adjust) (Changes[Adjustment], error) {
	minor, most := c.Amount.Minor, c.Amount.Currency.MaxMinor()
	switch {
	case minor == 0:
		return Changes[Adjustment]{}, problem.Invalid("amount", "must not be zero")
	case minor > most || minor < -most:
		return Changes[Adjustment]{}, problem.Invalid("amount", "is more than %d, the most in %s", most, c.Amount.Currency)
	}
	after, err := balance.Add(minor)
	if err == nil && after.Negative() {
		return Changes[Adjustment]{}, short(balance, c.Amount.Currency)
	}
	if _, fits := after.Int64(); err != nil || !fits {
		return Changes[Adjustment]{}, problem.Invalid("amount", "is more than the wallet can hold").With(err)
	}
	posting := ledger.Posting{Debit: ledger.Adjustments, Credit: ledger.Wallet(c.UserID), Amount: c.Amount}
	if minor < 0 {
		posting.Debit, posting.Credit = posting.Credit, posting.Debit
		posting.Amount.Minor = -minor
	}
	booked := ledger.NewTransaction(ledger.KindAdjustment, c.UserID, c.ID, ident.ID{}, posting)
	booked.ID = c.ID
	adjustment := Adjustment{Adjust: c, Balance: after}
	return Changes[Adjustment]{
		Value: adjustment, Changed: true, New: true, Transactions: []ledger.Transaction{booked},
		Events: []event.Event{adjustment.event()},
	}, nil
}

// short refuses what a wallet has too little for.
func short(balance money.Sum, currency money.Currency) error {
	left := balance.String() + " minor units of " + string(currency)
	if minor, ok := balance.Int64(); ok {
		left = money.Amount{Minor: minor, Currency: currency}.String()
	}
	err := problem.New(problem.InsufficientFunds, "the wallet has %s", left)
	err.Param = "amount"
	return err
}
