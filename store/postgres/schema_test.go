//go:build services

package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"florin/internal/pgtest"
	"florin/store/postgres"
)

// connect returns a connection to a shard's database.
func connect(t testing.TB, cfg postgres.Config, shard int) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), cfg.Shards[shard].DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.WithoutCancel(t.Context())) })
	return c
}

func exec(t testing.TB, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// userColumns are the tables that belong to users, and the column that says whose
// a row is.
var userColumns = map[string]string{
	"payments": "user_id", "attempts": "user_id", "captures": "user_id", "refunds": "user_id", "disputes": "user_id",
	"payment_methods": "user_id", "claims": "user_id", "accounts": "user_id", "ledger_transactions": "user_id",
	"events": "user_id", "holds": "user_id", "payouts": "user_id", "transfers": "from_user_id",
	"received_transfers": "to_user_id", "batches": "user_id", "batch_items": "user_id", "event_checkpoints": "user_id",
}

// TestSchemaRefusesOtherShards inserts a row of a user of another shard into each
// table of each shard: the database itself refuses it.
func TestSchemaRefusesOtherShards(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 4)
	for shard := range cfg.Shards {
		c := connect(t, cfg, shard)
		for table, column := range userColumns {
			for of := range cfg.Shards {
				err := insertRow(t, c, table, column, int64(400+of))
				switch refused, isRefused := err.(*pgconn.PgError); { //nolint:errorlint // as the driver gives it
				case of == shard && err != nil:
					t.Errorf("shard %d, %s: its own user: %v", shard, table, err)
				case of != shard && (!isRefused || refused.ConstraintName != "check_shard"):
					t.Errorf("shard %d, %s: a user of shard %d: %v", shard, table, of, err)
				}
			}
		}
	}
}

// insertRow inserts a row with something in every column.
func insertRow(t *testing.T, c *pgx.Conn, table, userColumn string, user int64) error {
	t.Helper()
	rows, err := c.Query(t.Context(), `SELECT column_name::text, data_type::text FROM information_schema.columns
		WHERE table_name = $1 AND table_schema = 'public'`, table)
	if err != nil {
		t.Fatal(err)
	}
	type column struct{ Name, Kind string }
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil || len(columns) == 0 {
		t.Fatalf("%s has no columns: %v", table, err)
	}
	values := map[string]string{
		"uuid": "gen_random_uuid()", "bigint": "(random() * 1e15)::bigint", "integer": "1", "text": "gen_random_uuid()::text",
		"boolean": "true", "bytea": "'x'", "jsonb": "'{}'", "timestamp with time zone": "now()", "numeric": "0",
	}
	var names, list []string
	for _, of := range columns {
		value := values[of.Kind]
		if of.Name == userColumn {
			value = fmt.Sprint(user)
		}
		names, list = append(names, of.Name), append(list, value)
	}
	_, err = c.Exec(t.Context(),
		"INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(list, ", ")+")")
	return err
}

// TestSchemaOfUsers finds every table with a user's column in the list above, and
// in the partitions.
func TestSchemaOfUsers(t *testing.T) {
	t.Parallel()
	c := connect(t, fresh(t, 4), 0)
	rows, err := c.Query(t.Context(), `SELECT DISTINCT table_name::text FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name LIKE '%user_id' AND table_name <> 'transactions'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < len(userColumns) {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		var has bool
		err := c.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_constraint
			WHERE conrelid = to_regclass($1) AND conname = 'check_shard' AND convalidated)`, table).Scan(&has)
		if err != nil || !has {
			t.Errorf("%s checks no shard: %v", table, err)
		}
		if _, known := userColumns[table]; !known && !strings.HasPrefix(table, "ledger_transactions_") {
			t.Errorf("%s is not in the list", table)
		}
	}
}

// TestSchemaView reads a transaction as a report does.
func TestSchemaView(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	c := connect(t, cfg, 0)
	const id, first, last = "019f0000-0000-7000-8000-000000000001", "019f0000-0000-7000-8000-000000000002",
		"019f0000-0000-7000-8000-000000000003"
	for currency, want := range map[string]string{"USD": "12.3400", "JPY": "1234.0000", "KWD": "1.2340", "CLF": "0.1234"} {
		exec(t, c, "DELETE FROM ledger_entries; DELETE FROM ledger_transactions; DELETE FROM accounts")
		exec(t, c, `INSERT INTO accounts (id, name, slot, currency) VALUES (1, 'a', 0, $1), (2, 'b', 0, $1)`, currency)
		exec(t, c, `INSERT INTO ledger_transactions (id, user_id, kind, first_entry, last_entry)
			VALUES ($1, 7, 'capture', $2, $3)`, id, first, last)
		exec(t, c, `INSERT INTO ledger_entries (id, transaction_id, account, amount, seq, balance)
			VALUES ($2, $1, 1, -1234, 1, 0), ($3, $1, 2, 1234, 1, 0)`, id, first, last)
		var user int64
		var amount, at string
		err := c.QueryRow(t.Context(), `SELECT user_id, amount::text, created_at::text FROM transactions
			WHERE transaction_id = $1`, id).Scan(&user, &amount, &at)
		if err != nil || user != 7 || amount != want || at != "2026-06-25 18:17:07.84" {
			t.Errorf("%s: %d, %s, %s, %v; want %s", currency, user, amount, at, err, want)
		}
	}
}

// TestPartitions puts rows into their months' partitions, and moves those that
// came before there was one.
func TestPartitions(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	c := connect(t, cfg, 0)
	rows, err := c.Query(t.Context(), `SELECT inhrelid::regclass::text FROM pg_inherits
		WHERE inhparent = 'ledger_entries'::regclass ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	before, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(before) != 6 || !slices.Contains(before, "ledger_entries_default") {
		t.Fatal(before, err)
	}
	month := before[0]
	exec(t, c, "DROP TABLE "+month)
	year, number, _ := strings.Cut(strings.TrimPrefix(month, "ledger_entries_"), "_")
	exec(t, c, `INSERT INTO ledger_entries (id, transaction_id, account, amount, seq, balance)
		SELECT (lpad(to_hex((extract(epoch FROM $1::timestamptz) * 1000)::bigint), 12, '0') || '70008000000000000001')::uuid,
			gen_random_uuid(), 5, 1, 1, 1`, year+"-"+number+"-15T00:00:00Z")
	place := func() (table string) {
		err := c.QueryRow(t.Context(), "SELECT tableoid::regclass::text FROM ledger_entries").Scan(&table)
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	if got := place(); got != "ledger_entries_default" {
		t.Errorf("a row without a month is in %s", got)
	}
	open(t, cfg)
	if got := place(); got != month {
		t.Errorf("it is in %s, want %s", got, month)
	}
	if err := pgtest.Run(cfg.Shards[0].DSN, "DELETE FROM "+month); err != nil {
		t.Error(err)
	}
}
