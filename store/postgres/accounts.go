package postgres

import (
	"context"

	"florin/ledger"
	"florin/money"
	"florin/store"
)

const (
	// selectAccounts adds slots up; its columns are read as accountColumns.
	selectAccounts = `SELECT 0::bigint, name, 0::integer, currency, sum(balance)::text, sum(seq)::bigint FROM accounts
		WHERE name >= $1 AND name <= $2 AND (name, currency) > ($3, $4) AND ($5 = '' OR currency = $5) AND seq > 0
		GROUP BY name, currency ORDER BY name, currency LIMIT $6`
	selectSlots = `SELECT ` + accountColumns + ` FROM accounts
		WHERE name = $1 AND currency = $2 AND seq > 0 ORDER BY slot`
)

// last is behind every name that begins as the text before it.
const last = "\U0010ffff"

// Accounts lists a shard's accounts that have entries, by name and currency.
func (s *Store) Accounts(ctx context.Context, shard int, q store.AccountQuery) ([]ledger.Account, error) {
	from, to := q.Prefix, q.Prefix+last
	if q.Name != "" {
		from, to = string(q.Name), string(q.Name)
	}
	return readAll(ctx, s.shards[shard], func(r *row) ledger.Account { return r.account().Account }, selectAccounts,
		max(from, string(q.AfterName)), to, string(q.AfterName), string(q.AfterCurrency), string(q.Currency),
		int64(q.Limit))
}

// slots returns an account's rows that have entries.
func (c *reader) slots(ctx context.Context, name ledger.Name, currency money.Currency) ([]account, error) {
	return all(ctx, c, (*row).account, selectSlots, string(name), string(currency))
}
