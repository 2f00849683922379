package sqlite

import (
	"context"
	"fmt"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"

	"florin/store"
)

// pool lends a shard's reading connections, opened when they are needed.
type pool struct {
	path  string
	turns chan struct{} // holds one for each connection that may be lent
	mu    sync.Mutex
	idle  []*conn
}

func newPool(path string, size int) *pool {
	p := &pool{path: path, turns: make(chan struct{}, size)}
	for range size {
		p.turns <- struct{}{}
	}
	return p
}

// take lends a connection: the one used last, or a new one.
func (p *pool) take(ctx context.Context) (*conn, error) {
	select {
	case <-p.turns:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: no connection is free: %w", store.ErrUnavailable, ctx.Err())
	}
	p.mu.Lock()
	if last := len(p.idle) - 1; last >= 0 {
		c := p.idle[last]
		p.idle = p.idle[:last]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := openReader(p.path)
	if err != nil {
		p.turns <- struct{}{}
	}
	return c, err
}

// give takes a connection back, unless an interrupt has left it in a
// transaction that it cannot end.
func (p *pool) give(c *conn) {
	if c.inTx() {
		_ = c.run(rollbackTx) // what it says shows below
	}
	if c.inTx() {
		c.close()
	} else {
		p.mu.Lock()
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	}
	p.turns <- struct{}{}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.close()
	}
	p.idle = nil
}

func openReader(path string) (*conn, error) {
	return openConn(path, sqlite3.SQLITE_OPEN_READONLY, "query_only=ON", "cache_size=1024")
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
