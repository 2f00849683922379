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
		kind := "unknown" // of rows, whose type the statement says
		if oid == 0 {
			kinds, nulls = append(kinds, kind), append(nulls, "NULL")
			continue
		}
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

// TestRowTypes: the schema has a type for each statement's rows, and no other.
func TestRowTypes(t *testing.T) {
	t.Parallel()
	c := connect(t, fresh(t, 1), 0)
	rows, err := c.Query(t.Context(), `SELECT t.typname::text,
			string_agg(a.attname || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attnum)
		FROM pg_type AS t JOIN pg_class AS r ON r.oid = t.typrelid AND r.relkind = 'c'
			JOIN pg_attribute AS a ON a.attrelid = r.oid
		WHERE t.typnamespace = 'public'::regnamespace GROUP BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	type rowType struct{ Name, Columns string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[rowType])
	if err != nil {
		t.Fatal(err)
	}
	want := postgres.RowTypes()
	for _, found := range list {
		if found.Columns != want[found.Name] {
			t.Errorf("%s is (%s), not (%s)", found.Name, found.Columns, want[found.Name])
		}
		delete(want, found.Name)
	}
	if len(list) < 30 || len(want) > 0 {
		t.Errorf("%d types; missing: %v", len(list), want)
	}
}
