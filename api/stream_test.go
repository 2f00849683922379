package api_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"florin/access"
	"florin/api"
	"florin/event"
	"florin/ident"
	"florin/problem"
)

const streamPath = "/api/v1/events/stream"

// fakeFeed is a feed of one process' memory.
type fakeFeed struct {
	mu       sync.Mutex
	ids      *ident.Source
	events   []event.Stored
	changed  chan struct{}
	watchers int
}

func newFeed() *fakeFeed { return &fakeFeed{ids: newIDs(), changed: make(chan struct{})} }

func (f *fakeFeed) Watch() func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.watchers--
	}
}

func (f *fakeFeed) watching() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watchers
}

func (f *fakeFeed) LatestPositions(context.Context) ([]event.Position, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	positions := make([]event.Position, 4)
	for _, e := range f.events {
		positions[e.ID.Shard(4)] = e.Position
	}
	return positions, nil
}

func (f *fakeFeed) Read(
	_ context.Context, after []event.Position, limit int,
) (some []event.Stored, changed <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.Position > after[e.ID.Shard(4)] && len(some) < limit {
			some = append(some, e)
		}
	}
	return some, f.changed, nil
}

func (f *fakeFeed) add(user int64, kind event.Type) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, event.Stored{Position: event.Position(len(f.events) + 1), Event: event.Event{
		ID: f.ids.New(user), Type: kind, Kind: ident.Payment, Object: f.ids.New(user), Version: 1, UserID: user,
		Data: []byte(`{}`),
	}})
	close(f.changed)
	f.changed = make(chan struct{})
}

// streaming is a server with a feed, whose own deadlines are short.
func streaming(t *testing.T, change ...func(*api.Config)) (*fakeFeed, *server, *httptest.Server) {
	t.Helper()
	feed := newFeed()
	s := newServer(t, append(change, func(c *api.Config) {
		c.Feed = feed
		if c.Heartbeat == 0 {
			c.Heartbeat = time.Hour
		}
	})...)
	front := httptest.NewUnstartedServer(s.api)
	front.Config.ReadTimeout, front.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	front.Start()
	t.Cleanup(front.Close)
	return feed, s, front
}

// reader reads a stream, frame by frame.
type reader struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel func()
}

func open(t *testing.T, front *httptest.Server, query string, headers ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, front.URL+streamPath+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := front.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = answer.Body.Close()
	})
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %d, %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	return &reader{t, bufio.NewScanner(answer.Body), cancel}
}

// frame returns the next frame's fields; nil at the stream's end.
func (r *reader) frame() map[string]string {
	fields := map[string]string{}
	for r.lines.Scan() {
		line := r.lines.Text()
		if line == "" {
			return fields
		}
		name, value, _ := strings.Cut(line, ": ")
		fields[name] = value
	}
	return nil
}

func (r *reader) wantType(want string) (cursor string) {
	r.t.Helper()
	f := r.frame()
	if f["event"] != want || !strings.Contains(f["data"], `"type":"`+want+`"`) || f["id"] == "" {
		r.t.Fatalf("got %v, want a %s", f, want)
	}
	return f["id"]
}

// A stream begins now, or behind a cursor, outlives the server's deadlines, and
// resumes from the id of any event without a gap or a repetition.
func TestStream(t *testing.T) {
	t.Parallel()
	feed, _, front := streaming(t)
	feed.add(1, event.PaymentCreated)
	live := open(t, front, "")
	hello := live.frame()
	if hello["retry"] == "" || hello["id"] == "" {
		t.Fatalf("it begins with %v", hello)
	}
	time.Sleep(120 * time.Millisecond) // more than both of the server's deadlines
	feed.add(1, event.PaymentProcessing)
	feed.add(2, event.PaymentSucceeded)
	first := live.wantType("payment.processing")
	second := live.wantType("payment.succeeded")
	feed.add(3, event.PaymentCanceled)
	live.wantType("payment.canceled")

	for _, resumed := range []*reader{
		open(t, front, "", "Last-Event-ID: "+first), open(t, front, "?after="+first),
		open(t, front, "?after="+second, "Last-Event-ID: "+first), // the header knows better
	} {
		resumed.frame()
		resumed.wantType("payment.succeeded")
		resumed.wantType("payment.canceled")
	}
	all := open(t, front, "?after=start")
	all.frame()
	all.wantType("payment.created")
}

