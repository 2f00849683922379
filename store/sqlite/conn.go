package sqlite

import (
	"context"
	"path/filepath"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// conn is one connection, used by one goroutine at a time. It calls the
// translated library directly: database/sql and the driver cost about as much
// again as the insert of a row.
type conn struct {
	tls        *libc.TLS
	db         uintptr
	name       string // of the file, for errors
	statements []*stmt
}

func size(n int) types.Size_t { return types.Size_t(n) }

// openConn opens a file and runs the pragmas.
func openConn(path string, flags int32, pragmas ...string) (*conn, error) {
	return openConnOn(0, path, flags, pragmas...)
}

// openConnOn does the same on a VFS; 0 is the system's.
func openConnOn(vfs uintptr, path string, flags int32, pragmas ...string) (*conn, error) {
	c := &conn{tls: libc.NewTLS(), name: filepath.Base(path)}
	name, err := libc.CString(path)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	handle := libc.Xcalloc(c.tls, 1, 8)
	defer libc.Xfree(c.tls, handle)
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, handle, flags|sqlite3.SQLITE_OPEN_NOMUTEX, vfs)
	c.db = *(*uintptr)(pointerAt(handle))
	if rc != sqlite3.SQLITE_OK {
		err := c.errorOf(rc)
		c.close()
		return nil, err
	}
	sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	sqlite3.Xsqlite3_busy_timeout(c.tls, c.db, busyTimeoutMillis)
	for _, pragma := range pragmas {
		if err := c.exec("PRAGMA " + pragma); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// exec runs one statement that is not kept.
func (c *conn) exec(sql string) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	defer s.close()
	return s.run()
}

// query returns the connection's statement of a query, prepared at first use.
func (c *conn) query(q query) (*stmt, error) {
	for len(c.statements) <= int(q) {
		c.statements = append(c.statements, nil)
	}
	s := c.statements[q]
	if s == nil {
		var err error
		if s, err = c.prepare(queries[q]); err != nil {
			return nil, err
		}
		c.statements[q] = s
	}
	s.begin()
	return s, nil
}

// inTx tells whether a transaction is open.
func (c *conn) inTx() bool { return sqlite3.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// watch interrupts what the connection runs when ctx ends, until stop is called.
func (c *conn) watch(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	interrupted := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		tls := libc.NewTLS()
		sqlite3.Xsqlite3_interrupt(tls, c.db)
		tls.Close()
		close(interrupted)
	})
	return func() {
		if !cancel() {
			<-interrupted
		}
	}
}

func (c *conn) close() {
	if c == nil {
		return
	}
	for _, s := range c.statements {
		if s != nil {
			s.close()
		}
	}
	c.statements = nil
	if c.db != 0 {
		sqlite3.Xsqlite3_close_v2(c.tls, c.db)
		c.db = 0
	}
	c.tls.Close()
}

// query names one of the package's fixed statements.
type query int

var queries []string

// define registers a fixed statement; it is called by package variables only.
func define(sql string) query {
	queries = append(queries, sql)
	return query(len(queries) - 1)
}
