package wallet

import (
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
)

// TransferStatus is where a transfer stands.
type TransferStatus string

// The statuses. On the receiver's shard a transfer has succeeded or failed from
// the beginning: it was accepted, or refused.
const (
	TransferPending   TransferStatus = "pending"
	TransferSucceeded TransferStatus = "succeeded"
	TransferFailed    TransferStatus = "failed"
)

// Transfer moves an amount from one user's wallet to another's. It lives on the
// sender's shard; what the receiver's shard keeps of one that comes from another
// shard is a Transfer too, of version 1, which never changes.
type Transfer struct {
	ID         ident.ID
	FromUserID int64
	ToUserID   int64
	Amount     money.Amount
	Details    TransferDetails
	Status     TransferStatus
	Reason     problem.Code // why it failed
	Version    int64
}

// TransferDetails are the caller's own.
type TransferDetails struct {
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// IsZero tells whether there are none.
func (d TransferDetails) IsZero() bool { return d.Description == "" && len(d.Metadata) == 0 }

// CreatedAt is the id's own time.
func (t Transfer) CreatedAt() time.Time { return t.ID.Time() }

// TransferChanges is what a decision about a transfer wants written.
type TransferChanges struct {
	Transfer     Transfer // on the sender's shard, or, of DecideReceive, the receiver's
	New, Changed bool
	Transactions []ledger.Transaction
	Events       []event.Event
}

// CreateTransfer is the command that begins a transfer.
type CreateTransfer struct {
	ID         ident.ID
	FromUserID int64
	ToUserID   int64
	Amount     money.Amount
	Details    TransferDetails
	// Local: both wallets are on one shard.
	Local bool
	// Balance is what the sender's wallet has.
	Balance money.Sum
	// Receiver is the other wallet, looked at only where it is local.
	Receiver Receiver
}

// Receiver is a wallet that something is to be put into.
type Receiver struct {
	Balance money.Sum
	// Closed: it takes nothing any more.
	Closed bool
}

// refuses says why a wallet does not take an amount; "" when it does. A balance
// is told as an int64, so that a wallet never holds more.
func (r Receiver) refuses(minor int64) problem.Code {
	if r.Closed {
		return problem.WalletClosed
	}
	after, err := r.Balance.Add(minor)
	if _, fits := after.Int64(); err != nil || !fits {
		return problem.WalletFull
	}
	return ""
}

// CheckParties refuses a transfer to oneself.
func CheckParties(from, to int64) error {
	if from == to {
		return problem.Invalid("to_user_id", "must be another user than from_user_id")
	}
	return nil
}

// DecideTransfer takes the amount out of the sender's wallet, and where it can
// puts it into the receiver's at once. A wallet that is short is an
// insufficient_funds problem; a local one that does not take it, WalletClosed or
// WalletFull.
func DecideTransfer(c CreateTransfer) (TransferChanges, error) {
	if err := CheckParties(c.FromUserID, c.ToUserID); err != nil {
		return TransferChanges{}, err
	}
	if c.Amount.Minor <= 0 {
		return TransferChanges{}, problem.Invalid("amount", "must be greater than zero")
	}
	if left, err := c.Balance.Add(-c.Amount.Minor); err != nil || left.Negative() {
		return TransferChanges{}, problem.New(problem.InsufficientFunds, "the wallet has too little")
	}
	t := Transfer{
		ID: c.ID, FromUserID: c.FromUserID, ToUserID: c.ToUserID, Amount: c.Amount, Details: c.Details, Version: 1,
	}
	if !c.Local {
		t.Status = TransferPending
		return t.begun(event.TransferPending, ledger.KindTransferOut, ledger.Wallet(t.FromUserID), ledger.Transfers), nil
	}
	if reason := c.Receiver.refuses(c.Amount.Minor); reason != "" {
		return TransferChanges{}, problem.New(reason, "the receiver's wallet does not take it")
	}
	t.Status = TransferSucceeded
	return t.begun(event.TransferSucceeded, ledger.KindTransfer,
		ledger.Wallet(t.FromUserID), ledger.Wallet(t.ToUserID)), nil
}

func (t Transfer) begun(kind event.Type, booked ledger.Kind, debit, credit ledger.Name) TransferChanges {
	return TransferChanges{
		Transfer: t, New: true, Changed: true, Transactions: t.book(booked, t.FromUserID, debit, credit),
		Events: []event.Event{t.event(kind)},
	}
}

// book posts the amount.
func (t Transfer) book(kind ledger.Kind, userID int64, debit, credit ledger.Name) []ledger.Transaction {
	return []ledger.Transaction{ledger.NewTransaction(kind, userID, t.ID, ident.ID{},
		ledger.Posting{Debit: debit, Credit: credit, Amount: t.Amount})}
}

// DecideReceive puts a transfer from another shard into the receiver's wallet, or
// refuses it for good. Whoever finds the row of an earlier decision takes that
// one instead.
func DecideReceive(t Transfer, r Receiver) TransferChanges {
	received := t
	received.Version, received.Status = 1, TransferSucceeded
	changes := TransferChanges{New: true, Changed: true}
	if reason := r.refuses(t.Amount.Minor); reason != "" {
		received.Status, received.Reason = TransferFailed, reason
	} else {
		changes.Transactions = t.book(ledger.KindTransferIn, t.ToUserID, ledger.Transfers, ledger.Wallet(t.ToUserID))
	}
	changes.Transfer = received
	return changes
}

// DecideTransferOutcome ends a pending transfer as the receiver's shard decided,
// and gives back what that refused. What has ended stays as it is.
func DecideTransferOutcome(t Transfer, received Transfer) (TransferChanges, error) {
	if received.ID != t.ID || received.Status == TransferPending {
		return TransferChanges{}, problem.New(problem.Internal, "this is not the outcome of transfer %s",
			t.ID.Text(ident.Transfer))
	}
	if t.Status != TransferPending {
		if t.Status != received.Status {
			return TransferChanges{}, problem.New(problem.Internal, "transfer %s is %s here, and %s at its receiver's",
				t.ID.Text(ident.Transfer), t.Status, received.Status)
		}
		return TransferChanges{Transfer: t}, nil
	}
	t.Status, t.Reason = received.Status, received.Reason
	t.Version++
	changes := TransferChanges{Transfer: t, Changed: true}
	if t.Status == TransferSucceeded {
		changes.Events = []event.Event{t.event(event.TransferSucceeded)}
		return changes, nil
	}
	changes.Transactions = t.book(ledger.KindTransferReturn, t.FromUserID,
		ledger.Transfers, ledger.Wallet(t.FromUserID))
	changes.Events = []event.Event{t.event(event.TransferFailed)}
	return changes, nil
}

// Change returns the transfer's row as a store takes it.
func (c TransferChanges) Change() payment.Change[Transfer] {
	return payment.Change[Transfer]{Value: c.Transfer, New: c.New}
}

// Check returns an error when a transfer, as its sender's shard has it, breaks an
// invariant. Which wallets share a shard may have changed since it was made.
func (t Transfer) Check() error {
	switch {
	case t.Status == TransferPending && t.Version != 1, t.Status == TransferFailed && t.Version != 2,
		t.Version < 1 || t.Version > 2:
		return t.broken()
	}
	return t.check()
}

// CheckReceived returns an error when a transfer, as the receiver's shard has one
// that came from another, breaks an invariant.
func (t Transfer) CheckReceived() error {
	if t.Version != 1 || t.Status == TransferPending {
		return t.broken()
	}
	return t.check()
}

func (t Transfer) check() error {
	failed := t.Status == TransferFailed
	known := failed || t.Status == TransferPending || t.Status == TransferSucceeded
	if !known || failed != (t.Reason != "") || t.Amount.Minor <= 0 || t.FromUserID == t.ToUserID {
		return t.broken()
	}
	return nil
}

func (t Transfer) broken() error {
	return problem.New(problem.Internal, "transfer broken: %s (%s) in version %d, %s from user %d to %d", t.Status,
		t.Reason, t.Version, t.Amount, t.FromUserID, t.ToUserID)
}
