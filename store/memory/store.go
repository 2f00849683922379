package memory

import (
	"context"
	"fmt"
	"slices"

	"florin/ident"
	"florin/store"
)

// Store is a store in memory. It is safe for concurrent use.
type Store struct {
	shards []*shard
	life   int // which of the disk's lives this is
	slot   int // of the system accounts that its Txs write
	turns  []chan struct{}
}

var _ store.Store = (*Store)(nil)

// New returns an empty store with so many shards, a power of two.
func New(shards int) (*Store, error) {
	if shards < 1 || shards&(shards-1) != 0 {
		return nil, fmt.Errorf("store/memory: %d shards: must be a power of two", shards)
	}
	s := &Store{}
	for number := range shards {
		s.shards = append(s.shards, newShard(number, shards))
	}
	s.makeTurns()
	return s, nil
}

func (s *Store) makeTurns() {
	s.turns = make([]chan struct{}, len(s.shards))
	for i := range s.turns {
		s.turns[i] = make(chan struct{}, 1)
		s.turns[i] <- struct{}{}
	}
}

// Reopen returns the store as a new process finds it: with what was committed.
// s is dead from then on; its open Txs are lost.
func (s *Store) Reopen() *Store {
	next := &Store{shards: s.shards, life: s.end()}
	next.makeTurns()
	return next
}

// InSlot returns the same store for a process that holds another slot of the
// system accounts.
func (s *Store) InSlot(slot int) *Store {
	other := *s
	other.slot = slot
	return &other
}

// end ends this life of the disk and returns the next one.
func (s *Store) end() int {
	for _, sh := range s.shards {
		sh.mu.Lock()
		if sh.life == s.life {
			sh.life++
		}
		sh.mu.Unlock()
	}
	return s.life + 1
}

// Close ends the store; Reopen has what it held.
func (s *Store) Close() error {
	s.end()
	return nil
}

// Shards returns the number of shards.
func (s *Store) Shards() int { return len(s.shards) }

// Begin opens the writing Tx of a shard, when the one before it has ended.
func (s *Store) Begin(ctx context.Context, number int) (store.Tx, error) {
	turn := s.turns[number]
	select {
	case <-turn:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: shard %d: %w", store.ErrUnavailable, number, ctx.Err())
	}
	if err := s.read(ctx, number, func(*shard) error { return nil }); err != nil {
		turn <- struct{}{}
		return nil, err
	}
	return &tx{store: s, shard: s.shards[number], turn: turn}, nil
}

// read runs f on a shard that nobody changes meanwhile.
func (s *Store) read(ctx context.Context, number int, f func(*shard) error) error {
	sh := s.shards[number]
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if sh.life != s.life {
		return fmt.Errorf("%w: shard %d was closed", store.ErrUnavailable, number)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store/memory: shard %d: %w", number, err)
	}
	return f(sh)
}

// Committed tells whether the Tx that wrote a group was committed.
func (s *Store) Committed(ctx context.Context, number int, group ident.ID) (committed bool, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		_, committed = sh.groups[group]
		return nil
	})
	return committed, err
}

// Ping asks whether a shard answers.
func (s *Store) Ping(ctx context.Context, number int) error {
	return s.read(ctx, number, func(*shard) error { return nil })
}

// LastHigh returns the greatest High of any id stored.
func (s *Store) LastHigh(ctx context.Context) (last int64, err error) {
	for number := range s.shards {
		err = s.read(ctx, number, func(sh *shard) error {
			last = max(last, sh.last)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return last, nil
}

// FindKeyset returns a sealed keyset of the vault, and whether there is one.
func (s *Store) FindKeyset(ctx context.Context, name string) (sealed []byte, found bool, err error) {
	err = s.read(ctx, 0, func(sh *shard) error {
		sealed, found = sh.keysets[name]
		return nil
	})
	return slices.Clone(sealed), found, err
}

// ClaimKeyset stores a sealed keyset unless there is one of that name, and
// returns the one that is there.
func (s *Store) ClaimKeyset(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	if err := s.Ping(ctx, 0); err != nil {
		return nil, err
	}
	sh := s.shards[0]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if _, taken := sh.keysets[name]; !taken {
		sh.keysets[name] = slices.Clone(sealed)
	}
	return slices.Clone(sh.keysets[name]), nil
}
