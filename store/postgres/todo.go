package postgres

import (
	"context"
	"errors"
	"time"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

var errLater = errors.New("not here yet")

func (s *Store) Payments(context.Context, int, store.PaymentQuery) ([]payment.Payment, error) {
	return nil, errLater
}

func (s *Store) Refunds(context.Context, int, store.RefundQuery) ([]payment.Refund, error) {
	return nil, errLater
}

func (s *Store) Transfers(context.Context, int, store.TransferQuery) ([]wallet.Transfer, error) {
	return nil, errLater
}

func (s *Store) PendingTransfers(context.Context, int, ident.ID, time.Time, int) ([]wallet.Transfer, error) {
	return nil, errLater
}

func (s *Store) Disputes(context.Context, int, store.DisputeQuery) ([]payment.Dispute, error) {
	return nil, errLater
}

func (s *Store) Methods(context.Context, int64, store.Page) ([]vault.PaymentMethod, error) {
	return nil, errLater
}

func (s *Store) BatchItems(context.Context, ident.ID, store.BatchItemQuery) ([]payment.BatchItem, error) {
	return nil, errLater
}

func (s *Store) DueBatches(context.Context, int, time.Time, int) ([]payment.Batch, error) {
	return nil, errLater
}

func (s *Store) Due(context.Context, int, time.Time, int) ([]store.Due, error) { return nil, errLater }

func (s *Store) Expiring(context.Context, int, time.Time, int) ([]store.Due, error) {
	return nil, errLater
}

func (s *Store) OpenCount(context.Context, int) (int64, error) { return 0, errLater }

func (s *Store) Events(context.Context, int, event.Position, int) ([]event.Stored, error) {
	return nil, errLater
}

func (s *Store) EventsOf(context.Context, ident.ID) ([]event.Stored, error) { return nil, errLater }

func (s *Store) LatestEvents(context.Context, int, int) ([]event.Stored, error) { return nil, errLater }

func (s *Store) APIKeys(context.Context) ([]access.APIKey, error) { return nil, errLater }

func (s *Store) Snapshot(context.Context, int) (store.Snapshot, error) { return nil, errLater }

func (s *Store) Holds(context.Context, int, store.HoldQuery) ([]wallet.Hold, error) { return nil, errLater }

func (s *Store) DueHolds(context.Context, int, time.Time, int) ([]wallet.Hold, error) {
	return nil, errLater
}

func (s *Store) Payouts(context.Context, int, store.PayoutQuery) ([]wallet.Payout, error) {
	return nil, errLater
}

func (s *Store) Accounts(context.Context, int, store.AccountQuery) ([]ledger.Account, error) {
	return nil, errLater
}

func (s *Store) BalanceAt(
	context.Context, int, ledger.Name, money.Currency, time.Time,
) (money.Sum, error) {
	return money.Sum{}, errLater
}

func (s *Store) Entries(context.Context, int, store.EntryQuery) ([]store.Posted, error) {
	return nil, errLater
}
