package wallet

import (
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// Payout is money on its way from a wallet to its user's bank.
type Payout struct {
	ID          ident.ID
	UserID      int64
	Amount      money.Amount
	Status      PayoutStatus
	Description string
	Metadata    map[string]string
	Version     int64 // from 1, one event each
}

// PayoutStatus is where a payout stands.
type PayoutStatus string

// PayoutPending waits for a file for the bank to take it along; nothing writes one
// yet.
const PayoutPending PayoutStatus = "pending"

// PayOut is the command that makes a payout.
type PayOut struct {
	ID          ident.ID
	UserID      int64
	Amount      money.Amount
	Description string
	Metadata    map[string]string
}

// DecidePayout takes a payout's amount out of a wallet that has balance.
func DecidePayout(balance money.Sum, c PayOut) (Changes[Payout], error) {
	if err := checkAmount(c.Amount); err != nil {
		return Changes[Payout]{}, err
	}
	if after, err := balance.Add(-c.Amount.Minor); err != nil || after.Negative() {
		return Changes[Payout]{}, short(balance, c.Amount.Currency)
	}
	p := Payout{
		ID: c.ID, UserID: c.UserID, Amount: c.Amount, Status: PayoutPending, Description: c.Description,
		Metadata: c.Metadata, Version: 1,
	}
	booked := ledger.NewTransaction(ledger.KindPayout, p.UserID, p.ID, ident.ID{}, ledger.Posting{
		Debit: ledger.Wallet(p.UserID), Credit: ledger.Payouts, Amount: p.Amount,
	})
	return Changes[Payout]{
		Value: p, Changed: true, New: true, Transactions: []ledger.Transaction{booked},
		Events: []event.Event{p.event(event.PayoutCreated)},
	}, p.Check()
}

// Check returns an error when the payout breaks an invariant.
func (p Payout) Check() error {
	switch {
	case p.Amount.Minor <= 0 || p.Amount.Minor > p.Amount.Currency.MaxMinor():
		return problem.New(problem.Internal, "payout broken: its amount %d is out of range", p.Amount.Minor)
	case p.Status != PayoutPending || p.Version != 1:
		return problem.New(problem.Internal, "payout broken: %s in version %d", p.Status, p.Version)
	}
	return nil
}
