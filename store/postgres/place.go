package postgres

import (
	"context"
	"fmt"
	"sync/atomic"

	"florin/store"
)

// selectPlace asks the primary where its log ends, behind what was committed
// before.
const selectPlace = `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`

// placeAfter is selectPlace behind a COMMIT, in the same round trip.
var placeAfter = define(selectPlace)

func (r *row) place() store.Place { return store.Place(r.int()) }

// farAhead is added to a place where the true one is not known: it is surely
// behind that, and the log passes it some time.
const farAhead = 1 << 30

// written is a place behind all that this process has committed on a shard.
type written struct{ place atomic.Uint64 }

// note takes over a place that is further.
func (w *written) note(place store.Place) {
	for {
		before := w.place.Load()
		if uint64(place) <= before || w.place.CompareAndSwap(before, uint64(place)) {
			return
		}
	}
}

func (w *written) get() store.Place { return store.Place(w.place.Load()) }

var _ store.Replicated = (*Store)(nil)

// Written returns, by shard, a place that is behind all that this process has
// committed; nil without replicas.
func (s *Store) Written() []store.Place {
	var places []store.Place
	for number, sh := range s.shards {
		if len(sh.replicas) == 0 {
			continue
		}
		if places == nil {
			places = make([]store.Place, len(s.shards))
		}
		places[number] = sh.written.get()
	}
	return places
}

// Lacks says that a shard has no synchronous standby though its commits wait for one,
// or how many of its replicas are left out; "" when it lacks nothing.
func (s *Store) Lacks(shard int) string {
	if s.shards[shard].watch.isAlone() {
		return "no synchronous standby"
	}
	out, all := 0, s.shards[shard].replicas
	for _, r := range all {
		if r.why() != nil {
			out++
		}
	}
	if out == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d replicas left out", out, len(all))
}

// found makes sure that what was read from the primary lasts, and notes its place: a
// client will take it for its own write, and another process may have committed it.
func (sh *shard) found(ctx context.Context) error {
	if err := sh.outlast(ctx); err != nil || len(sh.replicas) == 0 {
		return err
	}
	place, err := readOne(store.Fresh(ctx), sh, (*row).place, selectPlace)
	if err == nil {
		sh.written.note(place)
	}
	return err
}

// committedAt notes what a COMMIT's round trip has told of its place: nothing, when
// the connection broke between the two.
func (sh *shard) committedAt(place store.Place) {
	if len(sh.replicas) == 0 {
		return
	}
	if place == 0 {
		place = max(sh.written.get(), sh.watch.latest()) + farAhead
	}
	sh.written.note(place)
}
