//go:build services

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/internal/config"
	"florin/internal/pgtest"
)

// databaseOf returns the name of a shard's database in a configuration.
func databaseOf(t *testing.T, file string, shard int) string {
	t.Helper()
	cfg, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := pgx.ParseConfig(cfg.Databases[shard].DSN)
	if err != nil {
		t.Fatal(err)
	}
	return dsn.Database
}

// refuseRows makes a shard's database answer what is written into a table with an
// error, at once or, for the groups, at the COMMIT.
func refuseRows(state, message string) map[string]string {
	const function = `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN RAISE EXCEPTION USING ERRCODE = '%s', MESSAGE = '%s'; END$$;`
	triggers := map[string]string{"commits": `CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON commits
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`}
	for _, table := range []string{"payments", "attempts", "claims", "events", "ledger_entries", "ledger_transactions"} {
		triggers[table] = "CREATE TRIGGER refuse BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION refuse()"
	}
	for table, trigger := range triggers {
		triggers[table] = fmt.Sprintf(function, state, message) + trigger
	}
	return triggers
}

// TestNoRoom: a shard whose disk is full, or whose statements take too long, fails
// each request with a clear problem and does nothing by halves, wherever in a Tx it
// happens; then it goes on as if nothing had been.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	c := newClusterOn(t, server, 1)
	const user = 5
	own := server.Of(databaseOf(t, c.file, user%4))
	c.fund(user, 10_000)
	n := 0
	for _, state := range []string{"53100", "57014", "53200"} {
		for table, trigger := range refuseRows(state, "could not extend file: No space left on device") {
			n++
			if err := pgtest.Run(own, trigger); err != nil {
				t.Fatal(err)
			}
			paid := c.call(0, http.MethodPost, "/api/v1/payments", payment(user, 700, ""), fmt.Sprint("full ", n))
			adjusted := c.post(0, fmt.Sprintf("/wallets/%d/adjustments", user),
				fmt.Sprintf(`{"amount":-1,"currency":"USD","transaction_id":"t%d","reason":"test"}`, n))
			if err := pgtest.Run(own, "DROP TRIGGER refuse ON "+table); err != nil {
				t.Fatal(err)
			}
			// A payment whose second Tx fails is charged: its outcome is told later.
			begun := strings.HasPrefix(table, "ledger_")
			if begun && paid.status != http.StatusAccepted || !begun && !isUnavailable(paid) {
				t.Errorf("%s into %s: a payment is answered %d, Retry-After %q: %s", state, table, paid.status, paid.retry,
					paid.body)
			}
			if (table != "payments" && table != "attempts") != isUnavailable(adjusted) {
				t.Errorf("%s into %s: an adjustment is answered %d: %s", state, table, adjusted.status, adjusted.body)
			}
			// Whether that was told nobody could note: until the charge's deadline it counts as under way.
			again := c.call(0, http.MethodPost, "/api/v1/payments", payment(user, 700, ""), fmt.Sprint("full ", n))
			if begun && again.status != http.StatusConflict || !begun && again.status != http.StatusCreated {
				t.Errorf("%s into %s: repeated it is answered %d: %s", state, table, again.status, again.body)
			}
		}
	}
	c.await("the outcome of all payments", func() bool { return c.audit().Open.Attempts == 0 })
	if report := c.audit(); report.Totals.Payments != int64(n) {
		t.Errorf("of %d there are %+v", n, report.Totals)
	}
}

func isUnavailable(a answer) bool {
	return a.status == http.StatusServiceUnavailable && a.retry != "" && strings.Contains(a.body, `"detail":"the store `)
}

// TestNoConnections: while others hold all connections of a shard's server, Florin
// goes on with those that it has; without any it says so at once.
func TestNoConnections(t *testing.T) {
	t.Parallel()
	c, server := newClusterWithout(t, "max_connections=9")
	const user = 7
	c.must(http.StatusCreated, c.asked(user, 0))
	holders := hold(t, server)
	for i, a := range together(60, func(i int) answer { return c.asked(user, 6*i) }) {
		if a.status != http.StatusCreated {
			t.Errorf("request %d is answered %d, %v: %s", i, a.status, a.err, a.body)
		}
	}
	// Now Florin's own are taken from it, too, as often as it has come before the others.
	for left := 1; left > 0; {
		if _, err := holders[0].Exec(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
			WHERE application_name = 'payment_service'`); err != nil {
			t.Fatal(err)
		}
		holders = append(holders, hold(t, server)...)
		if err := holders[0].QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE application_name = 'payment_service'`).Scan(&left); err != nil {
			t.Fatal(err)
		}
	}
	for i, a := range together(12, func(i int) answer { return c.asked(user, i) }) {
		if a.status != http.StatusServiceUnavailable || a.retry == "" || a.took > 3*time.Second {
			t.Errorf("without a connection request %d is answered %d, %v, after %s: %s", i, a.status, a.err, a.took, a.body)
		}
	}
	c.must(http.StatusCreated, c.asked(ofShard(1, 1), 0))
	for _, holder := range holders {
		_ = holder.Close(t.Context())
	}
	c.await("a payment", func() bool { return c.asked(user, 0).status == http.StatusCreated })
	c.audit()
}

// hold takes all connections that a server has left.
func hold(t *testing.T, server *pgtest.Server) (all []*pgx.Conn) {
	t.Helper()
	for {
		c, err := pgx.Connect(t.Context(), server.DSN)
		if err != nil {
			return all
		}
		t.Cleanup(func() { _ = c.Close(t.Context()) })
		all = append(all, c)
	}
}
