package sim

import (
	"context"
	"strings"
	"time"

	"florin/event"
	"florin/ident"
	"florin/payment"
	"florin/store"
	"florin/vault"
)

// simStore is the store as the instances see it: every call parks, and may
// fail. What is not overridden here is the memory store's own.
type simStore struct {
	store.Store // the disk, in its present life
	w           *world
	writers     []*simTx // a shard's open Tx
}

// read is a call that reads: away, or done.
func read[T any](ctx context.Context, s *simStore, what string, shard int, f func() (T, error)) (T, error) {
	s.w.pause()
	var none T
	if err := canceled(ctx); err != nil {
		return none, err
	}
	if s.away(shard) || s.w.hit(s.w.faults.read) {
		s.w.say("read %s of shard %d: away", what, shard)
		name, _, _ := strings.Cut(what, ":")
		s.w.count("away: " + name)
		return none, errAway
	}
	value, err := f()
	s.w.say("read %s of shard %d: %s", what, shard, word(err))
	return value, err
}

// away tells whether a shard cannot be reached now.
func (s *simStore) away(shard int) bool { return !s.w.calm && s.w.now().Before(s.w.blindUntil[shard]) }

// background is the context for what lies behind the ports here: the machine's
// clock must not end it.
func background() context.Context { return context.Background() }

func (s *simStore) shard(id ident.ID) int { return id.Shard(s.Shards()) }

// Payment implements store.Reader.
func (s *simStore) Payment(ctx context.Context, id ident.ID) (payment.Payment, error) {
	return read(ctx, s, "payment", s.shard(id), func() (payment.Payment, error) {
		return s.Store.Payment(background(), id)
	})
}

// Payments implements store.Reader.
func (s *simStore) Payments(ctx context.Context, shard int, q store.PaymentQuery) ([]payment.Payment, error) {
	return read(ctx, s, "payments", shard, func() ([]payment.Payment, error) {
		return s.Store.Payments(background(), shard, q)
	})
}

// PaymentOf implements store.Reader.
func (s *simStore) PaymentOf(ctx context.Context, operation ident.ID) (ident.ID, error) {
	return read(ctx, s, "payment of", s.shard(operation), func() (ident.ID, error) {
		return s.Store.PaymentOf(background(), operation)
	})
}

// Refund implements store.Reader.
func (s *simStore) Refund(ctx context.Context, id ident.ID) (payment.Refund, error) {
	return read(ctx, s, "refund", s.shard(id), func() (payment.Refund, error) {
		return s.Store.Refund(background(), id)
	})
}

// Refunds implements store.Reader.
func (s *simStore) Refunds(ctx context.Context, shard int, q store.RefundQuery) ([]payment.Refund, error) {
	return read(ctx, s, "refunds", shard, func() ([]payment.Refund, error) {
		return s.Store.Refunds(background(), shard, q)
	})
}

// Dispute implements store.Reader.
func (s *simStore) Dispute(ctx context.Context, id ident.ID) (payment.Dispute, error) {
	return read(ctx, s, "dispute", s.shard(id), func() (payment.Dispute, error) {
		return s.Store.Dispute(background(), id)
	})
}

// Batch implements store.Reader.
func (s *simStore) Batch(ctx context.Context, id ident.ID) (payment.Batch, error) {
	return read(ctx, s, "batch", s.shard(id), func() (payment.Batch, error) {
		return s.Store.Batch(background(), id)
	})
}

// BatchItems implements store.Reader.
func (s *simStore) BatchItems(
	ctx context.Context, batch ident.ID, q store.BatchItemQuery,
) ([]payment.BatchItem, error) {
	return read(ctx, s, "batch items", s.shard(batch), func() ([]payment.BatchItem, error) {
		return s.Store.BatchItems(background(), batch, q)
	})
}

// DueBatches implements store.Reader.
func (s *simStore) DueBatches(ctx context.Context, shard int, now time.Time, limit int) ([]payment.Batch, error) {
	return read(ctx, s, "due batches", shard, func() ([]payment.Batch, error) {
		return s.Store.DueBatches(background(), shard, now, limit)
	})
}

