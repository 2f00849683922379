package postgres

import (
	"fmt"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
)

const (
	// transactionColumns are what (*row).transaction reads.
	transactionColumns = `id, user_id, kind, object, payment, first_entry, last_entry`
	// entryColumns are what (*row).entry reads, of ledger_entries AS e JOIN accounts
	// AS a ON a.id = e.account.
	entryColumns = `e.id, a.name, a.slot, a.currency, e.amount, e.seq, e.balance::text`
)

var (
	insertTransactions = defineInsert("ledger_transactions",
		"id uuid, user_id int8, kind text, object uuid, payment uuid, first_entry uuid, last_entry uuid")
	insertEntries = defineInsert("ledger_entries",
		"id uuid, transaction_id uuid, account int8, amount int8, seq int8, balance numeric")
)

// transaction reads a row of transactionColumns, and between which ids its
// entries stand.
func (r *row) transaction() (t ledger.Transaction, first, last ident.ID) {
	t.ID, t.UserID, t.Kind = r.id(), r.int(), ledger.Kind(r.text())
	t.Object, t.Payment = r.id(), r.id()
	return t, r.id(), r.id()
}

// entry reads a row of entryColumns.
func (r *row) entry() (e ledger.Entry) {
	e.ID = r.id()
	e.Account = ledger.Key{Name: ledger.Name(r.text()), Slot: r.small(), Currency: money.Currency(r.text())}
	e.Minor, e.Seq, e.Balance = r.int(), r.int(), r.sum()
	return e
}

// writeTransactions inserts transactions with their entries.
func (t *tx) writeTransactions(transactions []ledger.Transaction) error {
	if len(transactions) == 0 {
		return nil
	}
	rows := newColumns(insertTransactions.shape, len(transactions))
	entries := newColumns(insertEntries.shape, 2*len(transactions))
	for i := range transactions {
		v := &transactions[i]
		rows.transaction(v)
		rows.end()
		for j := range v.Entries {
			e := &v.Entries[j]
			account, ok := t.accounts[e.Account]
			if !ok {
				return fmt.Errorf("%w: an entry of account %s, which was not loaded", store.ErrRefused, e.Account.Name)
			}
			entries.id(e.ID)
			entries.id(v.ID)
			entries.int(account)
			entries.int(e.Minor)
			entries.int(e.Seq)
			entries.sum(e.Balance)
			entries.end()
		}
	}
	t.writes.insert(insertTransactions, rows)
	if entries.rows > 0 {
		t.writes.insert(insertEntries, entries)
	}
	return nil
}

func (c *columns) transaction(v *ledger.Transaction) {
	c.id(v.ID)
	c.int(v.UserID)
	c.text(string(v.Kind))
	c.id(v.Object)
	c.id(v.Payment)
	var first, last ident.ID
	for i := range v.Entries {
		id := v.Entries[i].ID
		if i == 0 || id.Compare(first) < 0 {
			first = id
		}
		if i == 0 || id.Compare(last) > 0 {
			last = id
		}
	}
	c.id(first)
	c.id(last)
}
