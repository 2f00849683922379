//go:build services

package postgres_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"florin/store/postgres"
)

var wholeTable = regexp.MustCompile(`Seq Scan on \w+|Hash Join|Merge Join`)

// TestWritingPlans: no statement of the writing side reads a whole table, however
// few rows there were when it was planned.
func TestWritingPlans(t *testing.T) {
	t.Parallel()
	c := connect(t, fresh(t, 1), 0)
	for _, name := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin"} {
		exec(t, c, "SET "+name+" = off")
	}
	exec(t, c, "SET plan_cache_mode = force_generic_plan")
	planned := 0
	for _, s := range postgres.Statements() {
		verb, _, _ := strings.Cut(s.SQL, " ")
		if verb == "BEGIN" || verb == "COMMIT" {
			continue
		}
		plan := planOf(t, c, s)
		if found := wholeTable.FindString(plan); found != "" {
			t.Errorf("%s:\n%s\n%s", found, s.SQL, plan)
		}
		planned++
	}
	if planned < 30 {
		t.Errorf("%d statements only", planned)
	}
}

func planOf(t *testing.T, c *pgx.Conn, s postgres.Statement) string {
	t.Helper()
	var kinds, nulls []string
	for _, oid := range s.OIDs {
		var kind string
		if err := c.QueryRow(t.Context(), "SELECT format_type($1, NULL)", oid).Scan(&kind); err != nil {
			t.Fatal(err)
		}
		kinds, nulls = append(kinds, kind), append(nulls, "NULL")
	}
	types, args := "", ""
	if len(kinds) > 0 {
		types, args = " ("+strings.Join(kinds, ", ")+")", "("+strings.Join(nulls, ", ")+")"
	}
	exec(t, c, "PREPARE one"+types+" AS "+s.SQL, pgx.QueryExecModeSimpleProtocol)
	defer exec(t, c, "DEALLOCATE one", pgx.QueryExecModeSimpleProtocol)
	rows, err := c.Query(t.Context(), "EXPLAIN EXECUTE one"+args, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", s.SQL, err)
	}
	return strings.Join(lines, "\n")
}
