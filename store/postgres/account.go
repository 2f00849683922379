package postgres

import (
	"florin/ledger"
	"florin/money"
)

// account is an account with its row's id.
type account struct {
	id int64
	ledger.Account
}

// accountColumns are what (*row).account reads.
const accountColumns = `id, name, slot, currency, balance::text, seq`

// account reads a row of accountColumns.
func (r *row) account() (a account) {
	a.id = r.int()
	a.Key = ledger.Key{Name: ledger.Name(r.text()), Slot: r.small(), Currency: money.Currency(r.text())}
	a.Balance, a.Seq = r.sum(), r.int()
	return a
}
