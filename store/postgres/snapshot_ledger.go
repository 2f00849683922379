package postgres

import (
	"context"
	"errors"

	"florin/ident"
	"florin/ledger"
)

// errNoAccount: the ledger has an entry of an account that it does not have.
var errNoAccount = errors.New("an entry of an account that does not exist")

var allTransactions = byID(transactionColumns, "ledger_transactions")

const (
	// selectEntries finds entries by their own ids, in the order of the table; among
	// them are some of transactions before and behind those that are wanted ($3).
	selectEntries = `SELECT e.transaction_id, ` + entryColumns + ` FROM ledger_entries AS e
		LEFT JOIN accounts AS a ON a.id = e.account
		WHERE e.id BETWEEN $1 AND $2 AND e.transaction_id = ANY($3) ORDER BY e.id`
	selectEntryCount = `SELECT count(*) FROM ledger_entries`
	// strayEntries are those that no transaction finds.
	strayEntries = `SELECT e.transaction_id, ` + entryColumns + ` FROM ledger_entries AS e
		LEFT JOIN accounts AS a ON a.id = e.account
		WHERE e.id > $1 AND NOT EXISTS (SELECT 1 FROM ledger_transactions AS t
			WHERE t.id = e.transaction_id AND e.id BETWEEN t.first_entry AND t.last_entry)
		ORDER BY e.id LIMIT $2`
)

// entryOf is an entry and its transaction's id.
type entryOf struct {
	transaction ident.ID
	ledger.Entry
}

func (r *row) entryOf() entryOf {
	e := entryOf{r.id(), r.entry()}
	if e.Account.Name == "" && r.err == nil {
		r.err = errNoAccount
	}
	return e
}

// stretched is a transaction, and between which ids its entries stand.
type stretched struct {
	ledger.Transaction
	first, last ident.ID
}

func (r *row) stretched() stretched {
	t, first, last := r.transaction()
	return stretched{t, first, last}
}

// Transactions visits every transaction with its entries, then the entries that
// belong to none.
func (v *snapshot) Transactions(ctx context.Context, visit func(ledger.Transaction) error) error {
	entries := int64(0)
	for from, more := (ident.ID{}), true; more; {
		list, err := rows(ctx, v, (*row).stretched, allTransactions, from, int64(chunk))
		if err != nil {
			return err
		}
		if more = len(list) == chunk; more {
			from = list[len(list)-1].ID
		}
		found, err := v.post(ctx, list)
		if err != nil {
			return err
		}
		entries += found
		for i := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := visit(list[i].Transaction); err != nil {
				return err
			}
		}
	}
	return v.strays(ctx, entries, visit)
}

// post gives transactions their entries, and returns how many there are.
func (v *snapshot) post(ctx context.Context, list []stretched) (entries int64, err error) {
	at := make(map[ident.ID]*stretched, len(list))
	ids := make([][16]byte, 0, len(list))
	var first, last ident.ID
	for i := range list {
		t := &list[i]
		at[t.ID] = t
		ids = append(ids, t.ID)
		if !t.first.IsZero() && (first.IsZero() || t.first.Compare(first) < 0) {
			first = t.first
		}
		if t.last.Compare(last) > 0 {
			last = t.last
		}
	}
	if last.IsZero() {
		return 0, nil
	}
	found, err := rows(ctx, v, (*row).entryOf, selectEntries, first, last, ids)
	if err != nil {
		return 0, err
	}
	for _, e := range found {
		t := at[e.transaction]
		if e.ID.Compare(t.first) >= 0 && e.ID.Compare(t.last) <= 0 {
			t.Entries = append(t.Entries, e.Entry)
			entries++
		}
	}
	return entries, nil
}

// strays visits the entries that no transaction has found, if there are more than
// those that one has.
func (v *snapshot) strays(ctx context.Context, entries int64, visit func(ledger.Transaction) error) error {
	stored, err := one(ctx, v.r, (*row).int, selectEntryCount)
	if err != nil {
		return v.sh.wrap(err)
	}
	if stored == entries {
		return nil
	}
	return visitAll(ctx, v, strayEntries, (*row).entryOf, ident.ID{},
		func(e *entryOf) ident.ID { return e.ID },
		func(e entryOf) error {
			return visit(ledger.Transaction{ID: e.transaction, Entries: []ledger.Entry{e.Entry}})
		})
}
