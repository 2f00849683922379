package postgres

import (
	"florin/event"
	"florin/ident"
)

// eventColumns are what (*row).event reads.
const eventColumns = `position, id, type, kind, object, version, user_id, data`

// event reads a row of eventColumns.
func (r *row) event() (e event.Stored) {
	e.Position, e.ID = event.Position(r.int()), r.id()
	e.Type, e.Kind = event.Type(r.text()), ident.Kind(r.text())
	e.Object, e.Version, e.UserID = r.id(), r.int(), r.int()
	e.Data = r.bytes()
	return e
}
