package store

import (
	"context"
	"fmt"
	"time"

	"florin/ident"
	"florin/ledger"
)

// Partitioner is what a Store may be besides: one whose ledger stands by month.
// Of several processes that ask at once one does the work.
type Partitioner interface {
	// MakePartitions makes the months that a shard lacks, three ahead of the
	// present one, and those of rows that came when there was none. It returns how
	// many.
	MakePartitions(ctx context.Context, shard int) (made int, err error)
	// CloseMonth takes a shard's oldest month out of the ledger, unless it is the
	// present one or one of the keep (1 or more) before it: what it leaves are
	// checkpoints, and a table that nobody reads any more.
	CloseMonth(ctx context.Context, shard, keep int) (Closing, error)
}

// Closing is what became of a month that was to be closed.
type Closing struct {
	Month string // such as 2026-01; "" when none was to be closed
	// Waits says why it is not closed yet; "" when it is.
	Waits string
	// What was taken out of the ledger, and how many have a checkpoint from it.
	Transactions, Entries int64
	Accounts, Objects     int64
}

// Closed tells that there was one.
func (c Closing) Closed() bool { return c.Month != "" && c.Waits == "" }

// Checkpoint is what closed months have left of one account, of one object, or,
// with neither, of nothing.
type Checkpoint struct {
	// Before is the beginning of the first month that is kept: transactions and
	// entries with earlier ids may be gone.
	Before  time.Time
	Account *AccountCheckpoint
	Object  *ObjectCheckpoint
}

// AccountCheckpoint is an account as its first entries, which are gone, have left
// it: its Balance is their sum, its Seq the last one's.
type AccountCheckpoint struct {
	ledger.Account
	// Early are entries that are gone too, though some of lower seq are not: the
	// clocks of several processes differ.
	Early []ledger.Entry
}

// ObjectCheckpoint counts an object's events in closed months: of its versions 1
// to Events.
type ObjectCheckpoint struct {
	ID     ident.ID
	Kind   ident.Kind
	UserID int64
	Events int64
}

// ClosedError is the answer to a question about a month that was closed.
type ClosedError struct {
	Before time.Time // what is earlier is gone
}

// Error implements error.
func (e *ClosedError) Error() string {
	return fmt.Sprintf("store: the months before %s are closed", e.Before.Format(time.DateOnly))
}
