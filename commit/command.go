package commit

import (
	"fmt"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// Command is one caller's wish. Its methods run on the committer's goroutine,
// must not block, and may run more than once: what they keep is overwritten.
type Command interface {
	// Keys adds what the decision reads.
	Keys(*store.Keys)
	// Claim returns the unique key that the command needs, or nil.
	Claim() *store.Claim
	// Decide reads the view and returns what is to be written. An error fails
	// the command alone; *NeedKeys queues it again.
	Decide(*View) (Decision, error)
}

// Decision is what a command wants written, all of it or nothing.
type Decision struct {
	Payment payment.Changes
	Methods []store.Change[vault.PaymentMethod]
	APIKeys []store.Change[access.APIKey]
	// Transfer is a transfer as it was decided on the sender's shard, or with Received
	// on the receiver's.
	Transfer wallet.TransferChanges
	Received bool
	Batch    payment.BatchChanges
	Holds    []store.Change[wallet.Hold]
	Payouts  []store.Change[wallet.Payout]
	// Transactions are those of no payment. One without an id is given one.
	// One that would take a user's account below zero fails the command with
	// InsufficientFunds.
	Transactions []ledger.Transaction
	// Events of objects other than the payment's; ids are given later.
	Events []event.Event
	// Answered are claims whose Answer is set.
	Answered []store.Claim
}

// NeedKeys is returned by a decision that has to read more than its Keys said.
type NeedKeys struct{ store.Keys }

// Error implements error.
func (n *NeedKeys) Error() string {
	return fmt.Sprintf("commit: %d payments and %d accounts more are needed", len(n.Payments), len(n.Accounts))
}

// LostClaim is the answer of a command whose key is taken.
type LostClaim struct {
	// Holder is the claim that has the key.
	Holder store.Claim
}

// Error implements error.
func (l *LostClaim) Error() string { return "commit: the key is claimed already" }

func notFound(kind ident.Kind, id ident.ID) error {
	return problem.New(problem.NotFound, "there is no %s", id.Text(kind))
}
