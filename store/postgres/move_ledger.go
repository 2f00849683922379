package postgres

import (
	"context"
	"fmt"

	"florin/ident"
	"florin/ledger"
	"florin/store"
)

var (
	filledAccount = shapeOf("", "id int8, name text, slot int4, currency text, user_id int8, balance numeric, seq int8")
	filledEntry   = insertEntries.shape
)

// makeMonths makes the partitions of the months that ledger rows are of.
func (f *Filling) makeMonths(ctx context.Context, shard int, rows *store.Fill) error {
	known := f.months[shard]
	ensure := func(id ident.ID) error {
		m := monthOf(id.Time())
		if known[m] {
			return nil
		}
		for _, table := range partitioned {
			if err := makePartition(ctx, f.conns[shard].Conn, table, m); err != nil {
				return fmt.Errorf("partition %s: %w", m.name(table), err)
			}
		}
		known[m] = true
		return nil
	}
	for i := range rows.Transactions {
		if err := ensure(rows.Transactions[i].ID); err != nil {
			return err
		}
	}
	for i := range rows.Entries {
		if err := ensure(rows.Entries[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// fillAccounts copies users' accounts, as they are.
func (c *conn) fillAccounts(ctx context.Context, rows *store.Fill) error {
	if len(rows.Accounts) == 0 {
		return nil
	}
	ids, err := all(ctx, &reader{c}, (*row).int,
		`SELECT nextval('user_accounts') FROM generate_series(1, $1::bigint)`, int64(len(rows.Accounts)))
	if err != nil {
		return err
	}
	next := 0
	return fillRows(ctx, c, "accounts", filledAccount, rows.Accounts, func(r *columns, a *ledger.Account) {
		userID, _ := a.Name.UserID()
		r.int(ids[next])
		next++
		r.accountKey(a.Key)
		r.intOrNull(userID)
		r.numeric(a.Balance)
		r.int(a.Seq)
	})
}

// fillTransactions copies transactions without their entries.
func (c *conn) fillTransactions(ctx context.Context, rows *store.Fill) error {
	return fillRows(ctx, c, "ledger_transactions", insertTransactions.shape, rows.Transactions,
		func(r *columns, t *ledger.Transaction) { r.transaction(t) })
}

// fillEntries copies entries, and moves system accounts on by theirs.
func (c *conn) fillEntries(ctx context.Context, rows *store.Fill) error {
	if len(rows.Entries) == 0 {
		return nil
	}
	accounts, err := c.accountsOf(ctx, rows.Entries)
	if err != nil {
		return err
	}
	moved := map[ledger.Key]bool{}
	for i := range rows.Entries {
		e := &rows.Entries[i].Entry
		_, ofUser := e.Account.Name.UserID()
		if !ofUser {
			e.Account.Slot = 0
		}
		a, ok := accounts[e.Account]
		if !ok {
			return fmt.Errorf("%w: %s: %w", store.ErrRefused, e.Account.Name, errNoAccount)
		}
		if ofUser {
			continue
		}
		if a.Account, err = a.Apply(e.Minor); err != nil {
			return fmt.Errorf("%w: %s: %w", store.ErrRefused, e.Account.Name, err)
		}
		e.Seq, e.Balance = a.Seq, a.Balance
		accounts[e.Account], moved[e.Account] = a, true
	}
	err = fillRows(ctx, c, "ledger_entries", filledEntry, rows.Entries, func(r *columns, p *store.Posted) {
		r.id(p.ID)
		r.id(p.Transaction.ID)
		r.int(accounts[p.Account].id)
		r.int(p.Minor)
		r.int(p.Seq)
		r.numeric(p.Balance)
	})
	if err != nil {
		return err
	}
	return c.moveAccounts(ctx, accounts, moved)
}

// accountsOf reads the accounts that entries are of, and makes the system accounts
// that are missing.
func (c *conn) accountsOf(ctx context.Context, entries []store.Posted) (map[ledger.Key]account, error) {
	seen := map[ledger.Key]bool{}
	var keys, system []ledger.Key
	for i := range entries {
		key := entries[i].Account
		_, ofUser := key.Name.UserID()
		if !ofUser {
			key.Slot = 0
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		keys = append(keys, key)
		if !ofUser {
			system = append(system, key)
		}
	}
	named := newColumns(accountKey, len(keys))
	for _, key := range keys {
		named.accountKey(key)
		named.end()
	}
	args, err := named.args()
	if err != nil {
		return nil, err
	}
	accounts := make(map[ledger.Key]account, len(keys))
	var p pipe
	p.makeAccounts(system)
	p.queue(loadNamed, func(r *row) error {
		a := r.account()
		accounts[a.Key] = a
		return nil
	}, append(args, intsParam(nil))...)
	_, _, err = c.send(ctx, &p, false)
	return accounts, err
}

// moveAccounts writes the balances of the accounts that have moved.
func (c *conn) moveAccounts(ctx context.Context, accounts map[ledger.Key]account, moved map[ledger.Key]bool) error {
	if len(moved) == 0 {
		return nil
	}
	rows := newColumns(updateAccounts.shape, len(moved))
	for key := range moved {
		a := accounts[key]
		rows.int(a.id)
		rows.sum(a.Balance)
		rows.int(a.Seq)
		rows.end()
	}
	var p pipe
	p.update(updateAccounts, rows)
	_, _, err := c.send(ctx, &p, false)
	return err
}
