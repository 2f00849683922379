package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// snapshot is a Tx that reads, on a connection of its own. It reads in chunks, each
// behind the last row of the one before it, so that it holds few rows at a time
// and no query waits for a visitor.
type snapshot struct {
	sh *shard
	c  *pgx.Conn
	r  *reader
}

// chunk is how many rows are read at a time.
const (
	chunk     = 1000
	chunkText = "1000"
)

// Snapshot opens a consistent view of a whole shard.
func (s *Store) Snapshot(ctx context.Context, shard int) (store.Snapshot, error) {
	sh := s.shards[shard]
	c, err := sh.connectToRead(ctx)
	if err != nil {
		return nil, sh.wrap(fmt.Errorf("snapshot: %w", err))
	}
	v := &snapshot{sh: sh, c: c, r: &reader{c}}
	if err := v.begin(ctx); err != nil {
		_ = v.Close()
		return nil, sh.wrap(fmt.Errorf("snapshot: %w", err))
	}
	return v, nil
}

// connectToRead makes a connection that belongs to no pool, to the primary: a
// standby may end a view that holds its replay up.
func (sh *shard) connectToRead(ctx context.Context) (*pgx.Conn, error) {
	if err := sh.usable(); err != nil {
		return nil, err
	}
	to := sh.readers.Config().ConnConfig
	_ = sh.hosts.sort(ctx, to) // never fails
	c, err := pgx.ConnectConfig(ctx, to)
	if err != nil {
		return nil, briefly(err)
	}
	if err := sh.examine(ctx, c); err != nil {
		_ = c.Close(ctx)
		return nil, err
	}
	sh.apart.Add(1)
	return c, nil
}

