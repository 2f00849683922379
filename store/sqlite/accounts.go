package sqlite

import (
	"context"
	"errors"

	"florin/ledger"
	"florin/money"
	"florin/store"
)

var (
	selectAccounts = define(`SELECT id, balance, seq, name, slot, currency FROM accounts
		WHERE name BETWEEN ? AND ? AND (name, currency) > (?, ?) AND seq > 0 ORDER BY name, currency, slot`)
	selectSlots = define(`SELECT id, balance, seq, name, slot, currency FROM accounts
		WHERE name = ? AND currency = ? AND seq > 0 ORDER BY slot`)
)

// last is behind every name that begins as the text before it.
const last = "\U0010ffff"

var errEnough = errors.New("store/sqlite: enough rows")

// Accounts lists a shard's accounts that have entries, by name and currency.
func (s *Store) Accounts(ctx context.Context, shard int, q store.AccountQuery) (accounts []ledger.Account, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		accounts, err = c.accounts(q)
		return err
	})
	return accounts, err
}

func (c *conn) accounts(q store.AccountQuery) (accounts []ledger.Account, err error) {
	from, to := q.Prefix, q.Prefix+last
	if q.Name != "" {
		from, to = string(q.Name), string(q.Name)
	}
	s, err := c.query(selectAccounts)
	if err != nil {
		return nil, err
	}
	s.bindText(max(from, string(q.AfterName)))
	s.bindText(to)
	s.bindText(string(q.AfterName))
	s.bindText(string(q.AfterCurrency))
	err = s.each(func(s *stmt) error {
		a, err := s.account()
		if err != nil || q.Currency != "" && a.Currency != q.Currency {
			return err
		}
		end := len(accounts) - 1
		if end >= 0 && accounts[end].Name == a.Name && accounts[end].Currency == a.Currency {
			accounts[end].Seq += a.Seq
			accounts[end].Balance, err = accounts[end].Balance.Plus(a.Balance)
			return err
		}
		if len(accounts) == q.Limit {
			return errEnough
		}
		a.Slot = 0
		accounts = append(accounts, a.Account)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return accounts, err
}

// slots returns an account's rows.
func (c *conn) slots(name ledger.Name, currency money.Currency) ([]account, error) {
	s, err := c.query(selectSlots)
	if err != nil {
		return nil, err
	}
	s.bindText(string(name))
	s.bindText(string(currency))
	return collect(s, nil, (*stmt).account)
}
