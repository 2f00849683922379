package sqlite

import (
	"context"
	"errors"
	"fmt"

	"florin/store"
)

// ErrMoved is of a store that was moved to other databases, or is being moved
// there; it takes no more writes.
var ErrMoved = errors.New("the store is not served here any more")

var (
	selectMove = define(`SELECT copy, copy_low, target, done FROM move`)
	setMove    = define(`INSERT INTO move (id, copy, copy_low, target, done) VALUES (1, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET copy = excluded.copy, copy_low = excluded.copy_low, target = excluded.target,
			done = excluded.done`)
	dropMove   = define(`DELETE FROM move`)
	allKeysets = define(`SELECT name, sealed FROM keysets ORDER BY name`)
)

// OpenToMove opens a store for who moves it to other databases: with its lock, so
// that nobody serves it, and whether it is being moved or not. Errors are those of
// Open; nothing is made where there is no store.
func OpenToMove(ctx context.Context, cfg Config) (*Store, error) {
	cfg = cfg.withDefaults()
	schemas, err := Schemas(ctx, cfg)
	if err != nil {
		return nil, err
	}
	for _, schema := range schemas {
		if schema.Version == 0 {
			return nil, fmt.Errorf("%w in %s", ErrNoStore, cfg.Dir)
		}
	}
	cfg.Access, cfg.moving = ReadWrite, true
	return Open(ctx, cfg)
}

// checkMove refuses to write a store that has gone elsewhere.
func (s *Store) checkMove(ctx context.Context) error {
	if s.cfg.Access == ReadOnly || s.cfg.moving {
		return nil
	}
	m, err := s.Move(ctx)
	switch {
	case err != nil:
		return err
	case m.Done:
		return fmt.Errorf("%w: the store in %s was moved to PostgreSQL (store %s): serve that one, with --config; "+
			"this one can only be read", ErrMoved, s.cfg.Dir, m.Target)
	case m != store.Move{}:
		return fmt.Errorf("%w: the store in %s is being moved to PostgreSQL (store %s): run florin copy again to go on, "+
			"or florin copy --abandon to serve it here", ErrMoved, s.cfg.Dir, m.Target)
	}
	return nil
}

// Move returns where the store is being moved to, or was.
func (s *Store) Move(ctx context.Context) (m store.Move, err error) {
	err = s.shards[0].read(ctx, func(c *conn) error {
		rows, err := c.query(selectMove)
		if err != nil {
			return err
		}
		return rows.each(func(r *stmt) error {
			m = store.Move{Copy: r.id(), Target: r.text(), Done: r.int() != 0}
			return nil
		})
	})
	if err != nil {
		return m, fmt.Errorf("store/sqlite: where the store is moved to: %w", err)
	}
	return m, nil
}

// SetMove says, durably, where the store is moved to; the zero Move that it stays.
func (s *Store) SetMove(ctx context.Context, m store.Move) error {
	sh := s.shards[0]
	if err := sh.take(ctx); err != nil {
		return err
	}
	defer sh.give()
	statement := setMove
	if m == (store.Move{}) {
		statement = dropMove
	}
	q, err := sh.writer.query(statement)
	if err != nil {
		return err
	}
	if statement == setMove {
		q.bindID(m.Copy)
		q.bindText(m.Target)
		done := int64(0)
		if m.Done {
			done = 1
		}
		q.bindInt(done)
	}
	if err := q.run(); err != nil {
		return fmt.Errorf("store/sqlite: say where the store is moved to: %w", err)
	}
	return nil
}

// Keysets lists the vault's sealed keysets, by name.
func (s *Store) Keysets(ctx context.Context) (list []store.Keyset, err error) {
	err = s.shards[0].read(ctx, func(c *conn) error {
		rows, err := c.query(allKeysets)
		if err != nil {
			return err
		}
		list = nil
		return rows.each(func(r *stmt) error {
			list = append(list, store.Keyset{Name: r.text(), Sealed: r.bytes()})
			return nil
		})
	})
	return list, err
}
