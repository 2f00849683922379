package sqlite

import (
	"fmt"

	"florin/ledger"
	"florin/store"
)

const (
	transactionColumns = `id, id_low, user_id, kind, object, object_low, payment, payment_low, first_entry, last_entry`
	entryColumns       = `id, id_low, account, amount, seq, balance`
)

var (
	insertTransactions = defineInsert("ledger_transactions", transactionColumns)
	insertEntries      = defineInsert("ledger_entries", entryColumns+", transaction_id, generation")
	allTransactions    = define(`SELECT ` + transactionColumns + ` FROM ledger_transactions ORDER BY id`)
	selectEntries      = define(`SELECT ` + entryColumns + ` FROM ledger_entries
		WHERE id BETWEEN ? AND ? AND transaction_id = ? ORDER BY id`)
	countStored = define(`SELECT count(*) FROM ledger_entries`)
	// strayEntries are those that no transaction finds.
	strayEntries = define(`SELECT e.transaction_id, e.id, e.id_low, e.account, e.amount, e.seq, e.balance
		FROM ledger_entries AS e LEFT JOIN ledger_transactions AS t ON t.id = e.transaction_id
		WHERE t.id IS NULL OR e.id NOT BETWEEN t.id + t.first_entry AND t.id + t.last_entry ORDER BY e.id`)
)

func (t *tx) writeTransactions(transactions []ledger.Transaction) error {
	entries := 0
	for i := range transactions {
		entries += len(transactions[i].Entries)
	}
	err := t.sh.writer.insert(insertTransactions, len(transactions), func(s *stmt, i int) error {
		s.bindTransaction(&transactions[i])
		return nil
	})
	if err != nil {
		return err
	}
	of, next := 0, 0 // the next entry
	return t.sh.writer.insert(insertEntries, entries, func(s *stmt, _ int) error {
		for next == len(transactions[of].Entries) {
			of, next = of+1, 0
		}
		next++
		return t.bindEntry(s, &transactions[of].Entries[next-1], transactions[of].ID.High())
	})
}

func (s *stmt) bindTransaction(v *ledger.Transaction) {
	s.bindID(v.ID)
	s.bindInt(v.UserID)
	s.bindText(string(v.Kind))
	s.bindID(v.Object)
	s.bindID(v.Payment)
	var first, last int64
	for i := range v.Entries {
		offset := v.Entries[i].ID.High() - v.ID.High()
		if i == 0 {
			first, last = offset, offset
		}
		first, last = min(first, offset), max(last, offset)
	}
	s.bindInt(first)
	s.bindInt(last)
}

func (t *tx) bindEntry(s *stmt, e *ledger.Entry, transaction int64) error {
	account, ok := t.accounts[e.Account]
	if !ok {
		return fmt.Errorf("%w: an entry of account %s, which was not loaded", store.ErrRefused, e.Account.Name)
	}
	s.bindID(e.ID)
	s.bindInt(account.id)
	s.bindInt(e.Minor)
	s.bindInt(e.Seq)
	s.bindSum(e.Balance)
	s.bindInt(transaction)
	if account.id < 0 {
		s.bindNull()
		return nil
	}
	s.bindInt(1 + t.counters.entry/generationSize)
	t.counters.entry++
	return nil
}

// transaction reads a row of transactionColumns, and where its entries stand.
func (s *stmt) transaction() (v ledger.Transaction, first, last int64) {
	v.ID, v.UserID, v.Kind = s.id(), s.int(), ledger.Kind(s.text())
	v.Object, v.Payment = s.id(), s.id()
	return v, v.ID.High() + s.int(), v.ID.High() + s.int()
}

// entries reads the entries of a transaction in the order of their ids.
func (c *conn) entries(transaction, first, last int64, accounts map[int64]ledger.Key) ([]ledger.Entry, error) {
	s, err := c.query(selectEntries)
	if err != nil {
		return nil, err
	}
	s.bindInt(first)
	s.bindInt(last)
	s.bindInt(transaction)
	return collect(s, nil, func(s *stmt) (ledger.Entry, error) { return s.entry(accounts) })
}

// entry reads a row of entryColumns.
func (s *stmt) entry(accounts map[int64]ledger.Key) (e ledger.Entry, err error) {
	e.ID = s.id()
	id := s.int()
	account, ok := accounts[id]
	if !ok {
		return e, fmt.Errorf("an entry of account %d, which does not exist", id)
	}
	e.Account, e.Minor, e.Seq = account, s.int(), s.int()
	e.Balance, err = s.sum()
	return e, err
}
