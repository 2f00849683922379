package sqlite

import (
	"strings"

	"florin/store"
)

// insertion inserts rows into a table, up to rowsAtOnce with one statement: that
// opens its cursors once, and finds the end of the table once. The statement of
// each number of rows is prepared at its first use.
type insertion [rowsAtOnce]query

const rowsAtOnce = 32

// defineInsert registers the statements that insert rows of columns. OR FAIL
// spares SQLite a journal of the statement: the whole Tx ends when one fails.
func defineInsert(table, columns string) insertion {
	return defineRows("INSERT OR FAIL INTO ", table, columns)
}

// defineReplace registers the statements that write rows of a table that has no
// index but its id: those that are there already are overwritten where they stand.
func defineReplace(table, columns string) insertion {
	return defineRows("REPLACE INTO ", table, columns)
}

func defineRows(verb, table, columns string) insertion {
	row := "(?" + strings.Repeat(",?", strings.Count(columns, ",")) + ")"
	sql := verb + table + " (" + columns + ") VALUES " + row
	var into insertion
	for i := range into {
		into[i] = define(sql)
		sql += "," + row
	}
	return into
}

// insert inserts n rows; bind binds the ith.
func (c *conn) insert(into insertion, n int, bind func(s *stmt, i int) error) error {
	for i := 0; i < n; {
		rows := min(n-i, rowsAtOnce)
		s, err := c.query(into[rows-1]) //nolint:gosec // rows is 1 to rowsAtOnce
		if err != nil {
			return err
		}
		for range rows {
			if err := bind(s, i); err != nil {
				return err
			}
			i++
		}
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

// table writes the changes of one kind of row.
type table[T any] struct {
	insertion
	bind   func(t *tx, s *stmt, row *T) error
	update func(c *conn, row *T) error
}

func (v table[T]) write(t *tx, changes []store.Change[T]) error {
	c := t.sh.writer
	fresh := 0
	for i := range changes {
		if changes[i].New {
			fresh++
			continue
		}
		if err := v.update(c, &changes[i].Value); err != nil {
			return err
		}
	}
	next := 0
	return c.insert(v.insertion, fresh, func(s *stmt, _ int) error {
		for !changes[next].New {
			next++
		}
		next++
		return v.bind(t, s, &changes[next-1].Value)
	})
}
