package sqlite

import (
	"context"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"

	"florin/store"
)

// pool lends a shard's reading connections, opened when they are needed.
type pool struct {
	path string
	// free holds as many entries as there may be connections; nil is one that is
	// not open yet.
	free chan *conn
}

func newPool(path string, size int) *pool {
	p := &pool{path: path, free: make(chan *conn, size)}
	for range size {
		p.free <- nil
	}
	return p
}

// take lends a connection, one that is open rather than a new one.
func (p *pool) take(ctx context.Context) (*conn, error) {
	var c *conn
	select {
	case c = <-p.free:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: no connection is free: %w", store.ErrUnavailable, ctx.Err())
	}
	if c != nil {
		return c, nil
	}
	c, err := openReader(p.path)
	if err != nil {
		p.free <- nil
		return nil, err
	}
	return c, nil
}

func (p *pool) give(c *conn) { p.free <- c }

func (p *pool) close() {
	for range cap(p.free) {
		if c := <-p.free; c != nil {
			c.close()
		}
	}
}

func openReader(path string) (*conn, error) {
	return openConn(path, sqlite3.SQLITE_OPEN_READONLY, "query_only=ON", "cache_size=512")
}

// inReadTx runs f in a transaction, so that its queries see one state.
func (c *conn) inReadTx(f func() error) error {
	if err := c.run(beginDeferred); err != nil {
		return err
	}
	err := f()
	if end := c.run(commitTx); err == nil {
		err = end
	}
	return err
}

// run runs a fixed statement without parameters.
func (c *conn) run(q query) error {
	s, err := c.query(q)
	if err != nil {
		return err
	}
	return s.run()
}
