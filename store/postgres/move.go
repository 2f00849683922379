package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"florin/ident"
	"florin/store"
)

// Errors of filling.
var (
	// ErrFilling: a database is being filled from another store.
	ErrFilling = errors.New("store/postgres: a copy into it is unfinished")
	// ErrNotEmpty: a database that is to be filled has rows of its own, or of another
	// copy.
	ErrNotEmpty = errors.New("store/postgres: not empty")
)

// filling is the access of who fills a store: nobody else has any.
const filling Access = -1

// Filling is a store that is being filled with another one's rows. What it says
// of them can be read, by its Store, and is right once all have come. Only one
// goroutine may fill a shard.
type Filling struct {
	*Store
	conns []*conn // one a shard, of no pool
	// months are those for which a shard surely has partitions.
	months []map[month]bool
}

// OpenToFill opens a store that Migrate has made, to be filled. Errors are those
// of Open.
func OpenToFill(ctx context.Context, cfg Config) (*Filling, error) {
	cfg.Access = filling
	s, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	f := &Filling{Store: s}
	for _, sh := range s.shards {
		c, err := sh.connectToFill(ctx)
		if err != nil {
			return nil, errors.Join(sh.wrap(err), f.Close())
		}
		f.conns = append(f.conns, &conn{Conn: c})
		f.months = append(f.months, map[month]bool{})
	}
	return f, nil
}

// connectToFill makes a connection whose statements may take their time.
func (sh *shard) connectToFill(ctx context.Context) (*pgx.Conn, error) {
	cfg := sh.readers.Config().ConnConfig
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		delete(cfg.RuntimeParams, name)
	}
	_ = sh.hosts.sort(ctx, cfg) // never fails
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, briefly(err))
	}
	if err := sh.examine(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

// Close closes all connections.
func (f *Filling) Close() error {
	for _, c := range f.conns {
		_ = c.Close(context.Background()) // what was not committed goes
	}
	return f.Store.Close()
}

// Keysets lists the vault's sealed keysets, by name.
func (f *Filling) Keysets(ctx context.Context) ([]store.Keyset, error) {
	return readAll(ctx, f.shards[0], func(r *row) store.Keyset {
		return store.Keyset{Name: r.text(), Sealed: r.bytes()}
	}, `SELECT name, sealed FROM keysets ORDER BY name`)
}

// whoFills is the copy that fills a database; nobody else's Tx goes on meanwhile.
const whoFills = `SELECT copy FROM filling FOR UPDATE`

// Copy returns the copy that fills a shard; the zero id for none.
func (f *Filling) Copy(ctx context.Context, shard int) (ident.ID, error) {
	return f.filler(ctx, shard, `SELECT copy FROM filling`)
}

func (f *Filling) filler(ctx context.Context, shard int, sql string) (ident.ID, error) {
	id, err := one(ctx, &reader{f.conns[shard]}, (*row).id, sql)
	if errors.Is(err, store.ErrNotFound) {
		return ident.ID{}, nil
	}
	return id, f.shards[shard].wrap(err)
}

// business are the tables that are empty in a store that was only migrated.
var business = []string{
	"payments", "attempts", "captures", "refunds", "disputes", "payment_methods", "claims", "accounts",
	"ledger_transactions", "ledger_entries", "events", "holds", "payouts", "transfers", "received_transfers", "batches",
	"batch_items", "api_keys", "keysets", "commits", "filled",
}

// CheckEmpty returns ErrNotEmpty where a shard has rows, or bears the mark of
// another copy. It changes nothing.
func (f *Filling) CheckEmpty(ctx context.Context, shard int, name ident.ID) error {
	held, err := f.Copy(ctx, shard)
	switch {
	case err != nil:
		return f.shards[shard].wrap(err)
	case !held.IsZero() && held == name:
		return nil
	case !held.IsZero():
		return fmt.Errorf("%w: the database of shard %d bears the mark of another copy, which is unfinished: "+
			"end that one, or make new databases if it was given up with --abandon", ErrNotEmpty, shard)
	}
	questions := make([]string, len(business))
	for i, table := range business {
		questions[i] = "SELECT '" + table + "' WHERE EXISTS (SELECT FROM " + table + ")"
	}
	found, err := all(ctx, &reader{f.conns[shard]}, (*row).text, strings.Join(questions, " UNION ALL "))
	if err == nil && len(found) > 0 {
		return fmt.Errorf("%w: the database of shard %d has rows already (%s)", ErrNotEmpty, shard, strings.Join(found, ", "))
	}
	return f.shards[shard].wrap(err)
}

// fence takes all slots of system accounts, for ever: the Tx of a server that has
// found the database unmarked a moment ago fails. One that is under way is waited for
// first: it holds the lock of checkSlot, with which an UPDATE alone would not collide.
const (
	lockSlots = `SELECT slot FROM slots ORDER BY slot FOR UPDATE`
	fence     = `UPDATE slots SET holder = $1, fence = fence + 1, seen_at = 'infinity'`
	unfence   = `UPDATE slots SET holder = NULL, seen_at = NULL WHERE holder = $1`
)

// StartFill marks a shard as being filled by a copy, unless it is that already.
// Errors are those of CheckEmpty.
func (f *Filling) StartFill(ctx context.Context, shard int, name ident.ID) error {
	c := f.conns[shard]
	err := pgx.BeginFunc(ctx, c.Conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE filling IN EXCLUSIVE MODE`); err != nil {
			return err
		}
		held, err := f.Copy(ctx, shard)
		if err != nil || !held.IsZero() && held == name {
			return err
		}
		if _, err := tx.Exec(ctx, lockSlots); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fence, [16]byte(name)); err != nil {
			return err
		}
		if err := f.CheckEmpty(ctx, shard, name); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO filling (id, copy) VALUES (1, $1)`, [16]byte(name))
		return err
	})
	return f.shards[shard].wrap(err)
}

