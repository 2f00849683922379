package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"florin/ident"
	"florin/store"
)

// Store is a store in PostgreSQL databases. It is safe for concurrent use.
type Store struct {
	cfg    Config
	shards []*shard

	mu    sync.Mutex
	id    string // the store's, as the first connection of any shard found it
	first int    // that shard
}

var (
	_ store.Store       = (*Store)(nil)
	_ store.Partitioner = (*Store)(nil)
)

// Open opens a store that Migrate has made. A shard that cannot be reached does
// not keep the others from being used: its calls are ErrUnavailable until it is
// back. Errors are ErrMarks, ErrSchema, ErrFilling, ErrClock and ErrSettings in a
// ShardError, and those of the configuration.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg}
	for number := range cfg.Shards {
		sh, err := openShard(s, number)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.shards = append(s.shards, sh)
	}
	if err := s.greet(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// greet connects to all shards at once, to find what must not be used.
func (s *Store) greet(ctx context.Context) error {
	errs := make([]error, len(s.shards))
	var greeting sync.WaitGroup
	for i, sh := range s.shards {
		greeting.Go(func() {
			errs[i] = sh.greet(ctx)
			if refused := sh.endGreeting(); refused != nil {
				errs[i] = refused
			}
		})
	}
	greeting.Wait()
	for i, err := range errs {
		if refusesSettings(err) {
			err = fmt.Errorf("%w: %w", ErrSettings, err)
		}
		for _, lasting := range []error{ErrMarks, ErrSchema, ErrFilling, ErrClock, ErrSettings} {
			if errors.Is(err, lasting) {
				return &ShardError{i, err}
			}
		}
	}
	for _, sh := range s.shards {
		if sh.watch != nil {
			sh.watch.start()
		}
	}
	return ctx.Err()
}

func (sh *shard) greet(ctx context.Context) error {
	pool := sh.readers
	if sh.writers != nil {
		pool = sh.writers
	}
	sh.survey(ctx, pool.Config().ConnConfig)
	err := sh.lend(ctx, pool, func(c *conn) error {
		if sh.store.cfg.Access != ReadWrite {
			return nil
		}
		limited, cancel := sh.within(ctx)
		defer cancel()
		if err := sh.raiseBase(limited, c.Conn); err != nil {
			return err
		}
		return sh.makePartitions(limited, c.Conn)
	})
	if err == nil && sh.watch != nil {
		err = sh.watch.sample(ctx)
	}
	return err
}

// Name returns the store's own name, alike in all of its databases; empty as long as
// none could be reached.
func (s *Store) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Shards returns the number of shards.
func (s *Store) Shards() int { return len(s.cfg.Shards) }

// of returns the shard of an id.
func (s *Store) of(id ident.ID) *shard { return s.shards[id.Shard(len(s.shards))] }

// Connections returns how many connections are in use now: those that read and
// write, those to replicas, and those that belong to no pool.
func (s *Store) Connections() int {
	used := int32(0)
	for _, sh := range s.shards {
		used += sh.readers.Stat().AcquiredConns() + sh.apart.Load()
		for _, r := range sh.replicas {
			used += r.pool.Stat().AcquiredConns()
		}
		if sh.writers != nil {
			used += sh.writers.Stat().AcquiredConns()
		}
	}
	return int(used)
}

// Close gives back what the process holds, and closes all connections.
func (s *Store) Close() error {
	for _, sh := range s.shards {
		sh.close()
	}
	return nil
}

// Ping asks whether a shard answers.
func (s *Store) Ping(ctx context.Context, shard int) error {
	_, err := readOne(ctx, s.shards[shard], (*row).small, `SELECT shard FROM meta`)
	return err
}

// connect makes a connection of its own for f, to the server that takes writes
// now.
func (sh *shard) connect(ctx context.Context, f func(context.Context, *conn) error) error {
	pool := sh.readers
	if sh.writers != nil {
		pool = sh.writers
	}
	to := pool.Config().ConnConfig
	_ = sh.hosts.sort(ctx, to) // never fails
	c, err := pgx.ConnectConfig(ctx, to)
	if err != nil {
		if pgconn.Timeout(err) {
			sh.hosts.late()
		}
		return fmt.Errorf("%w: %w", store.ErrUnavailable, briefly(err))
	}
	sh.apart.Add(1)
	defer sh.apart.Add(-1)
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
		defer cancel()
		_ = c.Close(ending)
	}()
	if err := sh.examine(ctx, c); err != nil {
		return err
	}
	return f(ctx, &conn{Conn: c})
}
