package flow

import (
	"context"
	"time"

	"florin/commit"
	"florin/store"
)

// BatchResult is one payment's answer in a batch.
type BatchResult struct {
	Result
	Err error
}

// flushAfter is how long an outcome may wait for others to be settled with.
const flushAfter = 20 * time.Millisecond

// AuthorizeBatch does what Authorize does for each request, with one Tx 1 and
// one Tx 2 a shard where it can, and at most BatchCalls calls to gateways out at
// a time. The results are in the requests' order; one that fails stops no other.
func (s *Service) AuthorizeBatch(ctx context.Context, requests []Authorize) []BatchResult {
	results := make([]BatchResult, 0, len(requests))
	for len(requests) > 0 {
		n := min(len(requests), s.wave())
		results = append(results, s.authorizeWave(ctx, requests[:n])...)
		requests = requests[n:]
	}
	return results
}

// patience is how long after its Tx 1 a payment of a batch may still be opened
// anew because the gateways were too slow to reach it.
const patience = 10 * time.Minute

// wave returns how many payments are opened together: as many as the gateways,
// at their present pace, answer within a quarter of the charge's deadline. What
// is opened must be charged soon, or an inquiry would find that it was not.
// While no pace is known it is one for each call that may be out.
func (s *Service) wave() int { return s.cfg.BatchCalls * s.stretch() }

// stretch returns how many payments one call after the other answers within a
// quarter of the charge's deadline, at the gateways' present pace; 1 or more.
func (s *Service) stretch() int {
	pace := time.Duration(s.pace.Load())
	if pace <= 0 {
		return 1
	}
	return max(1, int(s.cfg.ChargeDeadline/4/pace))
}

// measure takes the time of a call into the gateways' pace, a moving mean.
func (s *Service) measure(took time.Duration) {
	pace := s.pace.Load()
	s.pace.Store(pace + (int64(took)-pace)/8)
}

func (s *Service) authorizeWave(ctx context.Context, requests []Authorize) []BatchResult {
	runs := make([]*charging, len(requests))
	items := make([]commit.Item, 0, len(requests))
	opening := make([]*charging, 0, len(requests))
	s.warm(ctx, requests)
	var ended []*charging // of which the key is to be looked for
	for i, r := range requests {
		run := s.prepare(ctx, r)
		runs[i] = run
		if run.done {
			ended = append(ended, run)
			continue
		}
		run.until = s.now().Add(patience)
		items = append(items, commit.Item{Shard: run.shard, Command: &run.create})
		opening = append(opening, run)
	}
	open := opening[:0]
	for i, err := range s.cfg.Commit.DoAll(false, items) {
		run := opening[i]
		run.opened(ctx, err)
		switch {
		case !run.done:
			open = append(open, run)
		case refused(err):
			ended = append(ended, run)
		}
	}
	claims := make([]*store.Claim, len(ended))
	for i, run := range ended {
		claims[i] = run.claim
	}
	for i, key := range s.lookUp(ctx, claims) {
		ended[i].repeated(ctx, key)
	}
	if len(open) > 0 {
		s.chargeAll(ctx, open)
	}
	results := make([]BatchResult, len(requests))
	for i, run := range runs {
		results[i] = BatchResult{Result: run.result, Err: run.err}
	}
	return results
}

// chargeAll charges payments in stripes, one a call that may be out. A stripe
// settles together what its gateway answered at once, and what takes longer as
// soon as it is there.
func (s *Service) chargeAll(ctx context.Context, runs []*charging) {
	stripes := min(s.cfg.BatchCalls, len(runs))
	s.cfg.Each(stripes, stripes, func(stripe int) {
		var queue []*charging
		for i := stripe; i < len(runs); i += stripes {
			queue = append(queue, runs[i])
		}
		for len(queue) > 0 {
			queue = s.chargeSome(ctx, queue)
		}
	})
}

// chargeSome charges from the front of the queue until flushAfter has passed,
// settles those, and returns what is left to do. Of attempts that waited too long
// to be sent it replaces as many as can be sent soon; those behind them too, but
// only before an inquiry could find that nothing was charged.
func (s *Service) chargeSome(ctx context.Context, queue []*charging) []*charging {
	began := s.now()
	var items []commit.Item
	var charged, left []*charging
	stale := 0
	for n, run := range queue {
		waited := s.waited(run.payment)
		if waited >= s.cfg.ChargeDeadline/2 {
			if stale++; stale > s.stretch() && waited < s.sentFor() {
				left = append(left, run)
				continue
			}
		} else if n > 0 && s.now().Sub(began) >= flushAfter {
			left = append(left, run)
			continue
		}
		charged = append(charged, run)
		items = append(items, commit.Item{Shard: run.shard, Command: s.charge(ctx, run)})
	}
	var again []*charging
	for i, err := range s.cfg.Commit.DoAll(true, items) {
		run := charged[i]
		run.settled(ctx, items[i].Command.(*settleCommand), err)
		if !run.done {
			again = append(again, run)
		}
	}
	return append(again, left...)
}
