package sqlite

import (
	"context"
	"fmt"
)

var (
	selectKeyset = define(`SELECT sealed FROM keysets WHERE name = ?`)
	insertKeyset = define(`INSERT INTO keysets (name, sealed) VALUES (?, ?) ON CONFLICT DO NOTHING`)
)

func (c *conn) keyset(name string) (sealed []byte, found bool, err error) {
	s, err := c.query(selectKeyset)
	if err != nil {
		return nil, false, err
	}
	s.bindText(name)
	err = s.each(func(s *stmt) error {
		sealed, found = s.bytes(), true
		return nil
	})
	return sealed, found, err
}

// FindKeyset returns a sealed keyset of the vault, and whether there is one.
func (s *Store) FindKeyset(ctx context.Context, name string) (sealed []byte, found bool, err error) {
	err = s.shards[0].read(ctx, func(c *conn) error {
		sealed, found, err = c.keyset(name)
		return err
	})
	return sealed, found, err
}

// ClaimKeyset stores a sealed keyset unless there is one of that name, and
// returns the one that is there, durable.
func (s *Store) ClaimKeyset(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	if held, found, err := s.FindKeyset(ctx, name); err != nil || found {
		return held, err
	}
	sh := s.shards[0]
	if err := sh.take(ctx); err != nil {
		return nil, err
	}
	defer sh.give()
	q, err := sh.writer.query(insertKeyset)
	if err != nil {
		return nil, err
	}
	q.bindText(name)
	q.bindBlob(sealed)
	if err := q.run(); err != nil {
		return nil, fmt.Errorf("store/sqlite: claim keyset %s: %w", name, err)
	}
	held, _, err := sh.writer.keyset(name)
	return held, err
}
