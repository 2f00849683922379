package postgres

import (
	"context"
	"sync"

	"florin/store"
)

// looker looks for the claims of many callers with one query: while one runs, those
// who come meanwhile wait for the next.
type looker struct {
	shard *shard

	mu      sync.Mutex
	waiting []*look
	running bool
}

// look is what one caller looks for.
type look struct {
	claim store.Claim
	done  chan struct{}
	held  *store.Claim
	err   error
}

// lookAtOnce is the most that one query looks for.
const lookAtOnce = 500

// find returns the claim that holds the key of claim, nil for none.
func (l *looker) find(ctx context.Context, claim store.Claim) (*store.Claim, error) {
	one := &look{claim: claim, done: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, one)
	start := !l.running
	l.running = true
	l.mu.Unlock()
	if start {
		go l.run() //nolint:gosec // it answers others, too
	}
	select {
	case <-one.done:
		return one.held, one.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run answers until nobody waits. A query ends as every read does: after the pool's
// command timeout, or when the shard gives no answer.
func (l *looker) run() {
	for {
		l.mu.Lock()
		asked := l.waiting
		l.waiting = nil
		if len(asked) > lookAtOnce {
			asked, l.waiting = asked[:lookAtOnce], asked[lookAtOnce:]
		}
		l.running = len(asked) > 0
		l.mu.Unlock()
		if len(asked) == 0 {
			return
		}
		claims := make([]store.Claim, len(asked))
		for i, one := range asked {
			claims[i] = one.claim
		}
		holders, err := l.shard.findClaims(context.Background(), claims)
		for i, one := range asked {
			if one.err = err; err == nil {
				one.held = holders[i]
			}
			close(one.done)
		}
	}
}
