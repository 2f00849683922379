package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"florin/access"
	"florin/store"
)

// marks are what a database says about itself.
type marks struct {
	store  string // a random name, alike in all databases of a store
	shard  int
	shards int
	mode   access.Mode
}

// check compares what a database says with what it must be.
func (m marks) check(want marks) error {
	switch {
	case m.shards != want.shards:
		return fmt.Errorf("%w: the database of shard %d belongs to a store of %d shards, not %d",
			ErrMarks, want.shard, m.shards, want.shards)
	case m.shard != want.shard:
		return fmt.Errorf("%w: the database of shard %d is shard %d", ErrMarks, want.shard, m.shard)
	case m.mode != want.mode:
		return fmt.Errorf("%w: the database of shard %d is in mode %s, not %s", ErrMarks, want.shard, m.mode, want.mode)
	case want.store != "" && m.store != want.store:
		return fmt.Errorf("%w: the database of shard %d belongs to another store", ErrMarks, want.shard)
	}
	return nil
}

// generation orders the servers that were a shard's primary, one after the other.
type generation struct{ epoch, timeline int64 }

func (g generation) before(o generation) bool { return g.epoch < o.epoch || g.timeline < o.timeline }

const (
	selectMeta = `SELECT store::text, shard, shards, mode, epoch, timeline, CASE WHEN pg_is_in_recovery() THEN 0
			ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END,
			(SELECT max(version_id) FROM goose_db_version WHERE is_applied)
		FROM meta`
	// An asynchronous standby that becomes the primary numbers its Txs from where it was:
	// the positions of what it never had were shown already, and would be given again.
	// So many are left out, each a Tx's.
	raiseEpoch = `UPDATE meta SET epoch = epoch + 1, timeline = $1, base = base + (1 << 20)
		WHERE timeline < $1 RETURNING epoch`
	// Who has read the old base has written before, and who is to write reads the new one.
	lockEvents = `SET LOCAL lock_timeout = '2s'; LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE`
)

// about is what a new connection finds.
type about struct {
	marks
	generation       // as meta has it
	timeline   int64 // the server's own; 0 of a standby
	schema     int64
}

func (r *row) about() (a about) {
	a.marks = marks{store: r.text(), shard: r.small(), shards: r.small(), mode: access.Mode(r.text())}
	a.generation = generation{r.int(), r.int()}
	a.timeline, a.schema = r.int(), r.int()
	return a
}

// examine looks at what a new connection leads to: another store's or shard's
// database is refused for good, an old primary's until it is another; so is another
// version's schema once the store is open.
func (sh *shard) examine(ctx context.Context, c *pgx.Conn) error {
	found, err := one(ctx, &reader{c}, (*row).about, selectMeta)
	switch {
	case stateOf(err) == stateNoTable || errors.Is(err, store.ErrNotFound):
		return sh.outdated(fmt.Errorf("%w: the database of shard %d has none: run `florin migrate up`",
			ErrSchema, sh.number))
	case err != nil:
		return errorOf(err)
	}
	want := marks{shard: sh.number, shards: len(sh.store.cfg.Shards), mode: sh.store.cfg.Mode}
	if err := found.check(want); err != nil {
		return sh.refuse(err)
	}
	latest, err := latest(embedded)
	switch {
	case err != nil:
		return err
	case found.schema > latest:
		return sh.outdated(fmt.Errorf("%w: the database of shard %d is at %d, and this program knows %d: update Florin",
			ErrSchema, sh.number, found.schema, latest))
	case found.schema < latest:
		return sh.outdated(fmt.Errorf(
			"%w: the database of shard %d is at %d, this program's is %d: run `florin migrate up`",
			ErrSchema, sh.number, found.schema, latest))
	}
	if err := sh.store.recognise(found.marks); err != nil {
		return sh.refuse(err)
	}
	if err := sh.checkFilling(ctx, c); err != nil {
		return err
	}
	return sh.followPrimary(ctx, c, found)
}

// refuse keeps the database from ever being used by this process.
func (sh *shard) refuse(err error) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.refused = err
	return err
}

// outdated refuses a schema that is another version's: for good while the store is
// opened, and from then on until it is this one's.
func (sh *shard) outdated(err error) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.greeted {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	sh.refused = err
	return err
}

// endGreeting returns why the database must not be used, nil where it may be, or is
// not known yet.
func (sh *shard) endGreeting() error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.greeted = true
	return sh.refused
}

// recognise compares a database's store with that of the first one that was seen.
func (s *Store) recognise(m marks) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := m
	want.store = s.id
	if err := m.check(want); err != nil {
		return fmt.Errorf("%w than that of shard %d", err, s.first)
	}
	if s.id == "" {
		s.id, s.first = m.store, m.shard
	}
	return nil
}

// isOurs compares a replica's store with that which the primaries are of: a replica
// does not say which it is.
func (s *Store) isOurs(m marks) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id == "" {
		return errNotLooked
	}
	want := m
	want.store = s.id
	return m.check(want)
}

// followPrimary refuses a server that another has taken over from, and raises the
// epoch for one that has.
func (sh *shard) followPrimary(ctx context.Context, c *pgx.Conn, found about) error {
	present := found.generation
	if found.timeline > present.timeline && sh.store.cfg.Access != ReadOnly {
		var err error
		if present.epoch, err = takeOver(ctx, c, found.timeline); err != nil {
			return errorOf(err)
		}
	}
	present.timeline = max(present.timeline, found.timeline)
	if err := sh.mustBeLatest(present); err != nil {
		return err
	}
	c.PgConn().CustomData()[generationKey] = present
	sh.learnOf(present)
	return nil
}

// takeOver raises the epoch for a server that became the primary with a timeline,
// unless another process was first, and returns it.
func takeOver(ctx context.Context, c *pgx.Conn, timeline int64) (epoch int64, err error) {
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockEvents); err != nil {
			return err
		}
		epoch, err = one(ctx, &reader{tx}, (*row).int, raiseEpoch, timeline)
		if errors.Is(err, store.ErrNotFound) {
			epoch, err = one(ctx, &reader{tx}, (*row).int, `SELECT epoch FROM meta`)
		}
		return err
	})
	return epoch, err
}

// generationKey is where a connection remembers the generation that it was found to
// lead to.
const generationKey = "florin: generation"

// isOld tells whether a connection leads to a server that another has taken over
// from, as far as this process knows.
func (sh *shard) isOld(c *pgx.Conn) bool {
	g, _ := c.PgConn().CustomData()[generationKey].(generation)
	return g.before(sh.generation())
}

// learnOf takes a generation into account that a server was found to have. Where
// another server has taken over, the replicas are left out until it is known that
// they follow it.
func (sh *shard) learnOf(g generation) {
	sh.mu.Lock()
	rises := sh.latest.before(g)
	if rises {
		sh.latest = g
	}
	greeted := sh.greeted
	sh.mu.Unlock()
	if !rises || !greeted {
		return
	}
	for _, r := range sh.replicas {
		if up, _, _ := r.state(); up != nil {
			r.fail(errOldPrimary)
		}
	}
}

// generation returns the greatest that was seen.
func (sh *shard) generation() generation {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.latest
}

// raiseBase makes positions of events ascend in a database that was restored into
// a cluster whose Tx numbers are lower than those that it holds.
func (sh *shard) raiseBase(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `UPDATE meta SET base = (SELECT max(position) >> 21 FROM events)
		WHERE (SELECT max(position) >> 21 FROM events) >= base + pg_current_xact_id()::text::bigint`)
	return errorOf(err)
}
