package flow

import (
	"context"
	"slices"
	"sync"

	"florin/event"
)

// Feed follows the newest events of all shards for all who watch, so that many
// watchers cost one reading. It holds a bounded number of events a shard; who is
// further behind reads them from the store.
//
//	Watch ─▶ Step, again and again: reads behind the last position, wakes those who wait ─▶ Read
//
// While nobody watches Step does nothing, and nothing is held.
type Feed struct {
	service *Service

	mu       sync.Mutex
	watchers int
	tails    []tail        // nil until the first Step with a watcher
	changed  chan struct{} // closed when there is more to read
}

// tail is the newest events of a shard: all behind from, up to its last.
type tail struct {
	from   event.Position
	last   event.Position
	events []event.Stored
}

// The bounds of a Feed, in events a shard.
const (
	feedHeld = 1024
	feedStep = 512
)

// NewFeed returns a Feed of the service's store.
func NewFeed(s *Service) *Feed { return &Feed{service: s, changed: make(chan struct{})} }

// Watch says that somebody reads from now on, until leave is called.
func (f *Feed) Watch() (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers++
	return sync.OnceFunc(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.watchers--; f.watchers == 0 {
			f.tails = nil
		}
	})
}

// Step reads what is new, and tells whether there is more to read at once. One
// call at a time.
func (f *Feed) Step(ctx context.Context) (more bool, err error) {
	f.mu.Lock()
	watched := f.watchers > 0
	tails := slices.Clone(f.tails)
	f.mu.Unlock()
	if !watched {
		return false, nil
	}
	if tails == nil {
		_, positions, err := f.service.LatestEvents(ctx, 1)
		if err != nil {
			return false, err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, p := range positions {
			f.tails = append(f.tails, tail{from: p, last: p})
		}
		f.wake()
		return false, nil
	}
	news := make([][]event.Stored, len(tails))
	found := false
	for shard := range tails {
		news[shard], err = f.service.cfg.Store.Events(ctx, shard, tails[shard].last, feedStep)
		if err != nil {
			return false, readError(err)
		}
		found = found || len(news[shard]) > 0
		more = more || len(news[shard]) == feedStep
	}
	if found {
		f.take(news)
	}
	return more, nil
}

// take adds what Step has read.
func (f *Feed) take(news [][]event.Stored) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tails == nil { // the last watcher has left meanwhile
		return
	}
	for shard, some := range news {
		if len(some) > 0 && some[0].Position > f.tails[shard].last {
			f.tails[shard].add(some)
		}
	}
	f.wake()
}

func (f *Feed) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// add appends events and lets the oldest go.
func (t *tail) add(some []event.Stored) {
	t.events = append(t.events, some...)
	t.last = some[len(some)-1].Position
	if len(t.events) >= 2*feedHeld {
		gone := len(t.events) - feedHeld
		t.from = t.events[gone-1].Position
		t.events = slices.Clone(t.events[gone:])
	}
}

// behind returns up to limit events behind a position; false when they are not
// all held.
func (t *tail) behind(after event.Position, limit int) ([]event.Stored, bool) {
	if after < t.from {
		return nil, false
	}
	at, found := slices.BinarySearchFunc(t.events, after, func(e event.Stored, p event.Position) int {
		return int(e.Position - p)
	})
	if found {
		at++
	}
	return t.events[at:min(at+limit, len(t.events))], true
}

// Read returns up to limit events behind a position a shard, in the feed's
// order. Where there are none yet, changed is closed once there may be.
func (f *Feed) Read(
	ctx context.Context, after []event.Position, limit int,
) (events []event.Stored, changed <-chan struct{}, err error) {
	f.mu.Lock()
	changed = f.changed
	held := f.tails != nil
	for shard := 0; held && shard < len(after); shard++ {
		var some []event.Stored
		some, held = f.tails[shard].behind(after[shard], limit)
		events = append(events, some...)
	}
	f.mu.Unlock()
	if held {
		return inFeedOrder(events, len(after), limit), changed, nil
	}
	events, _, err = f.service.Events(ctx, after, limit)
	return events, changed, err
}

// LatestPositions returns where the feed ends now.
func (f *Feed) LatestPositions(ctx context.Context) ([]event.Position, error) {
	_, positions, err := f.service.LatestEvents(ctx, 1)
	return positions, err
}
