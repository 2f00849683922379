package postgres

import (
	"context"

	"florin/event"
	"florin/ident"
)

// settled bounds what a feed may show: the oldest Tx that is still running, and
// whatever began after it, may yet write an event before one that is there.
const settled = `position < (SELECT (base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint) << 21 FROM meta)`

const (
	selectEventsAfter = `SELECT ` + eventColumns + ` FROM events WHERE position > $1 AND ` + settled +
		` ORDER BY position LIMIT $2`
	selectLatestEvents = `SELECT ` + eventColumns + ` FROM events WHERE ` + settled + ` ORDER BY position DESC LIMIT $1`
	// An object's versions are written one after the other, so that none can be
	// skipped: all are shown, at once.
	selectEventsOf = `SELECT ` + eventColumns + ` FROM events WHERE object = $1 ORDER BY version`
)

// Events lists a shard's events behind a position, oldest first.
func (s *Store) Events(ctx context.Context, shard int, after event.Position, limit int) ([]event.Stored, error) {
	return readAll(ctx, s.shards[shard], (*row).event, selectEventsAfter, int64(after), int64(limit))
}

// LatestEvents lists a shard's newest events, newest first.
func (s *Store) LatestEvents(ctx context.Context, shard, limit int) ([]event.Stored, error) {
	return readAll(ctx, s.shards[shard], (*row).event, selectLatestEvents, int64(limit))
}

// EventsOf lists an object's events, by version.
func (s *Store) EventsOf(ctx context.Context, object ident.ID) ([]event.Stored, error) {
	return readAll(ctx, s.of(object), (*row).event, selectEventsOf, object)
}
