package postgres

import (
	"context"
	"errors"
	"time"
)

// told is what the log has of a replica, which it takes to be read from at first. One
// that comes and goes fills no log: after some changes only one in toldPause is told.
type told struct {
	out bool
	// paid is up to when the lines so far are paid for, each with a toldPause.
	paid time.Time
}

const (
	toldPause = 30 * time.Second
	toldAhead = 3 // lines that may come before their time
)

// change notes how the replica is, and tells whether the log is to have it.
func (t *told) change(out bool, now time.Time) bool {
	if out == t.out || t.paid.Sub(now) > toldAhead*toldPause {
		return false
	}
	if t.paid.Before(now) {
		t.paid = now
	}
	t.out, t.paid = out, t.paid.Add(toldPause)
	return true
}

// tell logs that the replica is left out, and why, or that it is not any more. What was
// not looked at, or not to the end, says nothing.
func (r *replica) tell(why error) {
	if errors.Is(why, errNotLooked) || errors.Is(why, context.Canceled) {
		return
	}
	r.mu.Lock()
	is := r.told.change(why != nil, time.Now())
	r.mu.Unlock()
	log := r.shard.store.cfg.Log
	switch {
	case !is:
	case why != nil:
		log.Warn("a replica is left out", "shard", r.shard.number, "replica", r.at.server(), "error", why)
	default:
		log.Info("a replica is read from again", "shard", r.shard.number, "replica", r.at.server())
	}
}
