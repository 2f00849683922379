package sqlite

import "context"

// ledgerQueries are the statements that read the ledger, by name.
var ledgerQueries = map[string]query{
	"accounts": selectAccounts, "slots": selectSlots, "balance older": balanceOlder, "entries older": entriesOlder,
	"entries newer": entriesNewer, "crowded older": crowdedOlder, "crowded newer": crowdedNewer,
	"all older": allOlder, "all newer": allNewer, "due holds": dueHolds,
}

// Plan tells how SQLite runs a statement.
func (s *Store) Plan(ctx context.Context, name string) (plan []string, err error) {
	err = s.shards[0].read(ctx, func(c *conn) error {
		q, err := c.prepare("EXPLAIN QUERY PLAN " + queries[ledgerQueries[name]])
		if err != nil {
			return err
		}
		defer q.close()
		return q.each(func(q *stmt) error {
			q.int()
			q.int()
			q.int()
			plan = append(plan, q.text())
			return nil
		})
	})
	return plan, err
}
