//go:build services

package postgres_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/ident"
	"florin/internal/pgtest"
	"florin/ledger"
	"florin/store"
	"florin/store/postgres"
)

// TestPlansOverClosedMonths fills two months of long ago, closes the first, and
// holds queries to the second.
func TestPlansOverClosedMonths(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	old := slices.Clone(filling)
	old[0] = strings.Replace(old[0], "interval '10 days'", "interval '3 months' - interval '10 days'", 1)
	s.Fill(t, 0, old...)
	s.Fill(t, 0, `UPDATE attempts SET inquire_at = NULL, expires_at = NULL`, `UPDATE transfers SET status = 'succeeded'`)
	ctx, now := t.Context(), time.Now().UTC()
	kept := time.Date(now.Year(), now.Month()-3, 1, 0, 0, 0, 0, time.UTC)
	closed := kept.AddDate(0, -1, 0)
	if made, err := s.MakePartitions(ctx, 0); err != nil || made != 4 {
		t.Fatal(made, err)
	}
	if made, err := s.MakePartitions(ctx, 0); err != nil || made != 0 {
		t.Fatal(made, err)
	}
	if got, err := s.CloseMonth(ctx, 0, 3); err != nil || got.Closed() || !strings.Contains(got.Waits, "18 holds") {
		t.Fatalf("with open holds: %+v, %v", got, err)
	}
	s.Fill(t, 0, `UPDATE holds SET status = 'released'`)
	got, err := s.CloseMonth(ctx, 0, 3)
	if err != nil || got.Month != closed.Format("2006-01") || !got.Closed() || got.Entries != 2*got.Transactions ||
		got.Accounts != 51 || got.Objects == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if again, err := s.CloseMonth(ctx, 0, 3); err != nil || again.Month != "" {
		t.Fatalf("closed again: %+v, %v", again, err)
	}
	if made, err := s.MakePartitions(ctx, 0); err != nil || made != 0 {
		t.Fatalf("a closed month came back: %d, %v", made, err)
	}
	s.Fill(t, 0, "ANALYZE")
	months := []string{kept.Format("_2006_01")}
	from, to := ident.First(kept.AddDate(0, 0, -5)), ident.First(kept.AddDate(0, 0, 5))
	for name, sql := range map[string]string{
		"by time": `SELECT count(*) FROM ledger_transactions WHERE id >= $1 AND id < $2`,
		"entries": `SELECT sum(amount) FROM ledger_entries WHERE id >= $1 AND id < $2`,
		"view":    `SELECT sum(amount) FROM transactions WHERE transaction_id >= $1 AND transaction_id < $2`,
	} {
		checkPlan(t, s.Explain(t, 0, sql, [16]byte(from), [16]byte(to)), append(months, "_default"))
		if plan := s.Explain(t, 0, sql, [16]byte(from), [16]byte(to)); strings.Contains(plan, closed.Format("_2006_01")) {
			t.Errorf("%s reads the month that was closed:\n%s", name, plan)
		}
	}
	for _, account := range []ledger.Name{ledger.Wallet(7), ledger.Sales} {
		for _, plan := range s.Plans(t, 0, func() {
			if _, err = s.BalanceAt(ctx, 0, account, "EUR", kept.Add(time.Hour)); err != nil {
				t.Error(err)
			}
			_, err = s.Entries(ctx, 0, store.EntryQuery{
				Page: store.Page{Limit: 100}, Name: account, Currency: "EUR",
			})
		}) {
			if err != nil || strings.Contains(plan, closed.Format("_2006_01")) {
				t.Errorf("%s: %v\n%s", account, err, plan)
			}
		}
		var early *store.ClosedError
		_, err := s.BalanceAt(ctx, 0, account, "EUR", kept.Add(-time.Hour))
		if !errors.As(err, &early) || !early.Before.Equal(kept) {
			t.Errorf("%s before: %v", account, err)
		}
	}
	// The checkpoint is what an account had at the end of the month.
	at, err := s.BalanceAt(ctx, 0, ledger.Sales, "EUR", kept.Add(-time.Millisecond))
	if want := -got.Transactions; err != nil || at.String() != strconv.FormatInt(want, 10) {
		t.Errorf("at the end %s, want %d; %v", at, want, err)
	}
}