// begin fixes the view by the first read. A visitor may take its time.
func (v *snapshot) begin(ctx context.Context) error {
	for _, sql := range []string{
		"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		"SET LOCAL statement_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0",
		"SELECT shard FROM meta",
	} {
		if _, err := v.c.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the view.
func (v *snapshot) Close() error {
	v.sh.apart.Add(-1)
	_ = v.c.Close(context.Background()) // nothing was written
	return nil
}

// rows reads a chunk.
func rows[T any](ctx context.Context, v *snapshot, read func(*row) T, sql string, args ...any) ([]T, error) {
	list, err := all(ctx, v.r, read, sql, args...)
	if errors.Is(err, errNoAccount) {
		return nil, fmt.Errorf("store/postgres: shard %d: %w", v.sh.number, err) // the shard is there, and wrong
	}
	return list, v.sh.wrap(err)
}

// visitAll visits the rows that sql finds behind a key ($1), up to $2 of them at a
// time.
func visitAll[T, K any](
	ctx context.Context, v *snapshot, sql string, read func(*row) T, from K, key func(*T) K, visit func(T) error,
) error {
	for {
		list, err := rows(ctx, v, read, sql, from, int64(chunk))
		if err != nil {
			return err
		}
		for i := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := visit(list[i]); err != nil {
				return err
			}
		}
		if len(list) < chunk {
			return nil
		}
		from = key(&list[len(list)-1])
	}
}

// BatchItems visits every item of every batch.
func (v *snapshot) BatchItems(ctx context.Context, visit func(payment.BatchItem) error) error {
	const sql = `SELECT ` + batchItemColumns + ` FROM batch_items WHERE (batch, item) > ($1, $2)
		ORDER BY batch, item LIMIT ` + chunkText
	last := payment.BatchItem{Index: -1}
	for {
		items, err := rows(ctx, v, (*row).batchItem, sql, idParam(last.Batch), int32(last.Index))
		if err != nil {
			return err
		}
		for i := range items {
			if err := errors.Join(ctx.Err(), visit(items[i])); err != nil {
				return err
			}
		}
		if len(items) < chunk {
			return nil
		}
		last = items[len(items)-1]
	}
}

// byID is the query of visitAll for a table whose key is its id.
func byID(columns, table string) string {
	return "SELECT " + columns + " FROM " + table + " WHERE id > $1 ORDER BY id LIMIT $2"
}

var (
	allMethods   = byID(methodColumns, "payment_methods")
	allTransfers = byID(transferColumns, "transfers")
	allReceived  = byID(transferColumns, "received_transfers")
	allBatches   = byID(batchColumns, "batches")
	allHolds     = byID(holdColumns, "holds")
	allPayouts   = byID(payoutColumns, "payouts")
)

// Methods visits every payment method.
func (v *snapshot) Methods(ctx context.Context, visit func(vault.PaymentMethod) error) error {
	return visitAll(ctx, v, allMethods, (*row).method, ident.ID{},
		func(m *vault.PaymentMethod) ident.ID { return m.ID }, visit)
}

// Transfers visits every transfer of the shard's senders.
func (v *snapshot) Transfers(ctx context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(ctx, v, allTransfers, (*row).transfer, ident.ID{}, idOfTransfer, visit)
}

// Received visits every transfer from another shard.
func (v *snapshot) Received(ctx context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(ctx, v, allReceived, (*row).transfer, ident.ID{}, idOfTransfer, visit)
}

func idOfTransfer(t *wallet.Transfer) ident.ID { return t.ID }

// Batches visits every batch, without items.
func (v *snapshot) Batches(ctx context.Context, visit func(payment.Batch) error) error {
	return visitAll(ctx, v, allBatches, (*row).batch, ident.ID{},
		func(b *payment.Batch) ident.ID { return b.ID }, visit)
}

// Holds visits every hold.
func (v *snapshot) Holds(ctx context.Context, visit func(wallet.Hold) error) error {
	return visitAll(ctx, v, allHolds, (*row).hold, ident.ID{}, func(h *wallet.Hold) ident.ID { return h.ID }, visit)
}

// Payouts visits every payout.
func (v *snapshot) Payouts(ctx context.Context, visit func(wallet.Payout) error) error {
	return visitAll(ctx, v, allPayouts, (*row).payout, ident.ID{},
		func(p *wallet.Payout) ident.ID { return p.ID }, visit)
}

// Events come from one state, so that none is still to come before another.
const allEvents = `SELECT ` + eventColumns + ` FROM events WHERE position > $1 ORDER BY position LIMIT $2`

// Events visits every event, by position.
func (v *snapshot) Events(ctx context.Context, visit func(event.Stored) error) error {
	return visitAll(ctx, v, allEvents, (*row).event, int64(-1),
		func(e *event.Stored) int64 { return int64(e.Position) }, visit)
}

// keyed is a claim with its row's key.
type keyed struct {
	identity ident.ID
	store.Claim
}

const allClaims = `SELECT identity, ` + claimColumns + ` FROM claims WHERE identity > $1 ORDER BY identity LIMIT $2`

// Claims visits every claim, in the order of a hash.
func (v *snapshot) Claims(ctx context.Context, visit func(store.Claim) error) error {
	return visitAll(ctx, v, allClaims, func(r *row) keyed { return keyed{r.id(), r.claim()} }, ident.ID{},
		func(c *keyed) ident.ID { return c.identity }, func(c keyed) error { return visit(c.Claim) })
}

const allAccounts = `SELECT ` + accountColumns + ` FROM accounts
	WHERE (name, slot, currency) > ($1, $2, $3) ORDER BY name, slot, currency LIMIT $4`

// Accounts visits every account, by name.
func (v *snapshot) Accounts(ctx context.Context, visit func(ledger.Account) error) error {
	var from ledger.Key
	from.Slot = -1
	for {
		list, err := rows(ctx, v, (*row).account, allAccounts,
			string(from.Name), from.Slot, string(from.Currency), int64(chunk))
		if err != nil {
			return err
		}
		for _, a := range list {
			if err := visit(a.Account); err != nil {
				return err
			}
		}
		if len(list) < chunk {
			return nil
		}
		from = list[len(list)-1].Key
	}
}
