package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"florin/store"
)

// filter collects the conditions of a list.
type filter struct {
	conditions []string
	args       []any // int64 or string
}

func (f *filter) and(condition string, args ...any) {
	f.conditions = append(f.conditions, condition)
	f.args = append(f.args, args...)
}

// equalInt and equalText compare a column, unless the value is zero.
func (f *filter) equalInt(column string, v int64) {
	if v != 0 {
		f.and(column+" = ?", v)
	}
}

func (f *filter) equalText(column, v string) {
	if v != "" {
		f.and(column+" = ?", v)
	}
}

// page adds the page's bounds and returns the order and the limit.
func (f *filter) page(p store.Page) (order string) {
	order = " ORDER BY id DESC LIMIT ?"
	if !p.After.IsZero() {
		f.and("id < ?", p.After.High())
	}
	if !p.Before.IsZero() {
		f.and("id > ?", p.Before.High())
		order = " ORDER BY id LIMIT ?"
	}
	return order
}

// list reads a page of a table, newest first.
func list[T any](
	ctx context.Context, sh *shard, columns, table string, f filter, p store.Page, read func(*stmt) (T, error),
) (rows []T, err error) {
	order := f.page(p)
	text := "SELECT " + columns + " FROM " + table
	if len(f.conditions) > 0 {
		text += " WHERE " + strings.Join(f.conditions, " AND ")
	}
	f.args = append(f.args, int64(p.Limit))
	err = sh.read(ctx, func(c *conn) error {
		s, err := c.prepare(text + order)
		if err != nil {
			return err
		}
		defer s.close()
		for _, arg := range f.args {
			switch v := arg.(type) {
			case int64:
				s.bindInt(v)
			case string:
				s.bindText(v)
			}
		}
		rows, err = collect(s, nil, read)
		return err
	})
	if !p.Before.IsZero() {
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
