package postgres

import (
	"context"

	"florin/ident"
	"florin/payment"
	"florin/store"
	"florin/vault"
)

// Payments lists a shard's payments, newest first, without children.
func (s *Store) Payments(ctx context.Context, shard int, want store.PaymentQuery) ([]payment.Payment, error) {
	q := newSelection(paymentColumns, "payments", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalText("status", string(want.Status))
	q.equalText("currency", want.Currency)
	q.created(want.CreatedGTE, want.CreatedLT)
	q.amount(want.AmountGTE, want.AmountLTE)
	if want.MetadataKey != "" {
		q.and("details->'metadata'->>? = ?", want.MetadataKey, want.MetaValue)
	}
	return list(ctx, s.shards[shard], q, (*row).payment)
}

// Refunds lists a shard's refunds, newest first.
func (s *Store) Refunds(ctx context.Context, shard int, want store.RefundQuery) ([]payment.Refund, error) {
	q := newSelection(refundColumns, "refunds", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalID("payment", want.Payment)
	q.equalText("status", string(want.Status))
	q.equalText("currency", want.Currency)
	q.created(want.CreatedGTE, want.CreatedLT)
	q.amount(want.AmountGTE, want.AmountLTE)
	return list(ctx, s.shards[shard], q, (*row).refund)
}

// Disputes lists a shard's disputes, newest first.
func (s *Store) Disputes(ctx context.Context, shard int, want store.DisputeQuery) ([]payment.Dispute, error) {
	q := newSelection(disputeColumns, "disputes", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalID("payment", want.Payment)
	q.equalText("status", string(want.Status))
	return list(ctx, s.shards[shard], q, (*row).dispute)
}

// Methods lists a user's payment methods that are not deleted, newest first.
func (s *Store) Methods(ctx context.Context, userID int64, page store.Page) ([]vault.PaymentMethod, error) {
	q := newSelection(methodColumns, "payment_methods", page)
	q.and("user_id = ?", userID)
	q.and("deleted_at IS NULL")
	return list(ctx, s.shards[ident.Shard(userID, len(s.shards))], q, (*row).method)
}
