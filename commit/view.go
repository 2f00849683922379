package commit

import (
	"errors"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/vault"
)

// View is a group's state as a command sees it: what was loaded, changed by the
// commands before it.
type View struct {
	state   store.State
	asked   store.Keys
	changes *store.Changes
	ids     *ident.Source
	slot    int
	dirty   *dirty
}

// dirty remembers where in the changes a row stands already.
type dirty struct {
	payments map[ident.ID]int
	attempts map[ident.ID]int
	captures map[ident.ID]int
	refunds  map[ident.ID]int
	disputes map[ident.ID]int
	methods  map[ident.ID]int
	apiKeys  map[ident.ID]int
	accounts map[ledger.Key]int

	transfers map[ident.ID]int
	batches   map[ident.ID]int
	holds     map[ident.ID]int
	payouts   map[ident.ID]int
}

// scratch is what a committer's groups stand in and their views write to, one after
// the other: rows are large, and a group has hundreds of them.
type scratch struct {
	group   []item
	changes store.Changes
	dirty   dirty
}

// view returns the group's view. It is good until the next one.
func (s *scratch) view(asked store.Keys, state store.State, ids *ident.Source, slot int) *View {
	c, d := &s.changes, &s.dirty
	if d.payments == nil {
		*d = newDirty()
	}
	for _, m := range []map[ident.ID]int{
		d.payments, d.attempts, d.captures, d.refunds, d.disputes, d.methods, d.apiKeys, d.transfers, d.batches, d.holds,
		d.payouts,
	} {
		clear(m)
	}
	clear(d.accounts)
	*c = store.Changes{
		Payments: c.Payments[:0], Attempts: c.Attempts[:0], Captures: c.Captures[:0], Refunds: c.Refunds[:0],
		Disputes: c.Disputes[:0], Methods: c.Methods[:0], APIKeys: c.APIKeys[:0], Transfers: c.Transfers[:0],
		Received: c.Received[:0], Batches: c.Batches[:0], BatchItems: c.BatchItems[:0], Holds: c.Holds[:0],
		Payouts: c.Payouts[:0], Transactions: c.Transactions[:0], Accounts: c.Accounts[:0], Events: c.Events[:0],
	}
	return &View{state: state, asked: asked, ids: ids, slot: slot, changes: c, dirty: d}
}

func newDirty() dirty {
	return dirty{
		payments: map[ident.ID]int{}, attempts: map[ident.ID]int{}, captures: map[ident.ID]int{},
		refunds: map[ident.ID]int{}, disputes: map[ident.ID]int{}, methods: map[ident.ID]int{}, apiKeys: map[ident.ID]int{},
		accounts: map[ledger.Key]int{}, transfers: map[ident.ID]int{}, batches: map[ident.ID]int{},
		holds: map[ident.ID]int{}, payouts: map[ident.ID]int{},
	}
}

// Payment returns a payment with its children; a not-found problem when there is
// none; *NeedKeys when nobody asked for it.
func (v *View) Payment(id ident.ID) (payment.Payment, error) {
	if p, ok := v.state.Payments[id]; ok {
		return p, nil
	}
	for _, asked := range v.asked.Payments {
		if asked == id {
			return payment.Payment{}, notFound(ident.Payment, id)
		}
	}
	return payment.Payment{}, &NeedKeys{store.Keys{Payments: []ident.ID{id}}}
}

// Method returns a payment method, as Payment does.
func (v *View) Method(id ident.ID) (vault.PaymentMethod, error) {
	if m, ok := v.state.Methods[id]; ok {
		return m, nil
	}
	for _, asked := range v.asked.Methods {
		if asked == id {
			return vault.PaymentMethod{}, notFound(ident.PaymentMethod, id)
		}
	}
	return vault.PaymentMethod{}, &NeedKeys{store.Keys{Methods: []ident.ID{id}}}
}

// Account returns a row of balances, a system account's of this process's slot;
// *NeedKeys when nobody asked for it. What has no entries yet has a balance of 0.
func (v *View) Account(key ledger.Key) (ledger.Account, error) {
	if _, user := key.Name.UserID(); !user {
		key.Slot = v.slot
	}
	if account, ok := v.state.Accounts[key]; ok {
		return account, nil
	}
	return ledger.Account{}, &NeedKeys{store.Keys{Accounts: []ledger.Key{key}}}
}

