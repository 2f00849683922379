package sqlite

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"florin/ident"
	"florin/store"
)

// selection is what a list asks for: rows of a table, in the order of their ids.
type selection struct {
	from        string // the SELECT up to its table
	conditions  []string
	args        []any // int64 or string
	first, last int64 // the least and the greatest id
	ascending   bool
	limit       int
}

// newSelection asks for a page of a table.
func newSelection(columns, table string, p store.Page) selection {
	q := selection{from: "SELECT " + columns + " FROM " + table, last: math.MaxInt64, limit: p.Limit}
	if !p.After.IsZero() {
		q.last = p.After.High() - 1
	}
	if !p.Before.IsZero() {
		q.first, q.ascending = p.Before.High()+1, true
	}
	return q
}

func (q *selection) and(condition string, args ...any) {
	q.conditions = append(q.conditions, condition)
	q.args = append(q.args, args...)
}

// equalInt and equalText compare a column, unless the value is zero.
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

// created keeps rows made at one time or later, and before another; a zero time
// bounds nothing.
func (q *selection) created(from, before time.Time) {
	if !from.IsZero() {
		q.first = max(q.first, ident.First(ceilMillis(from)).High())
	}
	if !before.IsZero() {
		q.last = min(q.last, ident.First(ceilMillis(before)).High()-1)
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

// prepare makes the statement; bind gives it its parameters.
func (q *selection) prepare(c *conn) (*stmt, error) {
	order := " ORDER BY id DESC LIMIT ?"
	if q.ascending {
		order = " ORDER BY id LIMIT ?"
	}
	where := append([]string{"id BETWEEN ? AND ?"}, q.conditions...)
	return c.prepare(q.from + " WHERE " + strings.Join(where, " AND ") + order)
}

func (q *selection) bind(s *stmt, more ...any) {
	s.begin()
	s.bindInt(q.first)
	s.bindInt(q.last)
	for _, arg := range slices.Concat(q.args, more) {
		switch v := arg.(type) {
		case int64:
			s.bindInt(v)
		case string:
			s.bindText(v)
		}
	}
	s.bindInt(int64(q.limit))
}

// list reads the rows, newest first.
func list[T any](ctx context.Context, sh *shard, q selection, read func(*stmt) (T, error)) (rows []T, err error) {
	err = sh.scan(ctx, func(c *conn) error {
		s, err := q.prepare(c)
		if err != nil {
			return err
		}
		defer s.close()
		q.bind(s)
		rows, err = collect(s, nil, read)
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
