//go:build services

package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Plans runs f with the queries of a shard's readers watched, and returns how the
// server runs each of them again, without what it leaves out while it does.
func (s *Store) Plans(t *testing.T, shard int, f func()) []string {
	t.Helper()
	sh := s.shards[shard]
	cfg := sh.readers.Config()
	w := &watcher{}
	cfg.ConnConfig.Tracer = w
	watched, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	plain := sh.readers
	sh.readers = watched
	f()
	sh.readers = plain
	watched.Close()
	var plans []string
	for _, q := range w.seen {
		plans = append(plans, s.Explain(t, shard, q.sql, q.args...))
	}
	return plans
}

// Explain runs a query and returns how the server did that.
func (s *Store) Explain(t *testing.T, shard int, sql string, args ...any) string {
	t.Helper()
	rows, err := s.shards[shard].readers.Query(t.Context(),
		"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "+sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, "never executed") })
	return strings.Join(lines, "\n")
}

// PaymentQueries are those that read a payment with its children, by its id.
func PaymentQueries() (queries []string) {
	for _, s := range []*statement{readPayment, readAttempts, readCaptures, readRefunds, readDisputes} {
		queries = append(queries, s.sql)
	}
	return queries
}

// Fill runs statements that put rows into a shard.
func (s *Store) Fill(t *testing.T, shard int, statements ...string) {
	t.Helper()
	err := s.shards[shard].lend(t.Context(), s.shards[shard].writers, func(c *conn) error {
		for _, sql := range statements {
			if _, err := c.Exec(t.Context(), sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// watcher remembers queries with their arguments, but not those that open and end
// a Tx or greet a server.
type watcher struct {
	mu   sync.Mutex
	seen []watchedQuery
}

type watchedQuery struct {
	sql  string
	args []any
}

func (w *watcher) TraceQueryStart(
	ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData,
) context.Context {
	sql := strings.TrimSpace(data.SQL)
	if !strings.HasPrefix(sql, "SELECT") && !strings.HasPrefix(sql, "WITH") || sql == selectMeta {
		return ctx
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	args := slices.DeleteFunc(slices.Clone(data.Args), func(arg any) bool {
		_, option := arg.(pgx.QueryResultFormats)
		return option
	})
	w.seen = append(w.seen, watchedQuery{sql, args})
	return ctx
}

func (w *watcher) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
