package memory

import (
	"context"
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
	"florin/vault"
)

// Payments lists a shard's payments, newest first, without children.
func (s *Store) Payments(
	ctx context.Context, number int, q store.PaymentQuery,
) (payments []payment.Payment, err error) {
	want := func(p *payment.Payment) bool {
		value, has := p.Details.Metadata[q.MetadataKey]
		return (q.UserID == 0 || p.UserID == q.UserID) &&
			(q.Status == "" || p.Status == q.Status) &&
			(q.Currency == "" || string(p.Amount.Currency) == q.Currency) &&
			(q.CreatedGTE.IsZero() || p.ID.High() >= firstHigh(q.CreatedGTE)) &&
			(q.CreatedLT.IsZero() || p.ID.High() < firstHigh(q.CreatedLT)) &&
			(q.AmountGTE == 0 || p.Amount.Minor >= q.AmountGTE) &&
			(q.AmountLTE == 0 || p.Amount.Minor <= q.AmountLTE) &&
			(q.MetadataKey == "" || has && value == q.MetaValue)
	}
	err = s.read(ctx, number, func(sh *shard) error {
		payments = page(sh.payments.sorted(want), q.Page, func(p *payment.Payment) ident.ID { return p.ID })
		return nil
	})
	return payments, err
}

// Refunds lists a shard's refunds, newest first.
func (s *Store) Refunds(ctx context.Context, number int, q store.RefundQuery) (refunds []payment.Refund, err error) {
	want := func(r *payment.Refund) bool {
		return (q.UserID == 0 || r.UserID == q.UserID) && (q.Status == "" || r.Status == q.Status) &&
			(q.Payment.IsZero() || r.Payment == q.Payment) &&
			(q.Currency == "" || string(r.Amount.Currency) == q.Currency) &&
			(q.CreatedGTE.IsZero() || r.ID.High() >= firstHigh(q.CreatedGTE)) &&
			(q.CreatedLT.IsZero() || r.ID.High() < firstHigh(q.CreatedLT)) &&
			(q.AmountGTE == 0 || r.Amount.Minor >= q.AmountGTE) &&
			(q.AmountLTE == 0 || r.Amount.Minor <= q.AmountLTE)
	}
	err = s.read(ctx, number, func(sh *shard) error {
		refunds = page(sh.refunds.sorted(want), q.Page, func(r *payment.Refund) ident.ID { return r.ID })
		return nil
	})
	return refunds, err
}

// Methods lists a user's payment methods that are not deleted, newest first.
func (s *Store) Methods(
	ctx context.Context, userID int64, p store.Page,
) (methods []vault.PaymentMethod, err error) {
	want := func(m *vault.PaymentMethod) bool { return m.UserID == userID && m.DeletedAt.IsZero() }
	err = s.read(ctx, ident.Shard(userID, len(s.shards)), func(sh *shard) error {
		methods = page(sh.methods.sorted(want), p, func(m *vault.PaymentMethod) ident.ID { return m.ID })
		return nil
	})
	return methods, err
}

// page cuts a page out of rows that are oldest first, and turns it round.
func page[T any](rows []T, p store.Page, id func(*T) ident.ID) []T {
	rows = slices.DeleteFunc(rows, func(row T) bool {
		at := id(&row)
		return !p.After.IsZero() && at.Compare(p.After) >= 0 || !p.Before.IsZero() && at.Compare(p.Before) <= 0
	})
	if !p.Before.IsZero() {
		rows = rows[:min(len(rows), p.Limit)]
	} else {
		rows = rows[max(0, len(rows)-p.Limit):]
	}
	slices.Reverse(rows)
	return rows
}

// firstHigh returns the least High of ids made at t or later, ids' times being
// whole milliseconds.
func firstHigh(t time.Time) int64 {
	if cut := t.Truncate(time.Millisecond); cut.Before(t) {
		t = cut.Add(time.Millisecond)
	}
	return ident.First(t).High()
}