// TestCloseMonthThatDoesNotAddUp leaves a month whose books are wrong.
func TestCloseMonthThatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	old := slices.Clone(filling)
	old[0] = strings.Replace(old[0], "interval '10 days'", "interval '3 months' - interval '10 days'", 1)
	s.Fill(t, 0, old...)
	s.Fill(t, 0, `UPDATE attempts SET inquire_at = NULL, expires_at = NULL`, `UPDATE transfers SET status = 'succeeded'`,
		`UPDATE holds SET status = 'released'`,
		`UPDATE ledger_entries SET amount = 2 WHERE id = (SELECT min(id::text)::uuid FROM ledger_entries WHERE amount = 1)`)
	if _, err := s.MakePartitions(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got, err := s.CloseMonth(t.Context(), 0, 1); !errors.Is(err, store.ErrRefused) || got.Closed() && err == nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.CloseMonth(t.Context(), 0, 0); err == nil {
		t.Error("the present month may be closed")
	}
}

// TestCloseMonthWaitsForReaders gives up for now where somebody reads the ledger
// for long, and leaves everything as it was.
func TestCloseMonthWaitsForReaders(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	s := open(t, cfg)
	c := connect(t, cfg, 0)
	exec(t, c, `INSERT INTO ledger_entries_default (id, transaction_id, account, amount, seq, balance)
		VALUES ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002', 5, 0, 1, 0)`)
	exec(t, c, `INSERT INTO accounts (id, name, slot, currency) VALUES (5, 'bank', 0, 'EUR')`)
	if made, err := s.MakePartitions(t.Context(), 0); err != nil || made != 2 {
		t.Fatal(made, err)
	}
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT * FROM ledger_entries"); err != nil {
		t.Fatal(err)
	}
	got, err := s.CloseMonth(t.Context(), 0, 1)
	if err != nil || got.Closed() || !strings.Contains(got.Waits, "reading the ledger") {
		t.Errorf("%+v, %v", got, err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err = s.CloseMonth(t.Context(), 0, 1); err != nil || !got.Closed() || got.Month != "2024-06" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := postgres.Migrate(t.Context(), cfg); err != nil {
		t.Errorf("with a closed month: %v", err)
	}
}

// TestMigrateMonths brings a store that holds data to the schema with months.
func TestMigrateMonths(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	err := pgtest.Run(cfg.Shards[0].DSN, `
		DROP TABLE closings, account_checkpoints, early_entries, event_checkpoints, filling, filled;
		DO $$ DECLARE name text; BEGIN
			FOR name IN SELECT relname FROM pg_class WHERE relkind = 'c' AND relnamespace = 'public'::regnamespace LOOP
				EXECUTE 'DROP TYPE ' || name;
			END LOOP;
		END $$;
		DELETE FROM goose_db_version WHERE version_id >= 2`)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, cfg, 0)
	for _, sql := range filling {
		exec(t, c, sql)
	}
	if _, err := postgres.Open(t.Context(), cfg); !errors.Is(err, postgres.ErrSchema) {
		t.Errorf("an old schema: %v", err)
	}
	before, err := postgres.Migrate(t.Context(), cfg)
	if err != nil || before[0].Version != 1 {
		t.Fatal(before, err)
	}
	s := open(t, cfg)
	entries, err := s.Entries(t.Context(), 0, store.EntryQuery{
		Page: store.Page{Limit: 10}, Name: ledger.Wallet(7), Currency: "EUR",
	})
	if err != nil || len(entries) != 10 {
		t.Error(len(entries), err)
	}
}

// TestRequiredColumns holds the view and the constraint to what is required:
// transaction_id UUID, the primary key, user_id BIGINT, amount DECIMAL,
// created_at TIMESTAMP, and CHECK (user_id % 4 = k).
func TestRequiredColumns(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 4)
	for shard := range cfg.Shards {
		c := connect(t, cfg, shard)
		rows, err := c.Query(t.Context(), `SELECT column_name || ' ' || data_type FROM information_schema.columns
			WHERE table_name = 'transactions' AND table_schema = 'public' ORDER BY ordinal_position`)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
		want := []string{
			"transaction_id uuid", "user_id bigint", "amount numeric", "created_at timestamp without time zone",
		}
		if err != nil || !slices.Equal(columns, want) {
			t.Errorf("the view has %q, want %q; %v", columns, want, err)
		}
		var check, key string
		err = c.QueryRow(t.Context(), `SELECT
			(SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'check_shard' AND conrelid = t),
			(SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid = t)
			FROM (SELECT 'ledger_transactions'::regclass AS t) AS v`).Scan(&check, &key)
		if err != nil || check != "CHECK (((user_id % (4)::bigint) = "+strconv.Itoa(shard)+"))" ||
			key != "PRIMARY KEY (id)" {
			t.Errorf("shard %d: %s, %s; %v", shard, check, key, err)
		}
	}
}
