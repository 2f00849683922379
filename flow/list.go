package flow

import (
	"context"
	"slices"

	"florin/event"
	"florin/ident"
	"florin/payment"
	"florin/store"
)

// Payment returns a payment with its attempts, captures, refunds and disputes.
func (s *Service) Payment(ctx context.Context, id ident.ID) (payment.Payment, error) {
	p, err := s.cfg.Store.Payment(ctx, id)
	return p, readError(err)
}

// RefundByID returns a refund.
func (s *Service) RefundByID(ctx context.Context, id ident.ID) (payment.Refund, error) {
	r, err := s.cfg.Store.Refund(ctx, id)
	return r, readError(err)
}

// Payments lists payments, newest first, of one user's shard or of all.
func (s *Service) Payments(ctx context.Context, q store.PaymentQuery) ([]payment.Payment, error) {
	return merged(s.shards(q.UserID), q.Page,
		func(shard int) ([]payment.Payment, error) { return s.cfg.Store.Payments(ctx, shard, q) },
		func(p payment.Payment) ident.ID { return p.ID })
}

// Refunds lists refunds, newest first.
func (s *Service) Refunds(ctx context.Context, q store.RefundQuery) ([]payment.Refund, error) {
	shards := s.shards(q.UserID)
	if !q.Payment.IsZero() {
		shards = []int{s.shard(q.Payment)}
	}
	return merged(shards, q.Page,
		func(shard int) ([]payment.Refund, error) { return s.cfg.Store.Refunds(ctx, shard, q) },
		func(r payment.Refund) ident.ID { return r.ID })
}

// shards returns a user's shard, or all of them for user 0.
func (s *Service) shards(userID int64) []int {
	if userID != 0 {
		return []int{s.shardOf(userID)}
	}
	all := make([]int, s.cfg.Store.Shards())
	for i := range all {
		all[i] = i
	}
	return all
}

// merged reads a page of several shards' lists, newest first.
func merged[T any](
	shards []int, page store.Page, read func(shard int) ([]T, error), id func(T) ident.ID,
) ([]T, error) {
	var all []T
	for _, shard := range shards {
		some, err := read(shard)
		if err != nil {
			return nil, readError(err)
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b T) int { return id(b).Compare(id(a)) })
	if len(all) <= page.Limit {
		return all, nil
	}
	if !page.Before.IsZero() && page.After.IsZero() {
		return all[len(all)-page.Limit:], nil
	}
	return all[:page.Limit], nil
}

// Events lists events behind a position a shard, oldest first within each shard
// and by time between them, and returns the positions to go on from.
func (s *Service) Events(
	ctx context.Context, after []event.Position, limit int,
) ([]event.Stored, []event.Position, error) {
	next := slices.Clone(after)
	var all []event.Stored
	for shard := range after {
		some, err := s.cfg.Store.Events(ctx, shard, after[shard], limit)
		if err != nil {
			return nil, nil, readError(err)
		}
		all = append(all, some...)
	}
	all = inFeedOrder(all, len(after), limit)
	for _, e := range all {
		next[e.ID.Shard(len(next))] = e.Position
	}
	return all, next, nil
}

// inFeedOrder puts several shards' events, each in its own order, into the
// feed's, and cuts what is beyond the limit.
func inFeedOrder(all []event.Stored, shards, limit int) []event.Stored {
	slices.SortStableFunc(all, func(a, b event.Stored) int { return a.ID.Compare(b.ID) })
	all = inOrder(all, shards)
	return all[:min(len(all), limit)]
}

// inOrder keeps events whose place in the sorted list agrees with their shard's
// order: what sorting put before an earlier position waits behind it.
func inOrder(all []event.Stored, shards int) []event.Stored {
	byShard := make([][]event.Stored, shards)
	for _, e := range all {
		shard := e.ID.Shard(shards)
		byShard[shard] = append(byShard[shard], e)
	}
	for shard := range byShard {
		slices.SortFunc(byShard[shard], func(a, b event.Stored) int { return int(a.Position - b.Position) })
	}
	taken := make([]int, shards)
	for i, e := range all {
		shard := e.ID.Shard(shards)
		all[i] = byShard[shard][taken[shard]]
		taken[shard]++
	}
	return all
}

// LatestEvents lists the newest events of all shards, newest first.
func (s *Service) LatestEvents(ctx context.Context, limit int) ([]event.Stored, []event.Position, error) {
	positions := make([]event.Position, s.cfg.Store.Shards())
	all, err := merged(s.shards(0), store.Page{Limit: limit},
		func(shard int) ([]event.Stored, error) {
			some, err := s.cfg.Store.LatestEvents(ctx, shard, limit)
			if len(some) > 0 {
				positions[shard] = some[0].Position
			}
			return some, err
		},
		func(e event.Stored) ident.ID { return e.ID })
	return all, positions, err
}
