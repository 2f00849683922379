package move

import (
	"cmp"
	"context"
	"fmt"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// view is a shard as it is read, of either store.
type view struct {
	store.Snapshot
	reader Reader
	shard  int
}

// part is one kind of row on its way from one store to the other.
type part[T any] struct {
	name string
	// source makes the streams of a shard of the source, as the target is to have
	// their rows; target the stream of a shard of the target. Both ascend by less.
	source func(ctx context.Context, n shards, v view) []stream[T]
	target func(ctx context.Context, v view) stream[T]
	less   func(a, b *T) bool
	user   func(*T) int64 // whose shard it goes to
	put    func(*store.Fill, T)
	// bare takes away what the two stores' rows need not have in common; may be nil.
	bare func(T) T
	// label names a row that differs.
	label func(*T) string
	// find reads one row of the target by its id; nil where there is no such way.
	find func(ctx context.Context, target Reader, v *T) (T, error)
}

// rowsOf is the part of rows that each shard's snapshot visits by their ids, alike
// in both stores.
func rowsOf[T any](
	name string, kind ident.Kind, visit func(store.Snapshot, context.Context, func(T) error) error,
	id func(*T) ident.ID, user func(*T) int64, put func(*store.Fill, T),
) part[T] {
	read := func(ctx context.Context, v view) stream[T] {
		return streamOf(func(each func(T) error) error { return visit(v.Snapshot, ctx, each) })
	}
	return part[T]{
		name:   name,
		source: func(ctx context.Context, _ shards, v view) []stream[T] { return []stream[T]{read(ctx, v)} },
		target: read, user: user, put: put,
		less:  func(a, b *T) bool { return id(a).Compare(id(b)) < 0 },
		label: func(v *T) string { return id(v).Text(kind) },
	}
}

// with gives the part a way to find a row by its id.
func (p part[T]) with(find func(context.Context, Reader, *T) (T, error)) part[T] {
	p.find = find
	return p
}

func fresh[T any](list []store.Change[T], v ...T) []store.Change[T] {
	for i := range v {
		list = append(list, store.Change[T]{Value: v[i], New: true})
	}
	return list
}

// parts are all parts, in the order in which they are copied: what others name
// comes before them.
func parts() []copied {
	return []copied{
		keysetPart(), apiKeyPart(), methodPart(), paymentPart(), transferPart(), receivedPart(), batchPart(),
		batchItemPart(), holdPart(), payoutPart(), accountPart(), transactionPart(), entryPart(), eventPart(), claimPart(),
	}
}

func methodPart() part[vault.PaymentMethod] {
	return rowsOf("payment_methods", ident.PaymentMethod, store.Snapshot.Methods,
		func(m *vault.PaymentMethod) ident.ID { return m.ID }, func(m *vault.PaymentMethod) int64 { return m.UserID },
		func(f *store.Fill, m vault.PaymentMethod) { f.Methods = fresh(f.Methods, m) },
	).with(func(ctx context.Context, r Reader, m *vault.PaymentMethod) (vault.PaymentMethod, error) {
		return r.Method(ctx, m.ID)
	})
}

func paymentPart() part[payment.Payment] {
	return rowsOf("payments", ident.Payment, store.Snapshot.Payments,
		func(p *payment.Payment) ident.ID { return p.ID }, func(p *payment.Payment) int64 { return p.UserID },
		func(f *store.Fill, p payment.Payment) {
			f.Attempts, f.Captures = fresh(f.Attempts, p.Attempts...), fresh(f.Captures, p.Captures...)
			f.Refunds, f.Disputes = fresh(f.Refunds, p.Refunds...), fresh(f.Disputes, p.Disputes...)
			p.Attempts, p.Captures, p.Refunds, p.Disputes = nil, nil, nil, nil
			f.Payments = fresh(f.Payments, p)
		},
	).with(func(ctx context.Context, r Reader, p *payment.Payment) (payment.Payment, error) {
		return r.Payment(ctx, p.ID)
	})
}

func idOfTransfer(t *wallet.Transfer) ident.ID { return t.ID }

func transferPart() part[wallet.Transfer] {
	return rowsOf("transfers", ident.Transfer, store.Snapshot.Transfers, idOfTransfer,
		func(t *wallet.Transfer) int64 { return t.FromUserID },
		func(f *store.Fill, t wallet.Transfer) { f.Transfers = fresh(f.Transfers, t) },
	).with(func(ctx context.Context, r Reader, t *wallet.Transfer) (wallet.Transfer, error) {
		return r.Transfer(ctx, t.ID)
	})
}

// receivedPart is what came from other shards, and what comes from them now.
func receivedPart() part[wallet.Transfer] {
	p := rowsOf("received_transfers", ident.Transfer, store.Snapshot.Received, idOfTransfer,
		func(t *wallet.Transfer) int64 { return t.ToUserID },
		func(f *store.Fill, t wallet.Transfer) { f.Received = append(f.Received, t) })
	p.source = func(ctx context.Context, n shards, v view) []stream[wallet.Transfer] {
		return []stream[wallet.Transfer]{p.target(ctx, v), streamOf(func(each func(wallet.Transfer) error) error {
			return v.Transfers(ctx, func(t wallet.Transfer) error {
				if received, ok := n.received(t); ok {
					return each(received)
				}
				return nil
			})
		})}
	}
	return p
}

func batchPart() part[payment.Batch] {
	return rowsOf("batches", ident.Batch, store.Snapshot.Batches,
		func(b *payment.Batch) ident.ID { return b.ID }, func(b *payment.Batch) int64 { return b.UserID },
		func(f *store.Fill, b payment.Batch) { f.Batches = fresh(f.Batches, b) },
	).with(func(ctx context.Context, r Reader, b *payment.Batch) (payment.Batch, error) {
		return r.Batch(ctx, b.ID)
	})
}

// itemsAtOnce is how many items of a batch are read at a time.
const itemsAtOnce = 100

func batchItemPart() part[payment.BatchItem] {
	read := func(ctx context.Context, v view) stream[payment.BatchItem] {
		return streamOf(func(each func(payment.BatchItem) error) error {
			return v.Batches(ctx, func(b payment.Batch) error {
				for from := 0; from < b.Total; from += itemsAtOnce {
					items, err := v.reader.BatchItems(ctx, b.ID, store.BatchItemQuery{From: from, Limit: itemsAtOnce})
					if err != nil {
						return err
					}
					for _, item := range items {
						if err := each(item); err != nil {
							return err
						}
					}
				}
				return nil
			})
		})
	}
	return part[payment.BatchItem]{
		name: "batch_items",
		source: func(ctx context.Context, _ shards, v view) []stream[payment.BatchItem] {
			return []stream[payment.BatchItem]{read(ctx, v)}
		},
		target: read,
		less: func(a, b *payment.BatchItem) bool {
			return cmp.Or(a.Batch.Compare(b.Batch), cmp.Compare(a.Index, b.Index)) < 0
		},
		user: func(i *payment.BatchItem) int64 { return i.UserID },
		put:  func(f *store.Fill, i payment.BatchItem) { f.BatchItems = fresh(f.BatchItems, i) },
		label: func(i *payment.BatchItem) string {
			return fmt.Sprintf("%s, item %d", i.Batch.Text(ident.Batch), i.Index)
		},
	}
}

func holdPart() part[wallet.Hold] {
	return rowsOf("holds", ident.Hold, store.Snapshot.Holds,
		func(h *wallet.Hold) ident.ID { return h.ID }, func(h *wallet.Hold) int64 { return h.UserID },
		func(f *store.Fill, h wallet.Hold) { f.Holds = fresh(f.Holds, h) },
	).with(func(ctx context.Context, r Reader, h *wallet.Hold) (wallet.Hold, error) { return r.Hold(ctx, h.ID) })
}

func payoutPart() part[wallet.Payout] {
	return rowsOf("payouts", ident.Payout, store.Snapshot.Payouts,
		func(p *wallet.Payout) ident.ID { return p.ID }, func(p *wallet.Payout) int64 { return p.UserID },
		func(f *store.Fill, p wallet.Payout) { f.Payouts = fresh(f.Payouts, p) },
	).with(func(ctx context.Context, r Reader, p *wallet.Payout) (wallet.Payout, error) {
		return r.Payout(ctx, p.ID)
	})
}

// accountPart is users' accounts; system accounts follow from their entries.
func accountPart() part[ledger.Account] {
	p := rowsOf("accounts", "", func(s store.Snapshot, ctx context.Context, each func(ledger.Account) error) error {
		return s.Accounts(ctx, func(a ledger.Account) error {
			if _, ofUser := a.Name.UserID(); !ofUser {
				return nil
			}
			return each(a)
		})
	}, func(*ledger.Account) ident.ID { return ident.ID{} },
		func(a *ledger.Account) int64 { id, _ := a.Name.UserID(); return id },
		func(f *store.Fill, a ledger.Account) { f.Accounts = append(f.Accounts, a) })
	p.less = func(a, b *ledger.Account) bool { return nameOf(a) < nameOf(b) }
	p.label = nameOf
	return p
}

// nameOf orders accounts as snapshots do: by name, slot and currency.
func nameOf(a *ledger.Account) string {
	return fmt.Sprintf("%s\x00%08d\x00%s", a.Name, a.Slot, a.Currency)
}

func readTransactions(ctx context.Context, n shards, v view) stream[ledger.Transaction] {
	return streamOf(func(each func(ledger.Transaction) error) error {
		return v.Transactions(ctx, func(t ledger.Transaction) error {
			own, other := n.divide(t)
			if err := each(own); err != nil || other == nil {
				return err
			}
			return each(*other)
		})
	})
}

// transactionPart is transactions, which are written without their entries and
// compared with them.
func transactionPart() part[ledger.Transaction] {
	p := rowsOf("ledger_transactions", ident.Transaction, store.Snapshot.Transactions,
		func(t *ledger.Transaction) ident.ID { return t.ID }, func(t *ledger.Transaction) int64 { return t.UserID },
		func(f *store.Fill, t ledger.Transaction) { f.Transactions = append(f.Transactions, t) })
	p.source = func(ctx context.Context, n shards, v view) []stream[ledger.Transaction] {
		return []stream[ledger.Transaction]{readTransactions(ctx, n, v)}
	}
	p.bare = func(t ledger.Transaction) ledger.Transaction {
		for i := range t.Entries {
			if e := &t.Entries[i]; e.Account.Name.Control() == e.Account.Name { // the target numbers system accounts anew
				*e = ledger.Entry{ID: e.ID, Minor: e.Minor, Account: e.Account}
				e.Account.Slot = 0
			}
		}
		return t
	}
	return p
}

// entryPart is entries in the order of their ids; they are compared with their
// transactions.
func entryPart() part[store.Posted] {
	return part[store.Posted]{
		name: "ledger_entries",
		source: func(ctx context.Context, n shards, v view) []stream[store.Posted] {
			return []stream[store.Posted]{entriesOf(readTransactions(ctx, n, v))}
		},
		less: func(a, b *store.Posted) bool { return a.ID.Compare(b.ID) < 0 },
		user: func(p *store.Posted) int64 { return p.Transaction.UserID },
		put:  func(f *store.Fill, p store.Posted) { f.Entries = append(f.Entries, p) },
	}
}

// eventPart is events in the order of their positions, of which the target has its
// own.
func eventPart() part[event.Stored] {
	p := rowsOf("events", ident.Event, store.Snapshot.Events,
		func(e *event.Stored) ident.ID { return e.ID }, func(e *event.Stored) int64 { return e.UserID },
		func(f *store.Fill, e event.Stored) { f.Events = append(f.Events, e.Event) })
	p.bare = func(e event.Stored) event.Stored { e.Position = 0; return e }
	return p
}

func apiKeyPart() part[access.APIKey] {
	return onShardZero("api_keys", Reader.APIKeys, func(k *access.APIKey) string { return k.ID.Text(ident.APIKey) },
		func(f *store.Fill, k access.APIKey) { f.APIKeys = fresh(f.APIKeys, k) })
}

func keysetPart() part[store.Keyset] {
	return onShardZero("keysets", Reader.Keysets, func(k *store.Keyset) string { return k.Name },
		func(f *store.Fill, k store.Keyset) { f.Keysets = append(f.Keysets, k) })
}

// onShardZero is the part of what has no user.
func onShardZero[T any](
	name string, list func(Reader, context.Context) ([]T, error), label func(*T) string, put func(*store.Fill, T),
) part[T] {
	read := func(ctx context.Context, v view) stream[T] {
		return streamOf(func(each func(T) error) error {
			if v.shard != 0 {
				return nil
			}
			rows, err := list(v.reader, ctx)
			for i := 0; i < len(rows) && err == nil; i++ {
				err = each(rows[i])
			}
			return err
		})
	}
	return part[T]{
		name:   name,
		source: func(ctx context.Context, _ shards, v view) []stream[T] { return []stream[T]{read(ctx, v)} },
		target: read, put: put, label: label,
		less: func(a, b *T) bool { return label(a) < label(b) },
		user: func(*T) int64 { return 0 },
	}
}

// claimPart is claims, in the order in which the source has them.
func claimPart() part[store.Claim] {
	p := rowsOf("claims", "", store.Snapshot.Claims, func(*store.Claim) ident.ID { return ident.ID{} },
		func(c *store.Claim) int64 { return c.UserID },
		func(f *store.Fill, c store.Claim) { f.Claims = append(f.Claims, c) })
	p.target = nil // it has an order of its own: see compareClaims
	return p
}
