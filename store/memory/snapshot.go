package memory

import (
	"cmp"
	"context"
	"slices"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// snapshot is a copy of a shard.
type snapshot struct {
	payments     []payment.Payment
	methods      []vault.PaymentMethod
	transfers    []wallet.Transfer
	received     []wallet.Transfer
	batches      []payment.Batch
	batchItems   []payment.BatchItem
	transactions []ledger.Transaction
	accounts     []ledger.Account
	events       []event.Stored
	claims       []store.Claim
	holds        []wallet.Hold
	payouts      []wallet.Payout
}

// Snapshot copies a whole shard.
func (s *Store) Snapshot(ctx context.Context, number int) (store.Snapshot, error) {
	v := &snapshot{}
	err := s.read(ctx, number, func(sh *shard) error {
		v.payments = sh.families()
		v.methods = sh.methods.sorted(all)
		v.transfers, v.received = sh.transfers.sorted(all), sh.received.sorted(all)
		v.batches, v.batchItems = sh.batches.sorted(all), sh.allItems()
		v.transactions = copied(sh.transactions, keepTransaction)
		slices.SortFunc(v.transactions, func(a, b ledger.Transaction) int { return a.ID.Compare(b.ID) })
		for _, account := range sh.accounts {
			v.accounts = append(v.accounts, account)
		}
		slices.SortFunc(v.accounts, func(a, b ledger.Account) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Currency, b.Currency))
		})
		v.events = copied(sh.events, keepStored)
		for _, claims := range sh.claims {
			v.claims = append(v.claims, claims...)
		}
		v.holds, v.payouts = sh.holds.sorted(all), sh.payouts.sorted(all)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// families returns all payments with their children. Children whose payment is
// missing stand under a payment that has nothing but its id.
func (sh *shard) families() []payment.Payment {
	byID := map[ident.ID]*payment.Payment{}
	parent := func(id ident.ID) *payment.Payment {
		if byID[id] == nil {
			p, _ := sh.payments.get(id)
			p.ID = id
			byID[id] = &p
		}
		return byID[id]
	}
	for id := range sh.payments.rows {
		parent(id)
	}
	for _, a := range sh.attempts.sorted(all) {
		p := parent(a.Payment)
		p.Attempts = append(p.Attempts, a)
	}
	for _, c := range sh.captures.sorted(all) {
		p := parent(c.Payment)
		p.Captures = append(p.Captures, c)
	}
	for _, r := range sh.refunds.sorted(all) {
		p := parent(r.Payment)
		p.Refunds = append(p.Refunds, r)
	}
	for _, d := range sh.disputes.sorted(all) {
		p := parent(d.Payment)
		p.Disputes = append(p.Disputes, d)
	}
	families := make([]payment.Payment, 0, len(byID))
	for _, p := range byID {
		families = append(families, *p)
	}
	slices.SortFunc(families, func(a, b payment.Payment) int { return a.ID.Compare(b.ID) })
	return families
}

// visitAll visits rows until one visit, or ctx, ends it.
func visitAll[T any](ctx context.Context, rows []T, visit func(T) error) error {
	for _, value := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(value); err != nil {
			return err
		}
	}
	return nil
}

// Payments visits every payment with its children.
func (v *snapshot) Payments(ctx context.Context, visit func(payment.Payment) error) error {
	return visitAll(ctx, v.payments, visit)
}

// Methods visits every payment method.
func (v *snapshot) Methods(ctx context.Context, visit func(vault.PaymentMethod) error) error {
	return visitAll(ctx, v.methods, visit)
}

// Transactions visits every transaction with its entries.
func (v *snapshot) Transactions(ctx context.Context, visit func(ledger.Transaction) error) error {
	return visitAll(ctx, v.transactions, visit)
}

// Accounts visits every account, by name.
func (v *snapshot) Accounts(ctx context.Context, visit func(ledger.Account) error) error {
	return visitAll(ctx, v.accounts, visit)
}

// Events visits every event, by position.
func (v *snapshot) Events(ctx context.Context, visit func(event.Stored) error) error {
	return visitAll(ctx, v.events, visit)
}

// Claims visits every claim.
func (v *snapshot) Claims(ctx context.Context, visit func(store.Claim) error) error {
	return visitAll(ctx, v.claims, visit)
}

// Holds visits every hold.
func (v *snapshot) Holds(ctx context.Context, visit func(wallet.Hold) error) error {
	return visitAll(ctx, v.holds, visit)
}

// Payouts visits every payout.
func (v *snapshot) Payouts(ctx context.Context, visit func(wallet.Payout) error) error {
	return visitAll(ctx, v.payouts, visit)
}

// Checkpoints visits nothing: no month is ever closed.
func (v *snapshot) Checkpoints(context.Context, func(store.Checkpoint) error) error { return nil }

// Close implements store.Snapshot.
func (v *snapshot) Close() error { return nil }
