package flow

import (
	"context"
	"errors"
	"slices"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
)

// LedgerAccount returns an account, its shards and slots together, as it is now
// or, with a time, as it was then; NotFound for one that never had an entry. Its
// Seq counts its entries, now.
func (s *Service) LedgerAccount(
	ctx context.Context, name ledger.Name, currency money.Currency, at time.Time,
) (ledger.Account, error) {
	sum := ledger.Account{Key: ledger.Key{Name: name, Currency: currency}}
	for _, shard := range s.shardsOf(name) {
		now, err := s.cfg.Store.Accounts(ctx, shard, store.AccountQuery{Name: name, Currency: currency, Limit: 1})
		if err != nil {
			return sum, readError(err)
		}
		if len(now) == 0 {
			continue
		}
		balance := now[0].Balance
		if !at.IsZero() {
			if balance, err = s.cfg.Store.BalanceAt(ctx, shard, name, currency, at); err != nil {
				return sum, closedError(readError(err))
			}
		}
		sum.Seq += now[0].Seq
		if sum.Balance, err = sum.Balance.Plus(balance); err != nil {
			return sum, err
		}
	}
	if sum.Seq == 0 {
		return sum, problem.New(problem.NotFound, "no account %s in %s has entries", name, currency)
	}
	return sum, nil
}

// closedError makes a problem of a time in a month that was closed.
func closedError(err error) error {
	if closed := (*store.ClosedError)(nil); errors.As(err, &closed) {
		return problem.Invalid("at", "is before %s: earlier months are closed", closed.Before.Format(time.RFC3339))
	}
	return err
}

// shardsOf returns where an account lies: a user's on one shard.
func (s *Service) shardsOf(name ledger.Name) []int {
	userID, _ := name.UserID()
	return s.shards(userID)
}

// LedgerAccounts lists accounts that have entries, by name and currency, their
// shards and slots together.
func (s *Service) LedgerAccounts(ctx context.Context, userID int64, q store.AccountQuery) ([]ledger.Account, error) {
	if userID != 0 {
		q.Prefix = ledger.OfUser(userID)
	}
	var all []ledger.Account
	for _, shard := range s.shards(userID) {
		some, err := s.cfg.Store.Accounts(ctx, shard, q)
		if err != nil {
			return nil, readError(err)
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b ledger.Account) int { return a.Compare(b.Key) })
	var together []ledger.Account
	for _, a := range all {
		last := len(together) - 1
		if last < 0 || together[last].Key != a.Key {
			together = append(together, a)
			continue
		}
		balance, err := together[last].Balance.Plus(a.Balance)
		if err != nil {
			return nil, err
		}
		together[last].Balance, together[last].Seq = balance, together[last].Seq+a.Seq
	}
	return together[:min(len(together), q.Limit)], nil
}

// LedgerEntries lists an account's entries, newest first: a user's by their seq,
// a system account's by their ids.
func (s *Service) LedgerEntries(ctx context.Context, q store.EntryQuery) ([]store.Posted, error) {
	shards := s.shardsOf(q.Name)
	if len(shards) == 1 {
		entries, err := s.cfg.Store.Entries(ctx, shards[0], q)
		return entries, readError(err)
	}
	return merged(shards, q.Page,
		func(shard int) ([]store.Posted, error) { return s.cfg.Store.Entries(ctx, shard, q) },
		func(p store.Posted) ident.ID { return p.ID })
}

// TrialBalance adds up all accounts, each shard's as they are at one moment.
func (s *Service) TrialBalance(ctx context.Context) ([]ledger.TrialLine, error) {
	var sum ledger.TrialBalance
	for shard := range s.cfg.Store.Shards() {
		snapshot, err := s.cfg.Store.Snapshot(ctx, shard)
		if err != nil {
			return nil, readError(err)
		}
		err = snapshot.Accounts(ctx, sum.Add)
		if err = errors.Join(err, snapshot.Close()); err != nil {
			return nil, readError(err)
		}
	}
	return sum.Lines(), nil
}
