package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/ident"
	"florin/store"
)

// reader runs queries on a connection that is lent.
type reader struct {
	from interface {
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	}
}

// read lends a connection to f, as from. Each query sees what is committed when it
// starts, or was when the replica was there.
func (sh *shard) read(ctx context.Context, f func(*reader) error) error {
	err := sh.from(ctx, func(c *conn) error { return f(&reader{c.Conn}) })
	return sh.wrap(err)
}

// readTx does the same; all queries of f see one state.
func (sh *shard) readTx(ctx context.Context, f func(*reader) error) error {
	err := sh.from(ctx, func(c *conn) error {
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return pgx.BeginTxFunc(ctx, c.Conn, options, func(tx pgx.Tx) error { return f(&reader{tx}) })
	})
	return sh.wrap(err)
}

// wrap says where an error comes from, and what it means for the store's caller.
func (sh *shard) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store/postgres: shard %d: %w", sh.number, errorOf(err))
}

// each visits the rows of a query, as read makes them, until visit fails.
func each[T any](
	ctx context.Context, c *reader, read func(*row) T, visit func(T) error, sql string, args ...any,
) error {
	rows, err := c.from.Query(ctx, sql, parameters(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var r row
	for rows.Next() {
		r = row{values: rows.RawValues()}
		value := read(&r)
		if r.err != nil {
			return r.err
		}
		if err := visit(value); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all collects the rows of a query.
func all[T any](ctx context.Context, c *reader, read func(*row) T, sql string, args ...any) (list []T, err error) {
	err = each(ctx, c, read, func(v T) error { list = append(list, v); return nil }, sql, args...)
	return list, err
}

// one returns the first row of a query, or ErrNotFound.
func one[T any](ctx context.Context, c *reader, read func(*row) T, sql string, args ...any) (value T, err error) {
	found := false
	err = each(ctx, c, read, func(v T) error {
		if !found {
			value, found = v, true
		}
		return nil
	}, sql, args...)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return value, err
}

// readOne returns the first row of a query on a shard, or ErrNotFound.
func readOne[T any](
	ctx context.Context, sh *shard, read func(*row) T, sql string, args ...any,
) (value T, err error) {
	err = sh.read(ctx, func(c *reader) error {
		value, err = one(ctx, c, read, sql, args...)
		return err
	})
	return value, err
}

// readAll collects the rows of a query on a shard.
func readAll[T any](
	ctx context.Context, sh *shard, read func(*row) T, sql string, args ...any,
) (list []T, err error) {
	err = sh.read(ctx, func(c *reader) error {
		list, err = all(ctx, c, read, sql, args...)
		return err
	})
	return list, err
}

// parameters makes the driver's arguments of ours: ids, words, numbers and times.
// All columns are asked for in their binary formats.
func parameters(args []any) []any {
	list := make([]any, 0, len(args)+1)
	list = append(list, pgx.QueryResultFormats{pgx.BinaryFormatCode})
	for _, arg := range args {
		switch v := arg.(type) {
		case ident.ID:
			list = append(list, [16]byte(v))
		case time.Time:
			list = append(list, time.UnixMilli(v.UnixMilli()).UTC())
		default:
			list = append(list, arg)
		}
	}
	return list
}
