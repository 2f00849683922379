package sqlite

import (
	"fmt"

	"florin/ident"
	"florin/payment"
	"florin/problem"
)

const captureColumns = `id, id_low, payment, payment_low, attempt, attempt_low, user_id, amount, final,
	status, reason, reference, answered_at, version, inquire_at, inquiries, told`

var (
	captures = table[payment.Capture]{
		defineInsert("captures", captureColumns), (*tx).bindCapture, (*conn).updateCapture,
	}
	updateCapture = define(`UPDATE captures SET status = ?, reason = ?, reference = ?, answered_at = ?, version = ?,
		inquire_at = ?, inquiries = ?, told = ? WHERE id = ? AND id_low = ?`)
	selectCaptures = define(`SELECT ` + captureColumns + ` FROM captures WHERE payment = ? ORDER BY id`)
	allCaptures    = define(`SELECT ` + captureColumns + ` FROM captures ORDER BY payment, id`)
)

func (t *tx) bindCapture(s *stmt, v *payment.Capture) error {
	s.bindID(v.ID)
	s.bindID(v.Payment)
	s.bindID(v.Attempt)
	s.bindInt(v.UserID)
	s.bindInt(v.Minor)
	s.bindBool(v.Final)
	return s.bindCaptureState(v)
}

func (c *conn) updateCapture(v *payment.Capture) error {
	s, err := c.query(updateCapture)
	if err != nil {
		return err
	}
	if err := s.bindCaptureState(v); err != nil {
		return err
	}
	s.bindID(v.ID)
	return s.runOne()
}

// bindCaptureState binds the columns from status on.
func (s *stmt) bindCaptureState(v *payment.Capture) error {
	s.bindText(string(v.Status))
	s.bindText(string(v.Reason))
	s.bindText(v.Reference)
	s.bindInt(millis(v.AnsweredAt))
	s.bindInt(v.Version)
	s.bindIntOrNull(millis(v.Inquiry.At))
	s.bindInt(int64(v.Inquiry.Count))
	return s.bindState(v.Told)
}

// capture reads a row of captureColumns.
func (s *stmt) capture() (v payment.Capture, err error) {
	v.ID, v.Payment, v.Attempt = s.id(), s.id(), s.id()
	v.UserID, v.Minor, v.Final = s.int(), s.int(), s.bool()
	v.Status = payment.OperationStatus(s.text())
	v.Reason = problem.Code(s.text())
	v.Reference = s.text()
	v.AnsweredAt = s.time()
	v.Version = s.int()
	v.Inquiry = payment.Inquiry{At: s.time(), Count: int(s.int())}
	if v.Told, err = s.state(); err != nil {
		err = fmt.Errorf("answer of capture %s: %w", v.ID.Text(ident.Capture), err)
	}
	return v, err
}