// Filled returns how many rows of each part a shard has. A Tx of the copy that is
// still under way, since its process was killed, is waited for.
func (f *Filling) Filled(ctx context.Context, shard int) (map[string]int64, error) {
	rows := map[string]int64{}
	err := pgx.BeginFunc(ctx, f.conns[shard].Conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, whoFills); err != nil {
			return err
		}
		type count struct {
			part string
			rows int64
		}
		list, err := all(ctx, &reader{tx}, func(r *row) count { return count{r.text(), r.int()} },
			`SELECT part, rows FROM filled`)
		for _, c := range list {
			rows[c.part] = c.rows
		}
		return err
	})
	return rows, f.shards[shard].wrap(err)
}

// Settle makes a shard that has all its rows ready to be read: ids that are issued
// from now on are greater than high, and the planner knows what is there.
func (f *Filling) Settle(ctx context.Context, shard int, high int64) error {
	c := f.conns[shard]
	_, err := c.Exec(ctx, `UPDATE meta SET last_high = greatest(last_high, $1)`, high)
	if err == nil {
		_, err = c.Exec(ctx, `ANALYZE`)
	}
	return f.shards[shard].wrap(err)
}

// EndFill takes a copy's mark away: the shard is served from now on. It does nothing
// where there is none.
func (f *Filling) EndFill(ctx context.Context, shard int, name ident.ID) error {
	err := pgx.BeginFunc(ctx, f.conns[shard].Conn, func(tx pgx.Tx) error {
		held, err := f.filler(ctx, shard, whoFills)
		switch {
		case err != nil || held.IsZero():
			return err
		case held != name:
			return fmt.Errorf("%w: another copy fills it", ErrNotEmpty)
		}
		for _, sql := range []string{`DELETE FROM filled`, `DELETE FROM filling`} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, unfence, [16]byte(name))
		return err
	})
	return f.shards[shard].wrap(err)
}

// checkFilling refuses a database that is being filled to all but who fills it.
func (sh *shard) checkFilling(ctx context.Context, c *pgx.Conn) error {
	if sh.store.cfg.Access == filling {
		return nil
	}
	switch _, err := one(ctx, &reader{c}, (*row).id, `SELECT copy FROM filling`); {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return errorOf(err)
	}
	return sh.refuse(fmt.Errorf("%w: the database of shard %d is not whole yet: run florin copy again, to its end, "+
		"or make new databases if it was given up with --abandon", ErrFilling, sh.number))
}
