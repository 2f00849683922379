package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"florin/event"
	"florin/ident"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// countFilled moves a part's count on, from what it must be.
const countFilled = `INSERT INTO filled (part, rows) VALUES ($1, $3)
	ON CONFLICT (part) DO UPDATE SET rows = excluded.rows WHERE filled.rows = $2`

// Fill writes rows of a part into a shard in one Tx, with the count of the part's
// rows, which was before until now and is after from now on.
func (f *Filling) Fill(
	ctx context.Context, shard int, name ident.ID, part string, before, after int64, rows *store.Fill,
) error {
	sh, c := f.shards[shard], f.conns[shard]
	if err := f.makeMonths(ctx, shard, rows); err != nil {
		return sh.wrap(err)
	}
	err := pgx.BeginFunc(ctx, c.Conn, func(tx pgx.Tx) error {
		if held, err := f.filler(ctx, shard, whoFills); err != nil || held != name {
			return errors.Join(err, fmt.Errorf("%w: the mark of this copy is gone", ErrNotEmpty))
		}
		if err := c.fill(ctx, rows); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, countFilled, part, before, after)
		if err == nil && tag.RowsAffected() != 1 {
			err = fmt.Errorf("%w: there are not %d rows of %s", store.ErrConflict, before, part)
		}
		return err
	})
	return sh.wrap(err)
}

// fill writes rows in the order of the tables.
func (c *conn) fill(ctx context.Context, rows *store.Fill) error {
	for _, write := range []func(context.Context, *store.Fill) error{
		c.fillPayments, c.fillWallets, c.fillOthers, c.fillAccounts, c.fillTransactions, c.fillEntries, c.fillEvents,
	} {
		if err := write(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) fillPayments(ctx context.Context, rows *store.Fill) error {
	return firstError(
		func() error { return fillTable(ctx, c, "payments", payments, rows.Payments) },
		func() error { return fillTable(ctx, c, "attempts", attempts, rows.Attempts) },
		func() error { return fillTable(ctx, c, "captures", captures, rows.Captures) },
		func() error { return fillTable(ctx, c, "refunds", refunds, rows.Refunds) },
		func() error { return fillTable(ctx, c, "disputes", disputes, rows.Disputes) },
		func() error { return fillTable(ctx, c, "payment_methods", methods, rows.Methods) },
	)
}

func (c *conn) fillWallets(ctx context.Context, rows *store.Fill) error {
	return firstError(
		func() error { return fillTable(ctx, c, "holds", holds, rows.Holds) },
		func() error { return fillTable(ctx, c, "payouts", payouts, rows.Payouts) },
		func() error { return fillTable(ctx, c, "transfers", transfers, rows.Transfers) },
		func() error {
			return fillRows(ctx, c, "received_transfers", insertReceived.shape, rows.Received,
				func(r *columns, v *wallet.Transfer) { r.transfer(v) })
		},
	)
}

func (c *conn) fillOthers(ctx context.Context, rows *store.Fill) error {
	return firstError(
		func() error { return fillTable(ctx, c, "batches", batches, rows.Batches) },
		func() error { return fillTable(ctx, c, "batch_items", batchItems, rows.BatchItems) },
		func() error { return fillTable(ctx, c, "api_keys", apiKeys, rows.APIKeys) },
		func() error {
			return fillRows(ctx, c, "claims", newClaim, rows.Claims,
				func(r *columns, v *store.Claim) { r.claim(identity(v), v) })
		},
		func() error {
			return fillRows(ctx, c, "keysets", newKeyset, rows.Keysets, func(r *columns, v *store.Keyset) {
				r.text(v.Name)
				r.bytes(v.Sealed)
			})
		},
	)
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

var (
	newKeyset   = shapeOf("", "name text, sealed bytea")
	filledEvent = shapeOf("", `position int8, id uuid, type text, kind text, object uuid, version int8, user_id int8,
		data text`)
)

// firstPosition is before those of a Tx's events, see insertEvents.
const firstPosition = `SELECT (base + pg_current_xact_id()::text::bigint) << 21 FROM meta WHERE id = 1`

// fillEvents gives events their positions in the order in which they come.
func (c *conn) fillEvents(ctx context.Context, rows *store.Fill) error {
	if len(rows.Events) == 0 {
		return nil
	}
	if len(rows.Events) >= 1<<positionBits {
		return fmt.Errorf("%w: %d events at once", store.ErrRefused, len(rows.Events))
	}
	position, err := one(ctx, &reader{c}, (*row).int, firstPosition)
	if err != nil {
		return err
	}
	return fillRows(ctx, c, "events", filledEvent, rows.Events, func(r *columns, e *event.Event) {
		position++
		r.int(position)
		r.event(e)
	})
}

// fillTable copies new rows of a table.
func fillTable[T any](ctx context.Context, c *conn, name string, t table[T], changes []store.Change[T]) error {
	return fillRows(ctx, c, name, t.insert.shape, changes, func(r *columns, v *store.Change[T]) { t.bind(r, &v.Value) })
}

// fillRows copies rows into a table: by COPY, in the binary formats in which they
// are inserted too.
func fillRows[T any](ctx context.Context, c *conn, name string, s shape, rows []T, bind func(*columns, *T)) error {
	if len(rows) == 0 {
		return nil
	}
	values := newTuples(s, len(rows))
	for i := range rows {
		bind(values, &rows[i])
		values.end()
	}
	tuples, err := values.tuples()
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrRefused, err)
	}
	sql := "COPY " + name + " (" + s.list("") + ") FROM STDIN BINARY"
	_, err = c.PgConn().CopyFrom(ctx, bytes.NewReader(tuples), sql)
	return err
}

// numeric binds a numeric in its own format: groups of four digits.
func (c *columns) numeric(sum money.Sum) {
	digits, sign := sum.String(), uint16(0)
	if digits[0] == '-' {
		digits, sign = digits[1:], 0x4000
	}
	var groups []uint16
	for end := len(digits); end > 0; end -= 4 {
		group := uint16(0)
		for _, d := range digits[max(0, end-4):end] {
			group = 10*group + uint16(d-'0')
		}
		groups = append(groups, group)
	}
	weight, least := len(groups)-1, 0
	for least < len(groups) && groups[least] == 0 {
		least++
	}
	if least == len(groups) {
		weight, sign = 0, 0
	}
	groups = groups[least:]
	a := c.put(8 + 2*len(groups))
	for _, v := range []uint16{uint16(len(groups)), uint16(weight), sign, 0} {
		*a = binary.BigEndian.AppendUint16(*a, v)
	}
	for i := len(groups) - 1; i >= 0; i-- {
		*a = binary.BigEndian.AppendUint16(*a, groups[i])
	}
}
