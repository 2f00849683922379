package store

import (
	"context"
	"sync"
)

// Place is a place in a shard's log of writes: who has the log up to there has all
// that was committed before. Places of different shards have nothing to do with
// each other; 0 lies before everything.
type Place uint64

// Replicated is what a Store may be besides: one whose shards have replicas.
type Replicated interface {
	// Written returns a place for each shard that is behind all that this process
	// has committed there or found to be committed; nil when no shard has replicas.
	Written() []Place
	// Lacks says what a shard that works is without; "" when it is whole. The text
	// names no server.
	Lacks(shard int) string
}

// Guarded is what a Store may be besides: one that knows when its process should
// not be sent requests although the store answers.
type Guarded interface {
	// Ready returns why not, or nil.
	Ready() error
}

// Staleness says how far behind the answers of reads may be: a replica that has a
// shard's log up to its place in Least may give them. It remembers which server
// answered for a shard, so that reads that belong together go to one.
type Staleness struct {
	Least []Place // by shard; what is beyond its end is 0

	mu     sync.Mutex
	chosen map[int]any
}

// At returns the place that an answer of a shard must not be behind.
func (s *Staleness) At(shard int) Place {
	if shard < len(s.Least) {
		return s.Least[shard]
	}
	return 0
}

// Chosen returns what the engine chose for a shard, and whether it did.
func (s *Staleness) Chosen(shard int) (server any, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	server, ok = s.chosen[shard]
	return server, ok
}

// Choose remembers what the engine chose for a shard.
func (s *Staleness) Choose(shard int, server any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chosen == nil {
		s.chosen = map[int]any{}
	}
	s.chosen[shard] = server
}

type staleKey struct{}

// Stale returns a context for the reads of one request, whose answers may be
// behind by seconds, but not behind the places that are given. Nothing may be
// decided by what they say. Without it every read sees what is committed.
func Stale(ctx context.Context, least []Place) context.Context {
	return context.WithValue(ctx, staleKey{}, &Staleness{Least: least})
}

// StalenessOf returns how stale a context's reads may be; nil for not at all.
func StalenessOf(ctx context.Context) *Staleness {
	s, _ := ctx.Value(staleKey{}).(*Staleness)
	return s
}

// Fresh returns a context whose reads see what is committed.
func Fresh(ctx context.Context) context.Context {
	if StalenessOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, staleKey{}, (*Staleness)(nil))
}
