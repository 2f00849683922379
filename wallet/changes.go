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
