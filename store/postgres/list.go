package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"florin/ident"
	"florin/store"
)

// selection is what a list asks for: rows of a table, in the order of their ids.
type selection struct {
	from       string // the SELECT up to its table
	conditions []string
	args       []any
	ascending  bool
	limit      int
}

// newSelection asks for a page of a table.
func newSelection(columns, table string, p store.Page) selection {
	q := selection{from: "SELECT " + columns + " FROM " + table, limit: p.Limit}
	if !p.After.IsZero() {
		q.and("id < ?", p.After)
	}
	if !p.Before.IsZero() {
		q.ascending = true
		q.and("id > ?", p.Before)
	}
	return q
}

// and adds a condition, in which each question mark is an argument.
func (q *selection) and(condition string, args ...any) {
	for _, arg := range args {
		q.args = append(q.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(q.args)), 1)
	}
	q.conditions = append(q.conditions, condition)
}

// equalInt, equalText and equalID compare a column, unless the value is zero.
func (q *selection) equalInt(column string, v int64) {
	if v != 0 {
		q.and(column+" = ?", v)
	}
}

func (q *selection) equalText(column, v string) {
	if v != "" {
		q.and(column+" = ?", v)
	}
}

func (q *selection) equalID(column string, v ident.ID) {
	if !v.IsZero() {
		q.and(column+" = ?", v)
	}
}

// created keeps rows made at one time or later, and before another; a zero time
// bounds nothing. The bounds are ids, so that the primary key finds them.
func (q *selection) created(from, before time.Time) {
	if !from.IsZero() {
		q.and("id >= ?", ident.First(ceilMillis(from)))
	}
	if !before.IsZero() {
		q.and("id < ?", ident.First(ceilMillis(before)))
	}
}

// amount keeps rows of amounts within bounds; 0 bounds nothing.
func (q *selection) amount(least, most int64) {
	if least != 0 {
		q.and("amount >= ?", least)
	}
	if most != 0 {
		q.and("amount <= ?", most)
	}
}

// statement returns the text and its arguments.
func (q *selection) statement() (sql string, args []any) {
	sql = q.from
	if len(q.conditions) > 0 {
		sql += " WHERE " + strings.Join(q.conditions, " AND ")
	}
	return sql + q.order(len(q.args)+1), append(slices.Clone(q.args), int64(q.limit))
}

// order returns the end of the statement, whose limit is the nth argument.
func (q *selection) order(n int) string {
	if q.ascending {
		return " ORDER BY id LIMIT $" + strconv.Itoa(n)
	}
	return " ORDER BY id DESC LIMIT $" + strconv.Itoa(n)
}

// list reads the rows, newest first.
func list[T any](ctx context.Context, sh *shard, q selection, read func(*row) T) (rows []T, err error) {
	sql, args := q.statement()
	err = sh.read(ctx, func(c *reader) error {
		rows, err = all(ctx, c, read, sql, args...)
		return err
	})
	if q.ascending {
		slices.Reverse(rows)
	}
	return rows, err
}

// ceilMillis rounds up to a millisecond, since ids have no finer time.
func ceilMillis(t time.Time) time.Time {
	if cut := t.Truncate(time.Millisecond); cut.Before(t) {
		return cut.Add(time.Millisecond)
	}
	return t
}
