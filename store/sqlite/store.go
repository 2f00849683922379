package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"florin/ident"
	"florin/store"
)

// Store is a store in SQLite files. It is safe for concurrent use.
type Store struct {
	cfg    Config
	lock   *os.File // nil unless ReadWrite
	shards []*shard
}

var _ store.Store = (*Store)(nil)

// Open opens the store in cfg.Dir; ReadWrite makes and migrates it as needed.
// Its errors are ErrLocked, ErrMarks, ErrNoStore, ErrSchema, ErrMoved, or the
// file system's.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	if s.cfg.Access == ReadWrite {
		if s.lock, err = prepareDir(s.cfg.Dir); err != nil {
			return err
		}
		m, err := makeShards(ctx, s.cfg)
		if err != nil {
			return err
		}
		s.cfg.Shards = m.shards
	} else if s.cfg.Shards, err = checkStore(ctx, s.cfg); err != nil {
		return err
	}
	for number := range s.cfg.Shards {
		sh, err := openShard(s.cfg, number)
		if err != nil {
			return fmt.Errorf("store/sqlite: open shard %d: %w", number, err)
		}
		s.shards = append(s.shards, sh)
	}
	return s.checkMove(ctx)
}

// prepareDir makes the directory and takes its lock.
func prepareDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store/sqlite: %w", err)
	}
	return lockDir(dir)
}

// checkStore refuses what is not a finished store of this program's version.
func checkStore(ctx context.Context, cfg Config) (shards int, err error) {
	want, missing, err := survey(cfg)
	switch {
	case err != nil:
		return 0, err
	case len(missing) > 0:
		return 0, fmt.Errorf("%w in %s", ErrNoStore, cfg.Dir)
	}
	schemas, err := Schemas(ctx, cfg)
	if err != nil {
		return 0, err
	}
	for _, schema := range schemas {
		if schema.Version != schema.Latest {
			return 0, fmt.Errorf("%w: shard %d of %s is at %d, this program's is %d",
				ErrSchema, schema.Shard, cfg.Dir, schema.Version, schema.Latest)
		}
	}
	return want.shards, nil
}

// Shards returns the number of shards.
func (s *Store) Shards() int { return s.cfg.Shards }

// Connections returns how many connections are in use now, readers and writers.
func (s *Store) Connections() int {
	used := 0
	for _, sh := range s.shards {
		used += cap(sh.readers.turns) - len(sh.readers.turns) + cap(sh.scans.turns) - len(sh.scans.turns)
		if sh.writer != nil {
			used += cap(sh.turn) - len(sh.turn)
		}
	}
	return used
}

// Close stops the checkpointers and closes all connections.
func (s *Store) Close() error {
	for _, sh := range s.shards {
		sh.close()
	}
	s.shards = nil
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}

// Ping asks whether a shard answers.
func (s *Store) Ping(ctx context.Context, shard int) error {
	return s.shards[shard].read(ctx, func(c *conn) error {
		_, _, err := c.marks()
		return err
	})
}

var selectLastHigh = define(`SELECT max(last_high) FROM commits`)

// LastHigh returns the greatest High of any id stored.
func (s *Store) LastHigh(ctx context.Context) (int64, error) {
	var last int64
	for _, sh := range s.shards {
		err := sh.read(ctx, func(c *conn) error {
			high, err := c.number(selectLastHigh)
			last = max(last, high)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return last, nil
}

var selectGroup = define(`SELECT 1 FROM commits WHERE group_id = ? AND group_low = ?`)

// Committed tells whether a group was committed. It knows the latest ringSize
// groups of each shard.
func (s *Store) Committed(ctx context.Context, shard int, group ident.ID) (bool, error) {
	found := false
	err := s.shards[shard].read(ctx, func(c *conn) error {
		q, err := c.query(selectGroup)
		if err != nil {
			return err
		}
		q.bindID(group)
		return q.each(func(*stmt) error { found = true; return nil })
	})
	return found, err
}

// number runs a query that answers one integer; NULL and no row are 0.
func (c *conn) number(q query, args ...int64) (n int64, err error) {
	s, err := c.query(q)
	if err != nil {
		return 0, err
	}
	for _, arg := range args {
		s.bindInt(arg)
	}
	err = s.each(func(s *stmt) error { n = s.int(); return nil })
	return n, err
}
