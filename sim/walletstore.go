package sim

import (
	"context"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// What is read of wallets, transfers and holds: each may fail as any other read.

// Accounts implements store.Reader.
func (s *simStore) Accounts(ctx context.Context, shard int, q store.AccountQuery) ([]ledger.Account, error) {
	return read(ctx, s, "accounts", shard, func() ([]ledger.Account, error) {
		return s.Store.Accounts(background(), shard, q)
	})
}

// BalanceAt implements store.Reader.
func (s *simStore) BalanceAt(
	ctx context.Context, shard int, name ledger.Name, currency money.Currency, at time.Time,
) (money.Sum, error) {
	return read(ctx, s, "balance", shard, func() (money.Sum, error) {
		return s.Store.BalanceAt(background(), shard, name, currency, at)
	})
}

// Entries implements store.Reader.
func (s *simStore) Entries(ctx context.Context, shard int, q store.EntryQuery) ([]store.Posted, error) {
	return read(ctx, s, "entries", shard, func() ([]store.Posted, error) {
		return s.Store.Entries(background(), shard, q)
	})
}

// Transfer implements store.Reader.
func (s *simStore) Transfer(ctx context.Context, id ident.ID) (wallet.Transfer, error) {
	return read(ctx, s, "transfer", s.shard(id), func() (wallet.Transfer, error) {
		return s.Store.Transfer(background(), id)
	})
}

// Transfers implements store.Reader.
func (s *simStore) Transfers(ctx context.Context, shard int, q store.TransferQuery) ([]wallet.Transfer, error) {
	return read(ctx, s, "transfers", shard, func() ([]wallet.Transfer, error) {
		return s.Store.Transfers(background(), shard, q)
	})
}

// PendingTransfers implements store.Reader.
func (s *simStore) PendingTransfers(
	ctx context.Context, shard int, after ident.ID, before time.Time, limit int,
) ([]wallet.Transfer, error) {
	return read(ctx, s, "pending transfers", shard, func() ([]wallet.Transfer, error) {
		return s.Store.PendingTransfers(background(), shard, after, before, limit)
	})
}

// Hold implements store.Reader.
func (s *simStore) Hold(ctx context.Context, id ident.ID) (wallet.Hold, error) {
	return read(ctx, s, "hold", s.shard(id), func() (wallet.Hold, error) {
		return s.Store.Hold(background(), id)
	})
}

// Holds implements store.Reader.
func (s *simStore) Holds(ctx context.Context, shard int, q store.HoldQuery) ([]wallet.Hold, error) {
	return read(ctx, s, "holds", shard, func() ([]wallet.Hold, error) {
		return s.Store.Holds(background(), shard, q)
	})
}

// DueHolds implements store.Reader.
func (s *simStore) DueHolds(ctx context.Context, shard int, now time.Time, limit int) ([]wallet.Hold, error) {
	return read(ctx, s, "due holds", shard, func() ([]wallet.Hold, error) {
		return s.Store.DueHolds(background(), shard, now, limit)
	})
}
