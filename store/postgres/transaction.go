package postgres

import (
	"florin/ident"
	"florin/ledger"
	"florin/money"
)

const (
	// transactionColumns are what (*row).transaction reads.
	transactionColumns = `id, user_id, kind, object, payment, first_entry, last_entry`
	// entryColumns are what (*row).entry reads, of ledger_entries AS e JOIN accounts
	// AS a ON a.id = e.account.
	entryColumns = `e.id, a.name, a.slot, a.currency, e.amount, e.seq, e.balance::text`
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
