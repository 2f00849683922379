package postgres

import (
	"context"
	"time"

	"florin/store"
)

// Look looks at a shard's servers, as its watch does now and then.
func (s *Store) Look(ctx context.Context, shard int) { s.shards[shard].watch.look(ctx) }

// ReadFrom returns the host and port that has answered for a shard, "" for the
// primary.
func ReadFrom(ctx context.Context, shard int) string {
	chosen, _ := store.StalenessOf(ctx).Chosen(shard)
	if r, _ := chosen.(*replica); r != nil {
		return r.at.server()
	}
	return ""
}

// Told returns the seconds in which the log has a line of a replica that is out in some
// of them.
func Told(seconds int, out func(second int) bool) (lines []int) {
	var t told
	for n := range seconds {
		if t.change(out(n), time.Unix(int64(n), 0)) {
			lines = append(lines, n)
		}
	}
	return lines
}

// LeftOut returns why each of a shard's replicas is left out, nil where it is not.
func (s *Store) LeftOut(shard int) (why []error) {
	for _, r := range s.shards[shard].replicas {
		why = append(why, r.why())
	}
	return why
}

// Order returns the order in which replicas of some weights are tried.
func Order(weights []int, below func(int) int) (order []int) {
	var list []*replica
	for i, weight := range weights {
		list = append(list, &replica{at: Replica{Port: i, Weight: weight}})
	}
	for _, r := range byWeight(list, below) {
		order = append(order, r.at.Port)
	}
	return order
}

// ClockError compares a database's time with this process's.
func ClockError(there, asked, answered time.Time) error { return clockError(1, there, asked, answered) }

// View is how a server follows its primary.
type View struct {
	Standby                   bool
	Epoch, Timeline, Received int64
}

// Judge says whether such a server follows a primary of an epoch and timeline.
func (v View) Judge(epoch, timeline int64) error {
	return view{standby: v.Standby, generation: generation{v.Epoch, v.Timeline}, received: v.Received}.
		judge(generation{epoch, timeline})
}

// Lags measures lags against a primary whose log was at places, one a second, the
// last one now.
func Lags(longest time.Duration, places []store.Place) func(place store.Place) (time.Duration, bool) {
	w := newWatch(&shard{store: &Store{cfg: Config{MaxLag: longest}}})
	now := time.Now()
	for i, place := range places {
		w.add(sample{now.Add(time.Duration(i+1-len(places)) * time.Second), place})
	}
	return func(place store.Place) (time.Duration, bool) { return w.lag(place, now) }
}

// Written notes places that were written, and returns the furthest.
func Written(places ...store.Place) store.Place {
	var w written
	for _, place := range places {
		w.note(place)
	}
	return w.get()
}