// Method implements store.Reader.
func (s *simStore) Method(ctx context.Context, id ident.ID) (vault.PaymentMethod, error) {
	return read(ctx, s, "method", s.shard(id), func() (vault.PaymentMethod, error) {
		return s.Store.Method(background(), id)
	})
}

// FindMethods implements store.Reader.
func (s *simStore) FindMethods(ctx context.Context, shard int, ids []ident.ID) ([]vault.PaymentMethod, error) {
	return read(ctx, s, "methods by id", shard, func() ([]vault.PaymentMethod, error) {
		return s.Store.FindMethods(background(), shard, ids)
	})
}

// FindClaim implements store.Reader.
func (s *simStore) FindClaim(ctx context.Context, shard int, c store.Claim) (store.Claim, error) {
	return read(ctx, s, "claim: "+c.Key, shard, func() (store.Claim, error) {
		return s.Store.FindClaim(background(), shard, c)
	})
}

// FindClaims implements store.Reader.
func (s *simStore) FindClaims(ctx context.Context, shard int, claims []store.Claim) ([]*store.Claim, error) {
	return read(ctx, s, "claims", shard, func() ([]*store.Claim, error) {
		return s.Store.FindClaims(background(), shard, claims)
	})
}

// Due implements store.Reader.
func (s *simStore) Due(ctx context.Context, shard int, now time.Time, limit int) ([]store.Due, error) {
	return read(ctx, s, "due", shard, func() ([]store.Due, error) {
		return s.Store.Due(background(), shard, now, limit)
	})
}

// Expiring implements store.Reader.
func (s *simStore) Expiring(ctx context.Context, shard int, now time.Time, limit int) ([]store.Due, error) {
	return read(ctx, s, "expiring", shard, func() ([]store.Due, error) {
		return s.Store.Expiring(background(), shard, now, limit)
	})
}

// Events implements store.Reader.
func (s *simStore) Events(
	ctx context.Context, shard int, after event.Position, limit int,
) ([]event.Stored, error) {
	return read(ctx, s, "events", shard, func() ([]event.Stored, error) {
		return s.Store.Events(background(), shard, after, limit)
	})
}

// Committed implements store.Store.
func (s *simStore) Committed(ctx context.Context, shard int, group ident.ID) (bool, error) {
	s.w.pause()
	if s.away(shard) || s.w.hit(s.w.faults.lookUp) || canceled(ctx) != nil {
		s.w.say("look up a group of shard %d: away", shard)
		return false, errAway
	}
	committed, err := s.Store.Committed(background(), shard, group)
	s.w.say("look up a group of shard %d: %t", shard, committed)
	return committed, err
}

// Begin implements store.Store. It waits for the shard's open Tx, which may be
// another instance's.
func (s *simStore) Begin(ctx context.Context, shard int) (store.Tx, error) {
	return s.begin(ctx, shard, 0)
}

func (s *simStore) begin(ctx context.Context, shard, slot int) (store.Tx, error) {
	s.w.await(func() bool { return s.writers[shard] == nil })
	if s.away(shard) || s.w.hit(s.w.faults.begin) || canceled(ctx) != nil {
		s.w.say("begin on shard %d: away", shard)
		return nil, errAway
	}
	tx, err := s.w.disk.InSlot(slot).Begin(background(), shard)
	if err != nil {
		return nil, err
	}
	s.writers[shard] = &simTx{s: s, shard: shard, tx: tx}
	if s.w.shape.oneTrip {
		return oneTripTx{s.writers[shard]}, nil
	}
	return s.writers[shard], nil
}

// slotStore is the store as one instance sees it, which holds a slot of the
// system accounts.
type slotStore struct {
	*simStore
	slot int
}

// Begin implements store.Store.
func (s *slotStore) Begin(ctx context.Context, shard int) (store.Tx, error) {
	return s.begin(ctx, shard, s.slot)
}

// reopen restarts the store's process: open Txs are lost.
func (s *simStore) reopen() {
	s.w.disk = s.w.disk.Reopen()
	s.Store = s.w.disk
	clear(s.writers)
}
