package store

import (
	"context"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/wallet"
)

// WalletReader reads holds, payouts and the ledger's accounts, as Reader does.
type WalletReader interface {
	// Hold returns a hold, or ErrNotFound.
	Hold(ctx context.Context, id ident.ID) (wallet.Hold, error)
	// Holds lists a shard's holds, newest first.
	Holds(ctx context.Context, shard int, q HoldQuery) ([]wallet.Hold, error)
	// DueHolds lists active holds whose time is over at now, the longest waiting
	// first.
	DueHolds(ctx context.Context, shard int, now time.Time, limit int) ([]wallet.Hold, error)
	// Payout returns a payout, or ErrNotFound.
	Payout(ctx context.Context, id ident.ID) (wallet.Payout, error)
	// Payouts lists a shard's payouts, newest first.
	Payouts(ctx context.Context, shard int, q PayoutQuery) ([]wallet.Payout, error)

	// Accounts lists a shard's accounts that have entries, by name and currency.
	// An account's slots are one: its Slot is 0, its Balance and its Seq are
	// theirs together.
	Accounts(ctx context.Context, shard int, q AccountQuery) ([]ledger.Account, error)
	// BalanceAt returns an account's balance on a shard, all slots together, as
	// it was after everything that bears an id of at or before. A time in a month
	// that was closed is a *ClosedError.
	BalanceAt(
		ctx context.Context, shard int, name ledger.Name, currency money.Currency, at time.Time,
	) (money.Sum, error)
	// Entries lists an account's entries on a shard, newest first: a user's by
	// their seq, a system account's by their ids, all slots together. They end where
	// closed months begin.
	Entries(ctx context.Context, shard int, q EntryQuery) ([]Posted, error)
}

// HoldQuery filters holds; zero values do not filter.
type HoldQuery struct {
	Page
	UserID int64
	Status wallet.HoldStatus
}

// PayoutQuery filters payouts; zero values do not filter.
type PayoutQuery struct {
	Page
	UserID int64
	Status wallet.PayoutStatus
}

// AccountQuery filters accounts; zero values do not filter.
type AccountQuery struct {
	Name     ledger.Name
	Prefix   string // of the name, in place of Name
	Currency money.Currency
	// After is where to go on: behind that name and currency.
	AfterName     ledger.Name
	AfterCurrency money.Currency
	Limit         int // 1 or more
}

// EntryQuery asks for an account's entries.
type EntryQuery struct {
	Page     // by ids of entries
	Name     ledger.Name
	Currency money.Currency
}

// Posted is an entry and the transaction that it belongs to, without its entries.
type Posted struct {
	ledger.Entry
	Transaction ledger.Transaction
}
