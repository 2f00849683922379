package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"florin/event"
	"florin/problem"
)

const (
	// lastEventHeader is what a browser that reconnects sends.
	lastEventHeader = "Last-Event-ID"
	// streamPage is how many events are written at a time.
	streamPage = 100
	// streamPatience is how long a reader may take nothing until it is cut off: a
	// slow one holds a position, not memory.
	streamPatience = 30 * time.Second
	// streamRetry is what a client that lost its stream is told to wait.
	streamRetry = "retry: 1000\n"
)

var (
	eventStream = []string{"text/event-stream"}
	noBuffering = []string{"no"} // for proxies
	eventTypes  = regexp.MustCompile(`^[a-z_]+\.[a-z_]+(,[a-z_]+\.[a-z_]+)*$`)
)

// stream is one reader of the feed.
type stream struct {
	call    *call
	control *http.ResponseController
	after   []event.Position
	types   []string // none: all
	userID  int64    // 0: all
	told    string   // the cursor that the reader has
	wroteAt time.Time
}

// streamEvents answers GET /api/v1/events/stream.
func (c *call) streamEvents() error {
	s, err := c.newStream()
	if err != nil {
		return err
	}
	if c.api.draining.Load() {
		return problem.New(problem.Unavailable, "the process is shutting down").After(time.Second)
	}
	if c.api.streams.Add(1) > int64(c.api.cfg.MaxStreams) {
		c.api.streams.Add(-1)
		return problem.New(problem.Overloaded, "%d streams are open already", c.api.cfg.MaxStreams).After(time.Second)
	}
	defer c.api.streams.Add(-1)
	defer c.api.cfg.Feed.Watch()()
	if s.after == nil {
		if s.after, err = c.api.cfg.Feed.LatestPositions(c.r.Context()); err != nil {
			return err
		}
	}
	header := c.w.Header()
	header["Content-Type"], header["Cache-Control"], header["X-Accel-Buffering"] = eventStream, noStore, noBuffering
	c.status = http.StatusOK
	c.w.WriteHeader(c.status)
	if c.r.Method != http.MethodHead {
		s.run()
	}
	return nil
}

// newStream reads what is asked for.
func (c *call) newStream() (*stream, error) {
	s := &stream{call: c, control: http.NewResponseController(c.w)}
	q := c.query()
	text, given := q.take("after")
	param := "after"
	switch last := c.r.Header.Values(lastEventHeader); {
	case len(last) > 1:
		err := problem.New(problem.DuplicateHeader, lastEventHeader+" stands twice")
		err.Param = lastEventHeader
		return nil, err
	case len(last) == 1 && last[0] != "":
		text, given, param = last[0], true, lastEventHeader
	}
	if given {
		var ok bool
		if s.after, ok = parseAfter(text, c.api.cfg.Shards); !ok || text == "" {
			q.invalid(param, noCursor)
		}
	}
	if types, given := q.take("type"); given {
		if !eventTypes.MatchString(types) {
			q.invalid("type", "must be events' types, such as payment.succeeded, separated by commas")
		}
		s.types = strings.Split(types, ",")
	}
	s.userID = q.integer("user_id", 1)
	return s, q.finish()
}

// run writes events until the reader has gone or the process is to stop.
func (s *stream) run() {
	c := s.call
	_ = s.control.SetReadDeadline(time.Time{}) // the server's own are for requests that end
	ctx := c.r.Context()
	beat := time.NewTicker(c.api.cfg.Heartbeat)
	defer beat.Stop()
	if !s.write(append(s.cursorLine(append(c.out[:0], streamRetry...)), '\n')) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.api.drained:
			return
		default:
		}
		events, changed, err := c.api.cfg.Feed.Read(ctx, s.after, streamPage)
		if err != nil {
			if ctx.Err() == nil {
				c.api.cfg.Log.WarnContext(ctx, "a stream ends", "request_id", c.requestID, "error", err)
			}
			return // its reader comes back with the cursor that it has
		}
		out := s.frames(c.out[:0], events)
		if len(out) > 0 && !s.write(out) {
			return
		}
		if len(events) == 0 {
			select {
			case <-changed:
			case <-beat.C:
			case <-ctx.Done():
			case <-c.api.drained:
			}
		}
		if time.Since(s.wroteAt) >= c.api.cfg.Heartbeat &&
			!s.write(append(s.cursorLine(append(c.out[:0], ": heartbeat\n"...)), '\n')) {
			return
		}
	}
}

// frames appends the events that are wanted, and moves on behind all of them.
func (s *stream) frames(dst []byte, events []event.Stored) []byte {
	for _, e := range events {
		s.after[e.ID.Shard(len(s.after))] = e.Position
		if s.userID != 0 && e.UserID != s.userID || s.types != nil && !slices.Contains(s.types, string(e.Type)) {
			continue
		}
		data, err := json.Marshal(s.call.api.event(e))
		if err != nil {
			panic("api: an event cannot be written: " + err.Error()) // its data were checked when it was stored
		}
		dst = s.cursorLine(dst)
		dst = append(append(dst, "event: "...), e.Type...)
		dst = append(append(dst, "\ndata: "...), data...)
		dst = append(dst, "\n\n"...)
	}
	return dst
}

// cursorLine appends the reader's place as the id to resume from, unless it has
// that already.
func (s *stream) cursorLine(dst []byte) []byte {
	at := cursor(s.after)
	if at == s.told {
		return dst
	}
	s.told = at
	return append(append(append(dst, "id: "...), at...), '\n')
}

// write sends text at once, and tells whether the reader is there and takes it.
func (s *stream) write(text []byte) bool {
	c := s.call
	c.out = text
	s.wroteAt = time.Now()
	_ = s.control.SetWriteDeadline(s.wroteAt.Add(streamPatience))
	if _, err := c.w.Write(text); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
