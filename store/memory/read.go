package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

func missing(what string) error { return fmt.Errorf("%w: %s", store.ErrNotFound, what) }

// of runs f on the shard of an id.
func (s *Store) of(ctx context.Context, id ident.ID, f func(*shard) error) error {
	return s.read(ctx, id.Shard(len(s.shards)), f)
}

// payment returns a copy of a payment with its children.
func (sh *shard) payment(id ident.ID) (payment.Payment, bool) {
	p, ok := sh.payments.get(id)
	if ok {
		sh.adopt(&p)
	}
	return p, ok
}

// adopt fills in a payment's children, oldest first.
func (sh *shard) adopt(p *payment.Payment) {
	p.Attempts = sh.attempts.sorted(func(a *payment.Attempt) bool { return a.Payment == p.ID })
	p.Captures = sh.captures.sorted(func(c *payment.Capture) bool { return c.Payment == p.ID })
	p.Refunds = sh.refunds.sorted(func(r *payment.Refund) bool { return r.Payment == p.ID })
	p.Disputes = sh.disputes.sorted(func(d *payment.Dispute) bool { return d.Payment == p.ID })
}

// Payment returns a payment with its children, or ErrNotFound.
func (s *Store) Payment(ctx context.Context, id ident.ID) (p payment.Payment, err error) {
	err = s.of(ctx, id, func(sh *shard) error {
		var ok bool
		if p, ok = sh.payment(id); !ok {
			return missing("payment")
		}
		return nil
	})
	return p, err
}

// PaymentOf returns the payment of an attempt, a capture, a refund or a reversal.
func (s *Store) PaymentOf(ctx context.Context, operation ident.ID) (id ident.ID, err error) {
	err = s.of(ctx, operation, func(sh *shard) error {
		if a, ok := sh.attempts.rows[operation]; ok {
			id = a.Payment
		} else if r, ok := sh.refunds.rows[operation]; ok {
			id = r.Payment
		} else if c, ok := sh.captures.rows[operation]; ok {
			id = c.Payment
		} else {
			for _, a := range sh.attempts.rows {
				if a.Reversal != nil && a.Reversal.ID == operation {
					id = a.Payment
				}
			}
		}
		if id.IsZero() {
			return missing("operation")
		}
		return nil
	})
	return id, err
}

// one reads a row, or returns ErrNotFound.
func one[T any](ctx context.Context, s *Store, id ident.ID, of func(*shard) *table[T]) (value T, err error) {
	err = s.of(ctx, id, func(sh *shard) error {
		var ok bool
		if value, ok = of(sh).get(id); !ok {
			return missing(of(sh).kind)
		}
		return nil
	})
	return value, err
}

// Refund returns a refund, or ErrNotFound.
func (s *Store) Refund(ctx context.Context, id ident.ID) (payment.Refund, error) {
	return one(ctx, s, id, func(sh *shard) *table[payment.Refund] { return &sh.refunds })
}

// Method returns a payment method, deleted or not, or ErrNotFound.
func (s *Store) Method(ctx context.Context, id ident.ID) (vault.PaymentMethod, error) {
	return one(ctx, s, id, func(sh *shard) *table[vault.PaymentMethod] { return &sh.methods })
}

// FindMethods returns those of a shard's payment methods that are there.
func (s *Store) FindMethods(ctx context.Context, _ int, ids []ident.ID) (found []vault.PaymentMethod, err error) {
	for _, id := range ids {
		switch m, err := s.Method(ctx, id); {
		case err == nil:
			found = append(found, m)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return found, nil
}

// FindClaim returns the claim that holds the key of c, or ErrNotFound.
func (s *Store) FindClaim(ctx context.Context, number int, c store.Claim) (found store.Claim, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		held := sh.find(c)
		if held == nil {
			return missing("claim")
		}
		found = keepClaim(*held)
		return nil
	})
	return found, err
}

// FindClaims returns for each of claims the one that holds its key, or nil.
func (s *Store) FindClaims(ctx context.Context, number int, claims []store.Claim) (holders []*store.Claim, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		for _, c := range claims {
			held := sh.find(c)
			if held != nil {
				kept := keepClaim(*held)
				held = &kept
			}
			holders = append(holders, held)
		}
		return nil
	})
	return holders, err
}

