package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/ident"
	"florin/store"
)

// A month is closed in one Tx:
//
//	what waits? ─▶ what stays? ─▶ checkpoints ─▶ detach, move ─▶ COMMIT
//	 nobody waits                 nobody waits     everybody waits, for moments
//
// All entries of a transaction are on one side: of those that stand across the
// month's end rows stay behind, in the default partition, and go with the next
// month.

// closingName is what the connection is called that closes a month. It writes no
// events, so that no feed waits for it.
const closingName = applicationName + " closing"

const (
	// aroundEnd is within what time of a month's end a transaction may stand across
	// it.
	aroundEnd = time.Hour
	// A lock that keeps everybody out is waited for only so long, so often.
	closingPatience = "300ms"
	closingTries    = 5
	closingPause    = 200 * time.Millisecond
)

// closed is how far a shard's months are closed.
type closed struct {
	until    ident.ID // zero when none is
	position int64    // events before it have checkpoints
}

func closedUntil(ctx context.Context, c *reader) (closed, error) {
	found, err := one(ctx, c, func(r *row) closed { return closed{r.id(), r.int()} },
		`SELECT until_id, position FROM closings ORDER BY until_id DESC LIMIT 1`)
	if errors.Is(err, store.ErrNotFound) {
		return closed{}, nil
	}
	return found, err
}

// waits is why a month cannot be closed yet.
type waits string

// Error implements error.
func (w waits) Error() string { return string(w) }

// CloseMonth implements store.Partitioner.
func (s *Store) CloseMonth(ctx context.Context, number, keep int) (closing store.Closing, err error) {
	sh := s.shards[number]
	if keep < 1 {
		return closing, fmt.Errorf("store/postgres: to keep %d months is to close the present one", keep)
	}
	err = sh.connect(ctx, func(ctx context.Context, c *conn) error {
		return pgx.BeginFunc(ctx, c.Conn, func(tx pgx.Tx) error {
			t := &closingTx{Tx: tx, reader: &reader{tx}, closing: &closing}
			return t.close(ctx, keep)
		})
	})
	var reason waits
	if errors.As(err, &reason) {
		closing.Waits = string(reason)
		return closing, nil
	}
	return closing, sh.wrap(err)
}

// closingTx is the Tx that closes a month.
type closingTx struct {
	pgx.Tx
	*reader
	closing *store.Closing

	of     month
	before closed   // what was closed before
	end    ident.ID // of the month: the least id behind it
	stay   [][16]byte
}

