package sqlite

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

const refundColumns = `id, id_low, payment, payment_low, attempt, attempt_low, user_id, gateway, amount, currency,
	status, reason, reference, answered_at, version, inquire_at, inquiries`

var (
	refunds = table[payment.Refund]{
		defineInsert("refunds", refundColumns), (*tx).bindRefund, (*conn).updateRefund,
	}
	updateRefund = define(`UPDATE refunds SET status = ?, reason = ?, reference = ?, answered_at = ?, version = ?,
		inquire_at = ?, inquiries = ? WHERE id = ? AND id_low = ?`)
	selectRefund  = define(`SELECT ` + refundColumns + ` FROM refunds WHERE id = ? AND id_low = ?`)
	selectRefunds = define(`SELECT ` + refundColumns + ` FROM refunds WHERE payment = ? ORDER BY id`)
	allRefunds    = define(`SELECT ` + refundColumns + ` FROM refunds ORDER BY payment, id`)
)

func (t *tx) bindRefund(s *stmt, r *payment.Refund) error {
	s.bindID(r.ID)
	s.bindID(r.Payment)
	s.bindID(r.Attempt)
	s.bindInt(r.UserID)
	s.bindText(r.Gateway)
	s.bindInt(r.Amount.Minor)
	s.bindText(string(r.Amount.Currency))
	s.bindRefundState(r)
	return nil
}

func (c *conn) updateRefund(r *payment.Refund) error {
	s, err := c.query(updateRefund)
	if err != nil {
		return err
	}
	s.bindRefundState(r)
	s.bindID(r.ID)
	return s.runOne()
}

// bindRefundState binds the columns from status on.
func (s *stmt) bindRefundState(r *payment.Refund) {
	s.bindText(string(r.Status))
	s.bindText(string(r.Reason))
	s.bindText(r.Reference)
	s.bindInt(millis(r.AnsweredAt))
	s.bindInt(r.Version)
	s.bindIntOrNull(millis(r.Inquiry.At))
	s.bindInt(int64(r.Inquiry.Count))
}

// refund reads a row of refundColumns.
func (s *stmt) refund() (r payment.Refund, err error) {
	r.ID, r.Payment, r.Attempt = s.id(), s.id(), s.id()
	r.UserID, r.Gateway = s.int(), s.text()
	r.Amount = money.Amount{Minor: s.int(), Currency: money.Currency(s.text())}
	r.Status = payment.OperationStatus(s.text())
	r.Reason = problem.Code(s.text())
	r.Reference = s.text()
	r.AnsweredAt = s.time()
	r.Version = s.int()
	r.Inquiry = payment.Inquiry{At: s.time(), Count: int(s.int())}
	return r, nil
}

// Refund returns a refund, or ErrNotFound.
func (s *Store) Refund(ctx context.Context, id ident.ID) (r payment.Refund, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		r, err = one(c, selectRefund, id, (*stmt).refund)
		return err
	})
	return r, err
}

// Refunds lists a shard's refunds, newest first.
func (s *Store) Refunds(ctx context.Context, shard int, want store.RefundQuery) ([]payment.Refund, error) {
	q := newSelection(refundColumns, "refunds", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalText("status", string(want.Status))
	q.equalText("currency", want.Currency)
	q.created(want.CreatedGTE, want.CreatedLT)
	q.amount(want.AmountGTE, want.AmountLTE)
	if !want.Payment.IsZero() {
		q.and("payment = ?", want.Payment.High())
		q.and("payment_low = ?", want.Payment.Low())
	}
	return list(ctx, s.shards[shard], q, (*stmt).refund)
}