// APIKeys lists all keys, oldest first, revoked ones too.
func (s *Store) APIKeys(ctx context.Context) (keys []access.APIKey, err error) {
	err = s.read(ctx, 0, func(sh *shard) error {
		keys = sh.apiKeys.sorted(all)
		return nil
	})
	return keys, err
}

// Due lists the open operations whose inquiry is due, the longest waiting first.
func (s *Store) Due(ctx context.Context, number int, now time.Time, limit int) (due []store.Due, err error) {
	isDue := func(at time.Time) bool { return !at.IsZero() && at.UnixMilli() <= now.UnixMilli() }
	err = s.read(ctx, number, func(sh *shard) error {
		for _, a := range sh.attempts.sorted(func(a *payment.Attempt) bool { return isDue(a.Inquiry.At) }) {
			due = append(due, store.Due{Payment: a.Payment, Operation: a.ID, Kind: ident.Attempt, At: a.Inquiry.At})
		}
		for _, r := range sh.refunds.sorted(func(r *payment.Refund) bool { return isDue(r.Inquiry.At) }) {
			due = append(due, store.Due{Payment: r.Payment, Operation: r.ID, Kind: ident.Refund, At: r.Inquiry.At})
		}
		for _, c := range sh.captures.sorted(func(c *payment.Capture) bool { return isDue(c.Inquiry.At) }) {
			due = append(due, store.Due{Payment: c.Payment, Operation: c.ID, Kind: ident.Capture, At: c.Inquiry.At})
		}
		for _, d := range sh.disputes.sorted(func(d *payment.Dispute) bool { return isDue(d.Inquiry.At) }) {
			due = append(due, store.Due{Payment: d.Payment, Operation: d.ID, Kind: ident.Dispute, At: d.Inquiry.At})
		}
		return nil
	})
	slices.SortStableFunc(due, func(a, b store.Due) int { return a.At.Compare(b.At) })
	return due[:min(len(due), limit)], err
}

// OpenCount counts a shard's open operations.
func (s *Store) OpenCount(ctx context.Context, number int) (n int64, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		for _, a := range sh.attempts.rows {
			if !a.Inquiry.At.IsZero() {
				n++
			}
		}
		for _, r := range sh.refunds.rows {
			if !r.Inquiry.At.IsZero() {
				n++
			}
		}
		for _, c := range sh.captures.rows {
			if !c.Inquiry.At.IsZero() {
				n++
			}
		}
		for _, d := range sh.disputes.rows {
			if !d.Inquiry.At.IsZero() {
				n++
			}
		}
		for _, t := range sh.transfers.rows {
			if t.Status == wallet.TransferPending {
				n++
			}
		}
		return nil
	})
	return n, err
}

// Events lists a shard's events behind a position, oldest first.
func (s *Store) Events(
	ctx context.Context, number int, after event.Position, limit int,
) (events []event.Stored, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		from := min(max(int(after), 0), len(sh.events))
		events = copied(sh.events[from:min(from+limit, len(sh.events))], keepStored)
		return nil
	})
	return events, err
}

// EventsOf lists an object's events, by version.
func (s *Store) EventsOf(ctx context.Context, object ident.ID) (events []event.Stored, err error) {
	err = s.of(ctx, object, func(sh *shard) error {
		for _, e := range sh.events {
			if e.Object == object {
				events = append(events, keepStored(e))
			}
		}
		return nil
	})
	slices.SortFunc(events, func(a, b event.Stored) int { return cmp.Compare(a.Version, b.Version) })
	return events, err
}

// LatestEvents lists a shard's newest events, newest first.
func (s *Store) LatestEvents(ctx context.Context, number, limit int) (events []event.Stored, err error) {
	err = s.read(ctx, number, func(sh *shard) error {
		events = copied(sh.events[max(0, len(sh.events)-limit):], keepStored)
		return nil
	})
	slices.SortFunc(events, func(a, b event.Stored) int { return cmp.Compare(b.Position, a.Position) })
	return events, err
}

// copied returns a copy of every row; nil for none.
func copied[T any](rows []T, keep func(T) T) []T {
	var copies []T
	for _, value := range rows {
		copies = append(copies, keep(value))
	}
	return copies
}
