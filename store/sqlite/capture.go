package sqlite

import "florin/payment"

const captureColumns = `id, id_low, payment, payment_low, attempt, attempt_low, user_id, amount, status, version`

var (
	captures = table[payment.Capture]{
		defineInsert("captures", captureColumns), (*tx).bindCapture, (*conn).updateCapture,
	}
	updateCapture  = define(`UPDATE captures SET status = ?, version = ? WHERE id = ? AND id_low = ?`)
	selectCaptures = define(`SELECT ` + captureColumns + ` FROM captures WHERE payment = ? ORDER BY id`)
	allCaptures    = define(`SELECT ` + captureColumns + ` FROM captures ORDER BY payment, id`)
)

func (t *tx) bindCapture(s *stmt, v *payment.Capture) error {
	s.bindID(v.ID)
	s.bindID(v.Payment)
	s.bindID(v.Attempt)
	s.bindInt(v.UserID)
	s.bindInt(v.Minor)
	s.bindText(string(v.Status))
	s.bindInt(v.Version)
	return nil
}

func (c *conn) updateCapture(v *payment.Capture) error {
	s, err := c.query(updateCapture)
	if err != nil {
		return err
	}
	s.bindText(string(v.Status))
	s.bindInt(v.Version)
	s.bindID(v.ID)
	return s.runOne()
}

// capture reads a row of captureColumns.
func (s *stmt) capture() (v payment.Capture, err error) {
	v.ID, v.Payment, v.Attempt = s.id(), s.id(), s.id()
	v.UserID, v.Minor = s.int(), s.int()
	v.Status, v.Version = payment.OperationStatus(s.text()), s.int()
	return v, nil
}