func (t *closingTx) close(ctx context.Context, keep int) error {
	if err := t.all(ctx,
		`SET LOCAL application_name = '`+closingName+`'`,
		`SET LOCAL statement_timeout = '1h'`, `SET LOCAL idle_in_transaction_session_timeout = '1min'`,
		`SET LOCAL enable_seqscan = on`, `SET LOCAL enable_hashjoin = on`, `SET LOCAL enable_mergejoin = on`,
		`SET LOCAL plan_cache_mode = auto`, `SET LOCAL work_mem = '64MB'`,
	); err != nil {
		return err
	}
	found, err := t.oldest(ctx, keep)
	if err != nil || !found {
		return err
	}
	t.closing.Month, t.end = t.of.from.Format("2006-01"), ident.First(t.of.to)
	position, err := t.ready(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		t.holdStill, t.straddling, t.addsUp, t.checkAccounts,
		func(ctx context.Context) error { return t.countEvents(ctx, position) },
		t.lock, t.detach,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// all runs statements.
func (t *closingTx) all(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := t.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// run runs a statement with $1, the month's end, and $2, the transactions that
// stay, and returns how many rows it wrote.
func (t *closingTx) run(ctx context.Context, sql string) (int64, error) {
	tag, err := t.Exec(ctx, sql, [16]byte(t.end), t.stay)
	return tag.RowsAffected(), err
}

// oldest finds the oldest month of the ledger, and tells whether it is to be
// closed, by the database's clock.
func (t *closingTx) oldest(ctx context.Context, keep int) (found bool, err error) {
	var free bool
	var now time.Time
	err = t.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(`+monthsLock+`), now()`).Scan(&free, &now)
	if err != nil || !free { // another process is at it
		return false, err
	}
	if t.before, err = closedUntil(ctx, t.reader); err != nil {
		return false, err
	}
	rows, err := t.Query(ctx, `SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
		WHERE i.inhparent IN ('ledger_transactions'::regclass, 'ledger_entries'::regclass)`)
	if err != nil {
		return false, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	count := 0
	for _, name := range names {
		for _, table := range partitioned {
			at, err := time.Parse(table+"_2006_01", name)
			switch m := monthOf(at); {
			case err != nil:
			case !found || m.from.Before(t.of.from):
				t.of, found, count = m, true, 1
			case m == t.of:
				count++
			}
		}
	}
	if err != nil || !found || t.of.to.After(monthOf(now).from.AddDate(0, -keep, 0)) {
		return false, err
	}
	if count != len(partitioned) {
		return false, fmt.Errorf("month %s: one of the ledger's tables has no partition of it", t.of.from.Format("2006-01"))
	}
	return true, nil
}

// openBefore counts what is still under way of what began before a month's end.
const openBefore = `SELECT
	(SELECT count(*) FROM attempts WHERE inquire_at IS NOT NULL AND id < $1) +
	(SELECT count(*) FROM attempts WHERE expires_at IS NOT NULL AND id < $1) +
	(SELECT count(*) FROM captures WHERE inquire_at IS NOT NULL AND id < $1) +
	(SELECT count(*) FROM refunds WHERE inquire_at IS NOT NULL AND id < $1) +
	(SELECT count(*) FROM disputes WHERE inquire_at IS NOT NULL AND id < $1) +
	(SELECT count(*) FROM batches WHERE due_at IS NOT NULL AND id < $1),
	(SELECT count(*) FROM transfers WHERE status = 'pending' AND id < $1),
	(SELECT count(*) FROM holds WHERE status = 'active' AND id < $1)`

// ready tells why the month must wait, or returns the position of the first event
// behind it, which all feeds have passed.
func (t *closingTx) ready(ctx context.Context) (position int64, err error) {
	var operations, transfers, holds int64
	err = t.QueryRow(ctx, openBefore, [16]byte(t.end)).Scan(&operations, &transfers, &holds)
	if err != nil {
		return 0, err
	}
	if operations+transfers+holds > 0 {
		return 0, waits(fmt.Sprintf("%d operations, %d transfers and %d holds that began until then are still open",
			operations, transfers, holds))
	}
	shown, err := t.settled(ctx)
	if err != nil {
		return 0, err
	}
	position, err = t.firstEvent(ctx, shown)
	if err == nil && position > shown {
		err = waits("the feed has not passed its events yet")
	}
	return position, err
}

// firstEvent returns the position of the first event behind the month, shown if
// there is none before. Positions ascend with ids, but for some seconds, which are
// then the next month's.
func (t *closingTx) firstEvent(ctx context.Context, shown int64) (int64, error) {
	low, high := t.before.position, shown
	for low < high {
		middle := low + (high-low)/2
		e, err := one(ctx, t.reader, (*row).event,
			`SELECT `+eventColumns+` FROM events WHERE position >= $1 ORDER BY position LIMIT 1`, middle)
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && (int64(e.Position) >= high || e.ID.Compare(t.end) >= 0):
			high = middle
		case err != nil:
			return 0, err
		default:
			low = int64(e.Position) + 1
		}
	}
	return high, nil
}

// holdStill keeps the rows of the month as they are. Nobody writes there any more.
func (t *closingTx) holdStill(ctx context.Context) error {
	tables := make([]string, 0, 2*len(partitioned))
	for _, table := range partitioned {
		tables = append(tables, t.of.name(table), table+"_default")
	}
	return t.all(ctx, `SET LOCAL lock_timeout = '2s'`,
		`LOCK TABLE `+strings.Join(tables, ", ")+` IN SHARE ROW EXCLUSIVE MODE`)
}

// straddling finds the transactions that stand across the month's end.
func (t *closingTx) straddling(ctx context.Context) error {
	from, to := ident.First(t.of.to.Add(-aroundEnd)), ident.First(t.of.to.Add(aroundEnd))
	rows, err := t.Query(ctx, `SELECT id FROM ledger_transactions WHERE id >= $2 AND id < $1 AND last_entry >= $1
		UNION ALL SELECT id FROM ledger_transactions WHERE id >= $1 AND id < $3 AND first_entry < $1`,
		[16]byte(t.end), [16]byte(from), [16]byte(to))
	if err != nil {
		return err
	}
	t.stay, err = pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	if t.stay == nil {
		t.stay = [][16]byte{} // NULL would be unlike any
	}
	return err
}
