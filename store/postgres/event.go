package postgres

import (
	"fmt"

	"florin/event"
	"florin/ident"
	"florin/store"
)

// eventColumns are what (*row).event reads.
const eventColumns = `position, id, type, kind, object, version, user_id, data`

// positionBits are those of a position that number the rows of a Tx.
const positionBits = 21

var (
	newEvent = shapeOf("events_insert",
		"id uuid, type text, kind text, object uuid, version int8, user_id int8, data text")
	// The Tx's number is given before it has all its locks. One that has overtaken
	// it, and written an earlier version of an object, has the later position: then
	// this one begins again.
	insertEvents = defineRows(newEvent, `INSERT INTO events (position, `+newEvent.list("")+`)
		SELECT CASE WHEN v.version > 1 AND EXISTS (SELECT FROM events AS e
				WHERE e.object = v.object AND e.version = v.version - 1 AND e.position >= t.first + (1 << 21))
			THEN overtaken() ELSE t.first + v.place END, `+newEvent.values()+`
		FROM `+numbered(newEvent)+`,
			(SELECT (base + pg_current_xact_id()::text::bigint) << 21 AS first FROM meta WHERE id = 1) AS t`)
)

// event reads a row of eventColumns.
func (r *row) event() (e event.Stored) {
	e.Position, e.ID = event.Position(r.int()), r.id()
	e.Type, e.Kind = event.Type(r.text()), ident.Kind(r.text())
	e.Object, e.Version, e.UserID = r.id(), r.int(), r.int()
	e.Data = r.bytes()
	return e
}

// writeEvents inserts events in their order.
func (t *tx) writeEvents(events []event.Event) error {
	switch {
	case len(events) == 0:
		return nil
	case len(events) >= 1<<positionBits:
		return fmt.Errorf("%w: %d events at once", store.ErrRefused, len(events))
	}
	rows := newColumns(newEvent, len(events))
	for i := range events {
		rows.event(&events[i])
		rows.end()
	}
	t.writes.insert(writing{insertEvents, newEvent}, rows)
	return nil
}

func (c *columns) event(e *event.Event) {
	c.id(e.ID)
	c.text(string(e.Type))
	c.text(string(e.Kind))
	c.id(e.Object)
	c.int(e.Version)
	c.int(e.UserID)
	c.bytes(e.Data)
}
