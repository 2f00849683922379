package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// Hold returns a hold, or ErrNotFound.
func (s *Store) Hold(ctx context.Context, id ident.ID) (wallet.Hold, error) {
	return one(ctx, s, id, func(sh *shard) *table[wallet.Hold] { return &sh.holds })
}

// Holds lists a shard's holds, newest first.
func (s *Store) Holds(ctx context.Context, number int, q store.HoldQuery) (holds []wallet.Hold, err error) {
	want := func(h *wallet.Hold) bool {
		return (q.UserID == 0 || h.UserID == q.UserID) && (q.Status == "" || h.Status == q.Status)
	}
	err = s.read(ctx, number, func(sh *shard) error {
		holds = page(sh.holds.sorted(want), q.Page, func(h *wallet.Hold) ident.ID { return h.ID })
		return nil
	})
	return holds, err
}

// DueHolds lists active holds whose time is over, the longest waiting first.
func (s *Store) DueHolds(ctx context.Context, number int, now time.Time, limit int) (due []wallet.Hold, err error) {
	over := func(h *wallet.Hold) bool {
		return h.Status == wallet.HoldActive && h.ExpiresAt.UnixMilli() <= now.UnixMilli()
	}
	err = s.read(ctx, number, func(sh *shard) error {
		due = sh.holds.sorted(over)
		return nil
	})
	slices.SortStableFunc(due, func(a, b wallet.Hold) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return due[:min(len(due), limit)], err
}

// Payout returns a payout, or ErrNotFound.
func (s *Store) Payout(ctx context.Context, id ident.ID) (wallet.Payout, error) {
	return one(ctx, s, id, func(sh *shard) *table[wallet.Payout] { return &sh.payouts })
}

// Payouts lists a shard's payouts, newest first.
func (s *Store) Payouts(ctx context.Context, number int, q store.PayoutQuery) (payouts []wallet.Payout, err error) {
	want := func(p *wallet.Payout) bool {
		return (q.UserID == 0 || p.UserID == q.UserID) && (q.Status == "" || p.Status == q.Status)
	}
	err = s.read(ctx, number, func(sh *shard) error {
		payouts = page(sh.payouts.sorted(want), q.Page, func(p *wallet.Payout) ident.ID { return p.ID })
		return nil
	})
	return payouts, err
}

// Accounts lists a shard's accounts that have entries, by name and currency.
func (s *Store) Accounts(
	ctx context.Context, number int, q store.AccountQuery,
) (accounts []ledger.Account, err error) {
	order := func(a, b ledger.Key) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Currency, b.Currency))
	}
	after := ledger.Key{Name: q.AfterName, Currency: q.AfterCurrency}
	err = s.read(ctx, number, func(sh *shard) error {
		together := map[ledger.Key]ledger.Account{}
		for _, a := range sh.accounts {
			switch {
			case a.Seq == 0, q.Currency != "" && a.Currency != q.Currency, q.Name != "" && a.Name != q.Name,
				q.Name == "" && !strings.HasPrefix(string(a.Name), q.Prefix), order(a.Key, after) <= 0:
				continue
			}
			key := ledger.Key{Name: a.Name, Currency: a.Currency}
			sum := together[key]
			balance, err := sum.Balance.Plus(a.Balance)
			if err != nil {
				return err
			}
			together[key] = ledger.Account{Key: key, Balance: balance, Seq: sum.Seq + a.Seq}
		}
		for _, a := range together {
			accounts = append(accounts, a)
		}
		return nil
	})
	slices.SortFunc(accounts, func(a, b ledger.Account) int { return order(a.Key, b.Key) })
	return accounts[:min(len(accounts), q.Limit)], err
}

// entries returns an account's entries, oldest first.
func (sh *shard) entries(name ledger.Name, currency money.Currency) (entries []store.Posted) {
	for _, t := range sh.transactions {
		for _, e := range t.Entries {
			if e.Account.Name == name && e.Account.Currency == currency {
				bare := t
				bare.Entries = nil
				entries = append(entries, store.Posted{Entry: e, Transaction: bare})
			}
		}
	}
	slices.SortFunc(entries, func(a, b store.Posted) int {
		if a.Account == b.Account {
			return cmp.Compare(a.Seq, b.Seq)
		}
		return a.ID.Compare(b.ID)
	})
	return entries
}

// BalanceAt returns an account's balance as it was at a time.
func (s *Store) BalanceAt(
	ctx context.Context, number int, name ledger.Name, currency money.Currency, at time.Time,
) (sum money.Sum, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		for _, e := range sh.entries(name, currency) {
			if e.ID.Millis() > at.UnixMilli() {
				continue
			}
			if sum, err = sum.Add(e.Minor); err != nil {
				return err
			}
		}
		return nil
	})
	return sum, err
}

// Entries lists an account's entries on a shard, newest first.
func (s *Store) Entries(ctx context.Context, number int, q store.EntryQuery) (entries []store.Posted, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		entries = page(sh.entries(q.Name, q.Currency), q.Page, func(p *store.Posted) ident.ID { return p.ID })
		return nil
	})
	return entries, err
}
