package postgres

import (
	"context"
	"errors"
	"fmt"

	"florin/store"
)

const (
	selectKeyset = `SELECT sealed FROM keysets WHERE name = $1`
	insertKeyset = `INSERT INTO keysets (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING`
)

// FindKeyset returns a sealed keyset of the vault, and whether there is one.
func (s *Store) FindKeyset(ctx context.Context, name string) (sealed []byte, found bool, err error) {
	sealed, err = readOne(ctx, s.shards[0], (*row).bytes, selectKeyset, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	return sealed, err == nil, err
}

// ClaimKeyset stores a sealed keyset unless there is one of that name, and
// returns the one that is there, durable.
func (s *Store) ClaimKeyset(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	if held, found, err := s.FindKeyset(ctx, name); err != nil || found {
		return held, err
	}
	sh := s.shards[0]
	if sh.writers == nil {
		return nil, fmt.Errorf("%w: the store is open for reading only", store.ErrUnavailable)
	}
	err := sh.lend(ctx, sh.writers, func(c *conn) error {
		if _, err := c.Exec(ctx, insertKeyset, name, sealed); err != nil {
			return err
		}
		held, err := one(ctx, &reader{c.Conn}, (*row).bytes, selectKeyset, name)
		sealed = held
		return err
	})
	return sealed, sh.wrap(err)
}