// apply takes a decision into the view, or leaves it as it was.
func (v *View) apply(d *Decision) error {
	transactions := d.Payment.Transactions
	if len(d.Transactions) > 0 {
		transactions = append(transactions[:len(transactions):len(transactions)], d.Transactions...)
	}
	if len(d.Transfer.Transactions) > 0 {
		transactions = append(transactions[:len(transactions):len(transactions)], d.Transfer.Transactions...)
	}
	accounts, err := v.post(transactions)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		v.state.Accounts[account.Key] = account
		put(&v.changes.Accounts, v.dirty.accounts, account.Key, account)
	}
	v.changes.Transactions = append(v.changes.Transactions, transactions...)
	v.applyPayment(&d.Payment)
	for _, m := range d.Methods {
		v.state.Methods[m.Value.ID] = m.Value
		putChange(&v.changes.Methods, v.dirty.methods, m.Value.ID, m)
	}
	for _, k := range d.APIKeys {
		v.state.APIKeys[k.Value.ID] = k.Value
		putChange(&v.changes.APIKeys, v.dirty.apiKeys, k.Value.ID, k)
	}
	v.applyTransfer(&d.Transfer, d.Received)
	v.applyBatch(&d.Batch)
	v.applyWallet(d)
	v.emit(d.Payment.Events)
	v.emit(d.Events)
	v.changes.Answered = append(v.changes.Answered, d.Answered...)
	return nil
}

func (v *View) applyPayment(c *payment.Changes) {
	id := c.Payment.ID
	if id.IsZero() {
		return
	}
	v.state.Payments[id] = c.Payment
	if c.Changed {
		putChange(&v.changes.Payments, v.dirty.payments, id,
			store.Change[payment.Payment]{Value: c.Payment, New: c.New})
	}
	for _, a := range c.Attempts {
		putChange(&v.changes.Attempts, v.dirty.attempts, a.Value.ID, a)
	}
	for _, a := range c.Captures {
		putChange(&v.changes.Captures, v.dirty.captures, a.Value.ID, a)
	}
	for _, r := range c.Refunds {
		putChange(&v.changes.Refunds, v.dirty.refunds, r.Value.ID, r)
	}
	for _, d := range c.Disputes {
		putChange(&v.changes.Disputes, v.dirty.disputes, d.Value.ID, d)
	}
}

func (v *View) emit(events []event.Event) {
	for _, e := range events {
		e.ID = v.ids.New(e.UserID)
		v.changes.Events = append(v.changes.Events, e)
	}
}

// post numbers the transactions and returns the accounts after them. It changes
// nothing but the transactions.
func (v *View) post(transactions []ledger.Transaction) ([]ledger.Account, error) {
	var changed []ledger.Account
	for i := range transactions {
		t := &transactions[i]
		if err := t.Check(); err != nil {
			return nil, problem.New(problem.Internal, "transaction of %s", t.Kind).With(err)
		}
		if t.ID.IsZero() {
			t.ID = v.ids.New(t.UserID)
		}
		for j := range t.Entries {
			e := &t.Entries[j]
			if _, user := e.Account.Name.UserID(); !user {
				e.Account.Slot = v.slot
			}
			at := -1
			for k := range changed {
				if changed[k].Key == e.Account {
					at = k
				}
			}
			if at < 0 {
				account, ok := v.state.Accounts[e.Account]
				if !ok {
					return nil, &NeedKeys{store.Keys{Accounts: accountsOf(transactions, v.slot)}}
				}
				changed, at = append(changed, account), len(changed)
			}
			account, err := changed[at].Apply(e.Minor)
			if errors.Is(err, ledger.ErrInsufficient) {
				return nil, problem.New(problem.InsufficientFunds, "the wallet has too little").With(err)
			}
			if err != nil {
				return nil, err
			}
			changed[at] = account
			e.ID, e.Seq, e.Balance = v.ids.New(t.UserID), account.Seq, account.Balance
		}
	}
	return changed, nil
}

// accountsOf lists every account that the transactions touch.
func accountsOf(transactions []ledger.Transaction, slot int) []ledger.Key {
	var keys []ledger.Key
	for _, t := range transactions {
		for _, e := range t.Entries {
			key := e.Account
			if _, user := key.Name.UserID(); !user {
				key.Slot = slot
			}
			keys = append(keys, key)
		}
	}
	return keys
}

// put replaces the row that stands in rows already, or appends it.
func put[K comparable, T any](rows *[]T, at map[K]int, key K, value T) {
	if i, ok := at[key]; ok {
		(*rows)[i] = value
		return
	}
	at[key] = len(*rows)
	*rows = append(*rows, value)
}

// putChange does the same; a row that was new in this group stays new.
func putChange[K comparable, T any](
	rows *[]store.Change[T], at map[K]int, key K, change store.Change[T],
) {
	if i, ok := at[key]; ok {
		change.New = change.New || (*rows)[i].New
	}
	put(rows, at, key, change)
}