func TestStreamFilters(t *testing.T) {
	t.Parallel()
	feed, _, front := streaming(t)
	byType := open(t, front, "?type=payment.canceled,payment.succeeded")
	byUser := open(t, front, "?user_id=2")
	byType.frame()
	byUser.frame()
	feed.add(1, event.PaymentSucceeded)
	feed.add(2, event.PaymentCreated)
	feed.add(2, event.PaymentCanceled)
	byType.wantType("payment.succeeded")
	byType.wantType("payment.canceled")
	byUser.wantType("payment.created")
	byUser.wantType("payment.canceled")
}

// A heartbeat shows that the stream lives, and carries the place of a reader
// that was not sent what it does not want.
func TestStreamHeartbeat(t *testing.T) {
	t.Parallel()
	feed, _, front := streaming(t, func(c *api.Config) { c.Heartbeat = 5 * time.Millisecond })
	r := open(t, front, "?user_id=7")
	begin := r.frame()["id"]
	if beat := r.frame(); beat == nil || beat["id"] != "" {
		t.Fatalf("got %v, want a comment", beat)
	}
	feed.add(2, event.PaymentCreated)
	for {
		beat := r.frame()
		if beat == nil || beat["event"] != "" {
			t.Fatalf("got %v, want a comment", beat)
		}
		if beat["id"] != "" {
			if beat["id"] == begin {
				t.Error("the reader's place does not move")
			}
			return
		}
	}
}

// Draining ends all streams at once, and no new one begins.
func TestStreamsEndWhenDraining(t *testing.T) {
	t.Parallel()
	feed, s, front := streaming(t)
	var readers []*reader
	for range 20 {
		r := open(t, front, "")
		r.frame()
		readers = append(readers, r)
	}
	if n := feed.watching(); n != 20 {
		t.Errorf("%d watch, want 20", n)
	}
	s.api.Drain()
	s.api.Drain()
	for _, r := range readers {
		if f := r.frame(); f != nil {
			t.Errorf("after the end came %v", f)
		}
	}
	s.get(streamPath).wantProblem(problem.Unavailable, "")
	front.Close() // waits for the handlers
	if n := feed.watching(); n != 0 {
		t.Errorf("%d still watch", n)
	}
}

func TestStreamErrors(t *testing.T) {
	t.Parallel()
	feed, s, front := streaming(t, func(c *api.Config) { c.MaxStreams = 1 })
	for query, param := range map[string]string{
		"after=x": "after", "after=": "after", "user_id=0": "user_id", "user_id=a": "user_id", "type=": "type",
		"type=*": "type", "type=payment.succeeded,": "type", "limit=1": "limit", "user_id=1&user_id=1": "user_id",
	} {
		s.get(streamPath+"?"+query).wantProblem(problem.InvalidParameter, param)
	}
	s.get(streamPath, "Last-Event-ID: x").wantProblem(problem.InvalidParameter, "Last-Event-ID")
	s.get(streamPath, "Last-Event-ID: x", "Last-Event-ID: x").wantProblem(problem.DuplicateHeader, "Last-Event-ID")
	if got := s.do(http.MethodHead, streamPath, ""); got.status != 200 || got.body != "" {
		t.Errorf("HEAD: got %d, %q", got.status, got.body)
	}
	open(t, front, "").frame()
	s.get(streamPath).wantProblem(problem.Overloaded, "")
	if n := feed.watching(); n != 1 {
		t.Errorf("%d watch, want 1", n)
	}
}

func TestStreamNeedsItsScope(t *testing.T) {
	t.Parallel()
	for _, scope := range access.Scopes() {
		s := newServer(t, func(c *api.Config) {
			c.Feed, c.Keys = newFeed(), fakeKeys{secret: {Scopes: []string{string(scope)}}}
		})
		want := 403
		if scope == access.Read || scope == access.Admin {
			want = 422
		}
		if got := s.get(streamPath + "?after=x"); got.status != want {
			t.Errorf("%s: got %d, want %d", scope, got.status, want)
		}
	}
}
