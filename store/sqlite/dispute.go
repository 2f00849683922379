package sqlite

import (
	"context"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/store"
)

const disputeColumns = `id, id_low, payment, payment_low, attempt, attempt_low, user_id, gateway, reference, amount,
	currency, reason, wallet, exceeds, status, evidence, submission, submission_low, version, inquire_at, inquiries`

var (
	disputes = table[payment.Dispute]{
		defineInsert("disputes", disputeColumns), (*tx).bindDispute, (*conn).updateDispute,
	}
	updateDispute = define(`UPDATE disputes SET status = ?, evidence = ?, submission = ?, submission_low = ?,
		version = ?, inquire_at = ?, inquiries = ? WHERE id = ? AND id_low = ?`)
	selectDispute  = define(`SELECT ` + disputeColumns + ` FROM disputes WHERE id = ? AND id_low = ?`)
	selectDisputes = define(`SELECT ` + disputeColumns + ` FROM disputes WHERE payment = ? ORDER BY id`)
	allDisputes    = define(`SELECT ` + disputeColumns + ` FROM disputes ORDER BY payment, id`)
)

func (t *tx) bindDispute(s *stmt, d *payment.Dispute) error {
	s.bindID(d.ID)
	s.bindID(d.Payment)
	s.bindID(d.Attempt)
	s.bindInt(d.UserID)
	s.bindText(d.Gateway)
	s.bindText(d.Reference)
	s.bindInt(d.Amount.Minor)
	s.bindText(string(d.Amount.Currency))
	s.bindText(d.Reason)
	s.bindInt(d.WalletMinor)
	s.bindBool(d.Exceeds)
	s.bindDisputeState(d)
	return nil
}

func (c *conn) updateDispute(d *payment.Dispute) error {
	s, err := c.query(updateDispute)
	if err != nil {
		return err
	}
	s.bindDisputeState(d)
	s.bindID(d.ID)
	return s.runOne()
}

// bindDisputeState binds the columns from status on.
func (s *stmt) bindDisputeState(d *payment.Dispute) {
	s.bindText(string(d.Status))
	s.bindText(d.Evidence)
	s.bindID(d.Submission)
	s.bindInt(d.Version)
	s.bindIntOrNull(millis(d.Inquiry.At))
	s.bindInt(int64(d.Inquiry.Count))
}

// dispute reads a row of disputeColumns.
func (s *stmt) dispute() (d payment.Dispute, err error) {
	d.ID, d.Payment, d.Attempt = s.id(), s.id(), s.id()
	d.UserID, d.Gateway, d.Reference = s.int(), s.text(), s.text()
	d.Amount = money.Amount{Minor: s.int(), Currency: money.Currency(s.text())}
	d.Reason = s.text()
	d.WalletMinor, d.Exceeds = s.int(), s.bool()
	d.Status = payment.DisputeStatus(s.text())
	d.Evidence = s.text()
	d.Submission = s.id()
	d.Version = s.int()
	d.Inquiry = payment.Inquiry{At: s.time(), Count: int(s.int())}
	return d, nil
}

// Dispute returns a dispute, or ErrNotFound.
func (s *Store) Dispute(ctx context.Context, id ident.ID) (d payment.Dispute, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		d, err = one(c, selectDispute, id, (*stmt).dispute)
		return err
	})
	return d, err
}

// Disputes lists a shard's disputes, newest first.
func (s *Store) Disputes(ctx context.Context, shard int, want store.DisputeQuery) ([]payment.Dispute, error) {
	q := newSelection(disputeColumns, "disputes", want.Page)
	q.equalInt("user_id", want.UserID)
	q.equalText("status", string(want.Status))
	if !want.Payment.IsZero() {
		q.and("payment = ?", want.Payment.High())
		q.and("payment_low = ?", want.Payment.Low())
	}
	return list(ctx, s.shards[shard], q, (*stmt).dispute)
}
