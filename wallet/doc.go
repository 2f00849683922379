// Package wallet decides about what users own: adjustments, holds and payouts.
// Everything is values in and values out; who loads and writes them is the
// committer's matter, which also refuses what would take a wallet below zero.
//
//	              ┌─ capture ─▶ captured (what is not captured goes back)
//	hold: active ─┼─ release ─▶ released
//	              └─ expiry ──▶ expired
//
// Invariants: a hold leaves active once; while it is active its whole amount is
// in the user's held account; each version of a hold or a payout has one event
// and one ledger transaction; an adjustment is its ledger transaction.
package wallet

import (
	"florin/event"
	"florin/ledger"
)

// Changes is what a decision wants to be written, all of it or nothing.
type Changes[T any] struct {
	Value T
	// Changed is false when there is nothing to write.
	Changed      bool
	New          bool // the value's row is new
	Transactions []ledger.Transaction
	Events       []event.Event // without ids: the committer gives them
}
