package sqlite_test

import (
	"strings"
	"testing"

	"florin/store/sqlite"
)

// TestPlans holds what reads the ledger against the indexes that it must use:
// nothing may read a table from its beginning, or sort a whole history.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := open(t, sqlite.Config{})
	for name, want := range map[string]string{
		"accounts":      "sqlite_autoindex_account_names_1 (name>? AND name<?)",
		"slots":         "sqlite_autoindex_account_names_1 (name=?)",
		"balance older": "ledger_entries_account (generation=? AND account=? AND rowid<?)",
		"entries older": "ledger_entries_account (generation=? AND account=? AND rowid<?)",
		"entries newer": "ledger_entries_account (generation=? AND account=? AND rowid>?)",
		"crowded older": "INTEGER PRIMARY KEY (rowid<?)",
		"crowded newer": "INTEGER PRIMARY KEY (rowid>?)",
		"all older":     "INTEGER PRIMARY KEY (rowid<?)",
		"all newer":     "INTEGER PRIMARY KEY (rowid>?)",
		"due holds":     "holds_due (expires_at<?)",
	} {
		plan, err := s.Plan(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "\n")
		if !strings.Contains(text, want) || strings.Contains(text, "SCAN") ||
			strings.Contains(text, "USE TEMP B-TREE FOR ORDER BY") {
			t.Errorf("%s:\n%s\nwant %s", name, text, want)
		}
	}
}
