package api

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"

	"florin/event"
	"florin/ident"
)

// Event is an event as JSON tells it.
type Event struct {
	ID        string          `json:"id" example:"evt_0192f3a4b5c67d008123456789abcdef"`
	Object    string          `json:"object" enum:"event"`
	Type      string          `json:"type" example:"payment.succeeded"`
	UserID    int64           `json:"user_id" example:"42"`
	Subject   string          `json:"subject" doc:"The id of what it is about."`
	Version   int64           `json:"version" doc:"Of that object, from 1; each has one event."`
	Data      json.RawMessage `json:"data" doc:"The object as it was then: ids, words and amounts."`
	Livemode  bool            `json:"livemode"`
	CreatedAt string          `json:"created_at" format:"date-time"`
}

// EventList is a page of events.
type EventList struct {
	List[Event]
	Next string `json:"next" doc:"Send it as after to read on, now or later: of the latest page, what comes from now on."`
}

func (a *API) event(e event.Stored) Event {
	return Event{
		ID: e.ID.Text(ident.Event), Object: "event", Type: string(e.Type), UserID: e.UserID,
		Subject: e.Object.Text(e.Kind), Version: e.Version, Data: e.Data, Livemode: a.live(),
		CreatedAt: timeText(e.At()),
	}
}

// listEvents answers GET /api/v1/events: behind a cursor or from the beginning,
// oldest first; without one the latest page, newest first.
func (c *call) listEvents() error {
	q := c.query()
	limit := q.limit()
	text, given := q.take("after")
	var after []event.Position
	if given {
		var ok bool
		if after, ok = parseAfter(text, c.api.cfg.Shards); !ok {
			q.invalid("after", noCursor)
		}
	}
	if err := q.finish(); err != nil {
		return err
	}
	var events []event.Stored
	var err error
	if given {
		events, _, err = c.api.cfg.Flows.Events(c.r.Context(), after, limit+1)
	} else {
		events, after, err = c.api.cfg.Flows.LatestEvents(c.r.Context(), limit+1)
	}
	if err != nil {
		return err
	}
	more := given && len(events) > limit // behind next there is nothing newer than the latest page
	events = events[:min(len(events), limit)]
	if given {
		for _, e := range events {
			after[e.ID.Shard(len(after))] = e.Position
		}
	}
	return c.object(http.StatusOK, EventList{listOf(events, more, c.api.event), cursor(after)})
}

// cursorVersion begins every cursor.
const cursorVersion = 1

// cursor writes a position a shard, opaquely.
func cursor(positions []event.Position) string {
	text := []byte{cursorVersion}
	for _, p := range positions {
		text = binary.AppendUvarint(text, uint64(p))
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// startCursor is the cursor before the first event; so is an empty one.
const startCursor = "start"

// noCursor is what is wrong with any other text.
const noCursor = "is not a cursor of this store; " + startCursor + " reads from the beginning"

// parseAfter reads a cursor as a caller sends it.
func parseAfter(text string, shards int) ([]event.Position, bool) {
	if text == "" || text == startCursor {
		return make([]event.Position, shards), true
	}
	return parseCursor(text, shards)
}

// parseCursor reads what cursor wrote, for a store of that many shards.
func parseCursor(text string, shards int) ([]event.Position, bool) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(data) == 0 || data[0] != cursorVersion {
		return nil, false
	}
	data = data[1:]
	positions := make([]event.Position, shards)
	for i := range positions {
		p, n := binary.Uvarint(data)
		if n <= 0 || p > math.MaxInt64 {
			return nil, false
		}
		positions[i], data = event.Position(p), data[n:]
	}
	return positions, len(data) == 0
}
