package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/ident"
)

// partitioned are the tables whose rows stand by month.
var partitioned = [...]string{"ledger_transactions", "ledger_entries"}

// Months for which there are partitions before they are needed, and one for what
// comes late. What fits none goes into the default partition.
const (
	monthsBack  = 1
	monthsAhead = 3
)

// monthsLock is the advisory lock under which partitions are made and detached.
const monthsLock = "7236105"

// month is a month in UTC.
type month struct{ from, to time.Time }

func monthOf(t time.Time) month {
	year, m, _ := t.UTC().Date()
	from := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)
	return month{from, from.AddDate(0, 1, 0)}
}

// name returns the month's partition of a table: ledger_entries_2026_03.
func (m month) name(table string) string { return table + m.from.Format("_2006_01") }

// bound returns the least uuid of a moment: its milliseconds and zeros.
func bound(t time.Time) string {
	ms := uint64(t.UnixMilli())
	return fmt.Sprintf("%08x-%04x-0000-0000-000000000000", ms>>16, ms&0xffff)
}

// makeAllPartitions makes the partitions of a database that has just been
// migrated.
func makeAllPartitions(ctx context.Context, cfg Config, number int, now time.Time) error {
	return withConn(ctx, cfg, number, func(c *pgx.Conn) error {
		_, err := makePartitions(ctx, c, monthsAround(now))
		return err
	})
}

// makePartitions makes those that are missing around the present, by the
// database's clock.
func (sh *shard) makePartitions(ctx context.Context, c *pgx.Conn) error {
	var now time.Time
	if err := c.QueryRow(ctx, "SELECT now()").Scan(&now); err != nil {
		return errorOf(err)
	}
	_, err := makePartitions(ctx, c, monthsAround(now))
	return errorOf(err)
}

// MakePartitions implements store.Partitioner.
func (s *Store) MakePartitions(ctx context.Context, number int) (made int, err error) {
	sh := s.shards[number]
	err = sh.connect(ctx, func(ctx context.Context, c *conn) error {
		var now time.Time
		if err := c.QueryRow(ctx, "SELECT now()").Scan(&now); err != nil {
			return err
		}
		late, err := lateMonths(ctx, c.Conn, now)
		if err != nil {
			return err
		}
		made, err = makePartitions(ctx, c.Conn, append(monthsAround(now), late...))
		return err
	})
	return made, sh.wrap(err)
}

// monthsAround returns the months that there must be at a time.
func monthsAround(now time.Time) (months []month) {
	first := monthOf(now).from.AddDate(0, -monthsBack, 0)
	for i := range monthsBack + 1 + monthsAhead {
		months = append(months, monthOf(first.AddDate(0, i, 0)))
	}
	return months
}

// lateMonths returns the months until now of which rows stand in the default
// partitions.
func lateMonths(ctx context.Context, c *pgx.Conn, now time.Time) (months []month, err error) {
	for _, table := range partitioned {
		from := bound(time.UnixMilli(0))
		for {
			var id [16]byte
			err := c.QueryRow(ctx, `SELECT id FROM `+table+`_default WHERE id >= $1::text::uuid AND id < $2::text::uuid
				ORDER BY id LIMIT 1`, from, bound(now)).Scan(&id)
			if errors.Is(err, pgx.ErrNoRows) {
				break
			}
			if err != nil {
				return nil, err
			}
			m := monthOf(ident.ID(id).Time())
			if !slices.Contains(months, m) {
				months = append(months, m)
			}
			from = bound(m.to)
		}
	}
	return months, nil
}

// makePartitions makes the partitions that are missing of months, but for those
// that were closed, and returns how many.
func makePartitions(ctx context.Context, c *pgx.Conn, months []month) (made int, err error) {
	type partition struct {
		table string
		month
	}
	var closed [16]byte
	err = c.QueryRow(ctx, `SELECT until_id FROM closings ORDER BY until_id DESC LIMIT 1`).Scan(&closed)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, err
	}
	wanted := map[string]partition{}
	var names []string
	for _, m := range months {
		if m.from.Before(ident.ID(closed).Time()) {
			continue
		}
		for _, table := range partitioned {
			names = append(names, m.name(table))
			wanted[m.name(table)] = partition{table, m}
		}
	}
	rows, err := c.Query(ctx, `SELECT DISTINCT name FROM unnest($1::text[]) AS name
		WHERE to_regclass(name) IS NULL ORDER BY name`, names)
	if err != nil {
		return 0, err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range missing {
		if err := makePartition(ctx, c, wanted[name].table, wanted[name].month); err != nil {
			return made, fmt.Errorf("partition %s: %w", name, err)
		}
		made++
	}
	return made, err
}

// makePartition makes one, unless another process was first. Rows of the month that stand in the
// default partition move into it. Where the lock
// is not to be had in time it fails, to be tried again.
func makePartition(ctx context.Context, c *pgx.Conn, table string, m month) error {
	name := m.name(table)
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		from, to := bound(m.from), bound(m.to)
		for _, sql := range []string{
			`SELECT pg_advisory_xact_lock(` + monthsLock + `)`,
			`SET LOCAL lock_timeout = '2s'`,
			`SET LOCAL statement_timeout = '10min'`, // there may be much to move
			`CREATE TABLE IF NOT EXISTS ` + name + ` (LIKE ` + table + ` INCLUDING ALL)`,
			`LOCK TABLE ` + table + `_default IN ACCESS EXCLUSIVE MODE`,
			`WITH late AS (DELETE FROM ` + table + `_default WHERE id >= '` + from + `' AND id < '` + to +
				`' RETURNING *) INSERT INTO ` + name + ` SELECT * FROM late`,
		} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		var attached bool
		err := tx.QueryRow(ctx, "SELECT relispartition FROM pg_class WHERE oid = to_regclass($1)", name).Scan(&attached)
		if err != nil || attached {
			return err
		}
		_, err = tx.Exec(ctx, `ALTER TABLE `+table+` ATTACH PARTITION `+name+
			` FOR VALUES FROM ('`+from+`') TO ('`+to+`')`)
		return err
	})
}
