package postgres

import (
	"context"

	"florin/event"
	"florin/ident"
	"florin/store"
)

const (
	// selectSettled returns the position that a feed may show events below. A Tx that
	// runs, or is still to begin, writes its events at its own number's positions,
	// which may be before some that are there. Txs of the server's other databases
	// write none here, nor does one that closes a month. ended tells that a Tx ended while it was looked for, so that
	// the answer is lower than it need be. A standby does not know whose a Tx is.
	selectSettled = `WITH now AS MATERIALIZED (SELECT pg_current_snapshot() AS s),
		running AS (
			SELECT t.number, a.datid IS NULL AS ended
			FROM (SELECT x::text::bigint AS number FROM now, pg_snapshot_xip(now.s) AS x) AS t
				LEFT JOIN pg_stat_activity AS a ON a.backend_xid::text::bigint = t.number & 4294967295
			WHERE a.datid IS NULL OR a.datname = current_database() AND a.application_name <> '` + closingName + `'
		)
		SELECT (base + CASE WHEN pg_is_in_recovery() THEN pg_snapshot_xmin(now.s)::text::bigint
				ELSE coalesce((SELECT min(number) FROM running), pg_snapshot_xmax(now.s)::text::bigint) END) << 21,
			EXISTS (SELECT 1 FROM running WHERE ended) AND NOT pg_is_in_recovery()
		FROM meta, now`
	selectEventsAfter = `SELECT ` + eventColumns + ` FROM events WHERE position > $1 AND position < $2
		ORDER BY position LIMIT $3`
	selectLatestEvents = `SELECT ` + eventColumns + ` FROM events WHERE position < $1 ORDER BY position DESC LIMIT $2`
	// An object's versions are written one after the other, so that none can be
	// skipped: all are shown, at once.
	selectEventsOf = `SELECT ` + eventColumns + ` FROM events WHERE object = $1 ORDER BY version`
)

// settlingTries bounds how often it is asked anew which Txs run.
const settlingTries = 4

// settledPosition is what selectSettled returns.
type settledPosition struct {
	position int64
	ended    bool
}

func (r *row) settledPosition() settledPosition { return settledPosition{r.int(), r.bool()} }

// settled returns the position that a feed may show events below.
func (c *reader) settled(ctx context.Context) (int64, error) {
	var last settledPosition
	for range settlingTries {
		var err error
		if last, err = one(ctx, c, (*row).settledPosition, selectSettled); err != nil || !last.ended {
			return last.position, err
		}
	}
	return last.position, nil
}

// Events lists a shard's events behind a position, oldest first: the primary's,
// since who follows a feed wants what is new.
func (s *Store) Events(
	ctx context.Context, shard int, after event.Position, limit int,
) (events []event.Stored, err error) {
	err = s.shards[shard].read(store.Fresh(ctx), func(c *reader) error {
		below, err := c.settled(ctx)
		if err != nil {
			return err
		}
		events, err = all(ctx, c, (*row).event, selectEventsAfter, int64(after), below, int64(limit))
		return err
	})
	return events, err
}

// LatestEvents lists a shard's newest events, newest first.
func (s *Store) LatestEvents(ctx context.Context, shard, limit int) (events []event.Stored, err error) {
	err = s.shards[shard].read(ctx, func(c *reader) error {
		below, err := c.settled(ctx)
		if err != nil {
			return err
		}
		events, err = all(ctx, c, (*row).event, selectLatestEvents, below, int64(limit))
		return err
	})
	return events, err
}

// EventsOf lists an object's events, by version.
func (s *Store) EventsOf(ctx context.Context, object ident.ID) ([]event.Stored, error) {
	return readAll(ctx, s.of(object), (*row).event, selectEventsOf, object)
}
