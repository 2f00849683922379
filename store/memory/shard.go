package memory

import (
	"fmt"
	"slices"
	"sync"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// shard is what one shard has committed.
type shard struct {
	number int
	shards int

	mu           sync.RWMutex // over all below
	life         int          // a Store of another life is dead
	last         int64        // greatest High of any id
	payments     table[payment.Payment]
	attempts     table[payment.Attempt]
	captures     table[payment.Capture]
	refunds      table[payment.Refund]
	disputes     table[payment.Dispute]
	methods      table[vault.PaymentMethod]
	apiKeys      table[access.APIKey]
	batches      table[payment.Batch]
	batchItems   map[itemKey]payment.BatchItem
	holds        table[wallet.Hold]
	payouts      table[wallet.Payout]
	accounts     map[ledger.Key]ledger.Account
	transfers    table[wallet.Transfer]
	received     table[wallet.Transfer]
	transactions []ledger.Transaction // in the order of their commits
	events       []event.Stored       // that at position p stands at p-1
	versions     map[version]struct{}
	claims       map[int64][]store.Claim // by hash
	groups       map[ident.ID]struct{}
	keysets      map[string][]byte
}

// version names one version of one object.
type version struct {
	object ident.ID
	number int64
}

func newShard(number, shards int) *shard {
	return &shard{
		number:   number,
		shards:   shards,
		payments: newTable("payment", keepPayment, func(p *payment.Payment) row { return row{p.ID, p.UserID} }),
		attempts: newTable("attempt", keepAttempt, func(a *payment.Attempt) row { return row{a.ID, a.UserID} }),
		captures: newTable("capture", keepCapture, func(c *payment.Capture) row { return row{c.ID, c.UserID} }),
		refunds:  newTable("refund", keepRefund, func(r *payment.Refund) row { return row{r.ID, r.UserID} }),
		disputes: newTable("dispute", keepDispute, func(d *payment.Dispute) row { return row{d.ID, d.UserID} }),
		methods:  newTable("method", keepMethod, func(m *vault.PaymentMethod) row { return row{m.ID, m.UserID} }),
		apiKeys:  newTable("API key", keepAPIKey, func(k *access.APIKey) row { return row{k.ID, int64(number)} }),
		transfers: newTable("transfer", keepTransfer,
			func(t *wallet.Transfer) row { return row{t.ID, t.FromUserID} }),
		received: newTable("received transfer", keepTransfer,
			func(t *wallet.Transfer) row { return row{t.ID, t.ToUserID} }),
		batches:    newTable("batch", keepBatch, func(b *payment.Batch) row { return row{b.ID, b.UserID} }),
		batchItems: map[itemKey]payment.BatchItem{},
		holds:      newTable("hold", keepHold, func(h *wallet.Hold) row { return row{h.ID, h.UserID} }),
		payouts:    newTable("payout", keepPayout, func(p *wallet.Payout) row { return row{p.ID, p.UserID} }),
		accounts:   map[ledger.Key]ledger.Account{},
		versions:   map[version]struct{}{},
		claims:     map[int64][]store.Claim{},
		groups:     map[ident.ID]struct{}{},
		keysets:    map[string][]byte{},
	}
}

// owns returns ErrRefused for a row of another shard's user.
func (sh *shard) owns(userID int64) error {
	if userID%int64(sh.shards) != int64(sh.number) {
		return fmt.Errorf("%w: user %d is not of shard %d", store.ErrRefused, userID, sh.number)
	}
	return nil
}

// note remembers that ids were written.
func (sh *shard) note(ids ...ident.ID) {
	for _, id := range ids {
		if !id.IsZero() {
			sh.last = max(sh.last, id.High())
		}
	}
}

// find returns the claim that holds a key, or nil.
func (sh *shard) find(c store.Claim) *store.Claim {
	held := sh.claims[c.Hash]
	if i := slices.IndexFunc(held, c.Same); i >= 0 {
		return &held[i]
	}
	return nil
}

// table is the rows of one kind.
type table[T any] struct {
	kind     string
	rows     map[ident.ID]T
	keep     func(T) T // a copy as an engine keeps it
	identity func(*T) row
}

// row tells which row it is, and whose.
type row struct {
	id     ident.ID
	userID int64
}

func newTable[T any](kind string, keep func(T) T, identity func(*T) row) table[T] {
	return table[T]{kind: kind, rows: map[ident.ID]T{}, keep: keep, identity: identity}
}

// get returns a copy of a row.
func (t *table[T]) get(id ident.ID) (value T, ok bool) {
	if value, ok = t.rows[id]; ok {
		value = t.keep(value)
	}
	return value, ok
}

// check returns ErrRefused when the shard cannot take the changes.
func (t *table[T]) check(sh *shard, changes []store.Change[T]) error {
	made := map[ident.ID]bool{}
	for i := range changes {
		r := t.identity(&changes[i].Value)
		_, there := t.rows[r.id]
		switch {
		case changes[i].New && (there || made[r.id]):
			return fmt.Errorf("%w: the id of a new %s is taken", store.ErrRefused, t.kind)
		case !changes[i].New && !there:
			return fmt.Errorf("%w: there is no %s to update", store.ErrRefused, t.kind)
		}
		if err := sh.owns(r.userID); err != nil {
			return err
		}
		made[r.id] = changes[i].New
	}
	return nil
}

// apply writes changes that were checked.
func (t *table[T]) apply(sh *shard, changes []store.Change[T]) {
	for i := range changes {
		id := t.identity(&changes[i].Value).id
		t.rows[id] = t.keep(changes[i].Value)
		sh.note(id)
	}
}

// sorted returns copies of the rows that want takes, oldest first.
func (t *table[T]) sorted(want func(*T) bool) []T {
	var rows []T
	for _, value := range t.rows {
		if want(&value) {
			rows = append(rows, value)
		}
	}
	slices.SortFunc(rows, func(a, b T) int { return t.identity(&a).id.Compare(t.identity(&b).id) })
	for i := range rows {
		rows[i] = t.keep(rows[i])
	}
	return rows
}

func all[T any](*T) bool { return true }
