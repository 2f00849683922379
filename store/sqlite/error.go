package sqlite

import (
	"fmt"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"florin/store"
)

// driverError is a result code of SQLite with its message.
type driverError struct {
	code    int32 // extended
	message string
}

// Error implements error.
func (e *driverError) Error() string { return fmt.Sprintf("sqlite: %s (%d)", e.message, e.code) }

// Unwrap returns the store's error that the code stands for.
func (e *driverError) Unwrap() error {
	switch e.code & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG:
		return store.ErrRefused
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return store.ErrConflict
	default:
		return store.ErrUnavailable
	}
}

// doubtful tells whether a COMMIT that failed with the code may yet be found
// done: all codes but those that SQLite gives before it marks the commit.
func (e *driverError) doubtful() bool {
	switch e.code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CONSTRAINT,
		sqlite3.SQLITE_READONLY:
		return false
	default:
		return true
	}
}

// errorOf makes the error of a result code; nil for those that are none.
func (c *conn) errorOf(code int32) error {
	switch code {
	case sqlite3.SQLITE_OK, sqlite3.SQLITE_ROW, sqlite3.SQLITE_DONE:
		return nil
	}
	e := &driverError{code: code, message: libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, code))}
	if c.db != 0 {
		if detail := libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db)); detail != e.message {
			e.message += ": " + detail
		}
		e.message = c.name + ": " + e.message
	}
	return e
}
