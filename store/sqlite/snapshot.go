package sqlite

import (
	"context"
	"fmt"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// snapshot is a read transaction on a connection of its own. While it is open
// the log can be written back only as far as it stood then.
type snapshot struct{ c *conn }

// Snapshot opens a consistent view of a whole shard.
func (s *Store) Snapshot(_ context.Context, shard int) (store.Snapshot, error) {
	c, err := openReader(s.shards[shard].path)
	if err != nil {
		return nil, fmt.Errorf("store/sqlite: snapshot of shard %d: %w", shard, err)
	}
	err = c.run(beginDeferred)
	if err == nil {
		_, _, err = c.marks() // the first read fixes the view
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("store/sqlite: snapshot of shard %d: %w", shard, err)
	}
	return &snapshot{c}, nil
}

// Close ends the view.
func (v *snapshot) Close() error {
	v.c.close()
	return nil
}

// visitAll runs a query and visits its rows as read makes them.
func visitAll[T any](
	ctx context.Context, c *conn, q query, read func(*stmt) (T, error), visit func(T) error,
) error {
	defer c.watch(ctx)()
	s, err := c.query(q)
	if err != nil {
		return err
	}
	return s.each(func(s *stmt) error {
		row, err := read(s)
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return visit(row)
	})
}

// Methods visits every payment method.
func (v *snapshot) Methods(ctx context.Context, visit func(vault.PaymentMethod) error) error {
	return visitAll(ctx, v.c, allMethods, (*stmt).method, visit)
}

// Accounts visits every account, by name.
func (v *snapshot) Accounts(ctx context.Context, visit func(ledger.Account) error) error {
	return visitAll(ctx, v.c, allAccounts, (*stmt).account, func(a account) error { return visit(a.Account) })
}

var allEvents = define(`SELECT ` + eventColumns + ` FROM events ORDER BY position`)

// Events visits every event, by position.
func (v *snapshot) Events(ctx context.Context, visit func(event.Stored) error) error {
	return visitAll(ctx, v.c, allEvents, (*stmt).event, visit)
}

// Claims visits every claim.
func (v *snapshot) Claims(ctx context.Context, visit func(store.Claim) error) error {
	return visitAll(ctx, v.c, allClaims, func(s *stmt) (store.Claim, error) { return s.claim(s.int()), nil }, visit)
}

// Transactions visits every transaction with its entries, then the entries that
// belong to none.
func (v *snapshot) Transactions(ctx context.Context, visit func(ledger.Transaction) error) error {
	accounts := map[int64]ledger.Key{}
	err := visitAll(ctx, v.c, allAccounts, (*stmt).account, func(a account) error {
		accounts[a.id] = a.Key
		return nil
	})
	if err != nil {
		return err
	}
	entries := int64(0)
	read := func(s *stmt) (ledger.Transaction, error) {
		t, first, last := s.transaction()
		var err error
		t.Entries, err = v.c.entries(t.ID.High(), first, last, accounts)
		entries += int64(len(t.Entries))
		return t, err
	}
	if err := visitAll(ctx, v.c, allTransactions, read, visit); err != nil {
		return err
	}
	if stored, err := v.c.number(countStored); err != nil || stored == entries {
		return err
	}
	return visitAll(ctx, v.c, strayEntries, func(s *stmt) (ledger.Transaction, error) {
		t := ledger.Transaction{ID: ident.FromHalves(s.int(), 0)}
		e, err := s.entry(accounts)
		t.Entries = []ledger.Entry{e}
		return t, err
	}, visit)
}

// Payments visits every payment with its children. Children whose payment is
// missing are visited in its place, under a payment that has nothing but its id.
func (v *snapshot) Payments(ctx context.Context, visit func(payment.Payment) error) error {
	attempts, err := newCursor(v.c, allAttempts, (*stmt).attempt,
		func(a *payment.Attempt) ident.ID { return a.Payment })
	if err != nil {
		return err
	}
	defer attempts.close()
	captures, err := newCursor(v.c, allCaptures, (*stmt).capture,
		func(c *payment.Capture) ident.ID { return c.Payment })
	if err != nil {
		return err
	}
	defer captures.close()
	refunds, err := newCursor(v.c, allRefunds, (*stmt).refund,
		func(r *payment.Refund) ident.ID { return r.Payment })
	if err != nil {
		return err
	}
	defer refunds.close()
	disputes, err := newCursor(v.c, allDisputes, (*stmt).dispute,
		func(d *payment.Dispute) ident.ID { return d.Payment })
	if err != nil {
		return err
	}
	defer disputes.close()

	// upTo visits the orphans before an id, then fills p.
	adopt := func(p *payment.Payment) (err error) {
		if p.Attempts, err = attempts.take(p.ID); err != nil {
			return err
		}
		if p.Captures, err = captures.take(p.ID); err != nil {
			return err
		}
		if p.Refunds, err = refunds.take(p.ID); err != nil {
			return err
		}
		p.Disputes, err = disputes.take(p.ID)
		return err
	}
	orphans := func(before int64) error {
		for {
			id, ok := least(attempts.parent, captures.parent, refunds.parent, disputes.parent)
			if !ok || id.High() >= before {
				return nil
			}
			p := payment.Payment{ID: id}
			if err := adopt(&p); err != nil {
				return err
			}
			if err := visit(p); err != nil {
				return err
			}
		}
	}
	err = visitAll(ctx, v.c, allPayments, (*stmt).payment, func(p payment.Payment) error {
		if err := orphans(p.ID.High()); err != nil {
			return err
		}
		if err := adopt(&p); err != nil {
			return err
		}
		return visit(p)
	})
	if err != nil {
		return err
	}
	return orphans(1 << 62)
}

// cursor walks a table of children in the order of their payments.
type cursor[T any] struct {
	s        *stmt
	read     func(*stmt) (T, error)
	parentOf func(*T) ident.ID
	row      T
	some     bool // row is not taken yet
}

func newCursor[T any](
	c *conn, q query, read func(*stmt) (T, error), parentOf func(*T) ident.ID,
) (*cursor[T], error) {
	s, err := c.query(q)
	if err != nil {
		return nil, err
	}
	k := &cursor[T]{s: s, read: read, parentOf: parentOf}
	if err := k.advance(); err != nil {
		s.reset()
		return nil, err
	}
	return k, nil
}

func (k *cursor[T]) advance() (err error) {
	if k.some, err = k.s.step(); err != nil || !k.some {
		return err
	}
	k.row, err = k.read(k.s)
	return err
}

// parent returns the payment of the next row.
func (k *cursor[T]) parent() (ident.ID, bool) {
	if !k.some {
		return ident.ID{}, false
	}
	return k.parentOf(&k.row), true
}

// take returns the rows of a payment, which are next if there are any.
func (k *cursor[T]) take(id ident.ID) (rows []T, err error) {
	for k.some && k.parentOf(&k.row) == id {
		rows = append(rows, k.row)
		if err := k.advance(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (k *cursor[T]) close() { k.s.reset() }

// least returns the oldest of the parents that there are.
func least(parents ...func() (ident.ID, bool)) (oldest ident.ID, ok bool) {
	for _, parent := range parents {
		if id, some := parent(); some && (!ok || id.High() < oldest.High()) {
			oldest, ok = id, true
		}
	}
	return oldest, ok
}

// Holds visits every hold.
func (v *snapshot) Holds(ctx context.Context, visit func(wallet.Hold) error) error {
	return visitAll(ctx, v.c, allHolds, (*stmt).hold, visit)
}

// Payouts visits every payout.
func (v *snapshot) Payouts(ctx context.Context, visit func(wallet.Payout) error) error {
	return visitAll(ctx, v.c, allPayouts, (*stmt).payout, visit)
}

// Checkpoints visits nothing: no month is ever closed.
func (v *snapshot) Checkpoints(context.Context, func(store.Checkpoint) error) error { return nil }
