package sqlite

import (
	"context"

	"florin/event"
	"florin/ident"
)

const eventColumns = `position, id, id_low, type, kind, object, object_low, version, user_id, data`

var (
	insertEvents = defineInsert("events", eventColumns)
	eventsAfter  = define(`SELECT ` + eventColumns + ` FROM events WHERE position > ? ORDER BY position LIMIT ?`)
	eventsOf     = define(`SELECT ` + eventColumns + ` FROM events WHERE object = ? AND object_low = ? ORDER BY version`)
	latestEvents = define(`SELECT ` + eventColumns + ` FROM events ORDER BY position DESC LIMIT ?`)
)

// writeEvents numbers the events in their order: there is one writer, so that
// the numbers ascend in commit order.
func (t *tx) writeEvents(events []event.Event) error {
	return t.sh.writer.insert(insertEvents, len(events), func(s *stmt, i int) error {
		e := &events[i]
		t.counters.position++
		s.bindInt(t.counters.position)
		s.bindID(e.ID)
		s.bindText(string(e.Type))
		s.bindText(string(e.Kind))
		s.bindID(e.Object)
		s.bindInt(e.Version)
		s.bindInt(e.UserID)
		s.bindBytes(e.Data)
		return nil
	})
}

// event reads a row of eventColumns.
func (s *stmt) event() (e event.Stored, err error) {
	e.Position, e.ID = event.Position(s.int()), s.id()
	e.Type, e.Kind = event.Type(s.text()), ident.Kind(s.text())
	e.Object, e.Version, e.UserID = s.id(), s.int(), s.int()
	e.Data = s.bytes()
	return e, nil
}

// Events lists a shard's events behind a position, oldest first.
func (s *Store) Events(ctx context.Context, shard int, after event.Position, limit int) ([]event.Stored, error) {
	return s.events(ctx, shard, eventsAfter, int64(after), int64(limit))
}

// EventsOf lists an object's events, by version.
func (s *Store) EventsOf(ctx context.Context, object ident.ID) ([]event.Stored, error) {
	return s.events(ctx, object.Shard(len(s.shards)), eventsOf, object.High(), object.Low())
}

// LatestEvents lists a shard's newest events, newest first.
func (s *Store) LatestEvents(ctx context.Context, shard, limit int) ([]event.Stored, error) {
	return s.events(ctx, shard, latestEvents, int64(limit))
}

func (s *Store) events(ctx context.Context, shard int, q query, args ...int64) (events []event.Stored, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		rows, err := c.query(q)
		if err != nil {
			return err
		}
		for _, arg := range args {
			rows.bindInt(arg)
		}
		events, err = collect(rows, nil, (*stmt).event)
		return err
	})
	return events, err
}
