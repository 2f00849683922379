package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// partitioned are the tables whose rows stand by month.
var partitioned = [...]string{"ledger_transactions", "ledger_entries"}

// Months for which there are partitions before they are needed, and one for what
// comes late. What fits none goes into the default partition.
const (
	monthsBack  = 1
	monthsAhead = 3
)

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
func makeAllPartitions(ctx context.Context, shard Shard, now time.Time) error {
	return withConn(ctx, shard, func(c *pgx.Conn) error { return makePartitions(ctx, c, now) })
}

// makePartitions makes those that are missing, by the database's clock.
func (sh *shard) makePartitions(ctx context.Context, c *pgx.Conn) error {
	var now time.Time
	if err := c.QueryRow(ctx, "SELECT now()").Scan(&now); err != nil {
		return errorOf(err)
	}
	return errorOf(makePartitions(ctx, c, now))
}

// makePartitions makes the partitions that are missing around now.
func makePartitions(ctx context.Context, c *pgx.Conn, now time.Time) error {
	first := monthOf(now).from.AddDate(0, -monthsBack, 0)
	type partition struct {
		table string
		month
	}
	wanted := map[string]partition{}
	var names []string
	for n := range monthsBack + monthsAhead + 1 {
		m := monthOf(first.AddDate(0, n, 0))
		for _, table := range partitioned {
			names = append(names, m.name(table))
			wanted[m.name(table)] = partition{table, m}
		}
	}
	rows, err := c.Query(ctx, "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL", names)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range missing {
		if err := makePartition(ctx, c, wanted[name].table, wanted[name].month); err != nil {
			return fmt.Errorf("partition %s: %w", name, err)
		}
	}
	return err
}

// makePartition makes one, unless another process was first. Rows of the month that stand in the
// default partition move into it. Where the lock
// is not to be had in time it fails, to be tried again.
func makePartition(ctx context.Context, c *pgx.Conn, table string, m month) error {
	name := m.name(table)
	return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		from, to := bound(m.from), bound(m.to)
		for _, sql := range []string{
			`SELECT pg_advisory_xact_lock(7236105)`,
			`SET LOCAL lock_timeout = '2s'`,
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
