package sqlite

import (
	"fmt"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"florin/store"
)

// stmt is a prepared statement. Parameters are bound, and columns read, in
// their order: each call takes the next one.
type stmt struct {
	c      *conn
	p      uintptr
	params []param
	next   int   // parameter to bind, or column to read
	rc     int32 // of the first call that failed since begin
}

// param remembers what is bound, which outlives a reset: an equal value need
// not be bound again.
type param struct {
	kind    byte // as SQLite numbers its types; 0: nothing bound yet
	integer int64
	text    string
	buffer  buffer
}

func (c *conn) prepare(sql string) (*stmt, error) {
	text, err := libc.CString(sql)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	handle := libc.Xcalloc(c.tls, 1, 8)
	defer libc.Xfree(c.tls, handle)
	rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, text, int32(len(sql)+1), sqlite3.SQLITE_PREPARE_PERSISTENT, handle, 0)
	if rc != sqlite3.SQLITE_OK {
		return nil, c.errorOf(rc)
	}
	s := &stmt{c: c, p: *(*uintptr)(pointerAt(handle))}
	s.params = make([]param, sqlite3.Xsqlite3_bind_parameter_count(c.tls, s.p))
	return s, nil
}

// begin makes the statement ready for its first parameter.
func (s *stmt) begin() { s.next, s.rc = 0, sqlite3.SQLITE_OK }

func (s *stmt) note(rc int32) {
	if rc != sqlite3.SQLITE_OK && s.rc == sqlite3.SQLITE_OK {
		s.rc = rc
	}
}

// bindInt binds an integer.
func (s *stmt) bindInt(v int64) {
	p := &s.params[s.next]
	s.next++
	if p.kind == sqlite3.SQLITE_INTEGER && p.integer == v {
		return
	}
	p.kind, p.integer = sqlite3.SQLITE_INTEGER, v
	s.note(sqlite3.Xsqlite3_bind_int64(s.c.tls, s.p, int32(s.next), v))
}

// bindNull binds NULL.
func (s *stmt) bindNull() {
	p := &s.params[s.next]
	s.next++
	if p.kind == sqlite3.SQLITE_NULL {
		return
	}
	p.kind = sqlite3.SQLITE_NULL
	s.note(sqlite3.Xsqlite3_bind_null(s.c.tls, s.p, int32(s.next)))
}

// bindText binds a text. v is kept until the next value.
func (s *stmt) bindText(v string) {
	p := &s.params[s.next]
	s.next++
	if p.kind == sqlite3.SQLITE_TEXT && p.text == v {
		return
	}
	p.kind, p.text = sqlite3.SQLITE_TEXT, v
	s.note(sqlite3.Xsqlite3_bind_text(s.c.tls, s.p, int32(s.next), p.buffer.fill(v), int32(len(v)), 0))
}

// bindBytes binds bytes that are a text.
func (s *stmt) bindBytes(v []byte) {
	p := &s.params[s.next]
	s.next++
	p.kind, p.text = 0, ""
	s.note(sqlite3.Xsqlite3_bind_text(s.c.tls, s.p, int32(s.next), p.buffer.fill(stringOf(v)), int32(len(v)), 0))
}

// bindBlob binds bytes that are no text.
func (s *stmt) bindBlob(v []byte) {
	p := &s.params[s.next]
	s.next++
	p.kind, p.text = 0, ""
	s.note(sqlite3.Xsqlite3_bind_blob(s.c.tls, s.p, int32(s.next), p.buffer.fill(stringOf(v)), int32(len(v)), 0))
}

// bindBlobOrNull binds bytes that are no text, NULL when they are nil.
func (s *stmt) bindBlobOrNull(v []byte) {
	if v == nil {
		s.bindNull()
		return
	}
	s.bindBlob(v)
}

// bindTextOrNull binds a text, NULL when it is empty.
func (s *stmt) bindTextOrNull(v string) {
	if v == "" {
		s.bindNull()
		return
	}
	s.bindText(v)
}

// bindRoom binds what keeps room in a row, or NULL.
func (s *stmt) bindRoom(keep bool, room string) {
	if !keep {
		s.bindNull()
		return
	}
	s.bindText(room)
}

// bindIntOrNull binds an integer, NULL when it is 0.
func (s *stmt) bindIntOrNull(v int64) {
	if v == 0 {
		s.bindNull()
		return
	}
	s.bindInt(v)
}

// step runs to the next row, and tells whether there is one. Columns are then
// read from the first on.
func (s *stmt) step() (bool, error) {
	if s.rc != sqlite3.SQLITE_OK {
		return false, s.c.errorOf(s.rc)
	}
	s.next = 0
	switch rc := sqlite3.Xsqlite3_step(s.c.tls, s.p); rc {
	case sqlite3.SQLITE_ROW:
		return true, nil
	case sqlite3.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.errorOf(rc)
	}
}

// reset ends the statement's run.
func (s *stmt) reset() { sqlite3.Xsqlite3_reset(s.c.tls, s.p) }

// run runs the statement to its end.
func (s *stmt) run() error {
	for {
		row, err := s.step()
		if err != nil || !row {
			s.reset()
			return err
		}
	}
}

// each visits every row and ends the statement's run.
func (s *stmt) each(visit func(*stmt) error) error {
	defer s.reset()
	for {
		row, err := s.step()
		if err != nil || !row {
			return err
		}
		if err := visit(s); err != nil {
			return err
		}
	}
}

// runOne runs an UPDATE of one row; one that is not there is ErrRefused.
func (s *stmt) runOne() error {
	if err := s.run(); err != nil {
		return err
	}
	if sqlite3.Xsqlite3_changes(s.c.tls, s.c.db) != 1 {
		return fmt.Errorf("%w: no such row to update", store.ErrRefused)
	}
	return nil
}

// isNull tells whether the next column is NULL, without taking it.
func (s *stmt) isNull() bool { return s.kind() == sqlite3.SQLITE_NULL }

func (s *stmt) kind() int32 { return sqlite3.Xsqlite3_column_type(s.c.tls, s.p, int32(s.next)) }

// int reads an integer; NULL is 0.
func (s *stmt) int() int64 {
	s.next++
	return sqlite3.Xsqlite3_column_int64(s.c.tls, s.p, int32(s.next-1))
}

// text reads a text; NULL is empty.
func (s *stmt) text() string { return string(s.view()) }

// bytes reads a text or a blob; NULL and empty are nil.
func (s *stmt) bytes() []byte { return append([]byte(nil), s.view()...) }

// view reads a text or a blob without copying it: it lasts until the next step.
func (s *stmt) view() []byte {
	i := int32(s.next)
	s.next++
	p := sqlite3.Xsqlite3_column_blob(s.c.tls, s.p, i)
	if p == 0 {
		return nil
	}
	return bytesAt(p, int(sqlite3.Xsqlite3_column_bytes(s.c.tls, s.p, i)))
}

func (s *stmt) close() {
	sqlite3.Xsqlite3_finalize(s.c.tls, s.p)
	for i := range s.params {
		s.params[i].buffer.free()
	}
}

// collect appends every row, as read makes it, and ends the statement's run.
func collect[T any](s *stmt, rows []T, read func(*stmt) (T, error)) ([]T, error) {
	err := s.each(func(s *stmt) error {
		row, err := read(s)
		rows = append(rows, row)
		return err
	})
	return rows, err
}
