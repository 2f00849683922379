package sqlite

import (
	"context"
	"errors"

	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// attemptRoom is what an attempt's row grows by when the gateway has answered:
// its reference, mostly.
const attemptRoom = "                                            "

const attemptColumns = `id, id_low, payment, payment_low, user_id, gateway, method, amount, root, root_low,
	outcome, reason, reference, answered_at, inquire_at, inquiries, expires_at, reversal, reversal_low, reversal_status,
	reversal_rest`

var (
	attempts = table[payment.Attempt]{
		defineInsert("attempts", attemptColumns+", room"), (*tx).bindAttempt, (*conn).updateAttempt,
	}
	updateAttempt = define(`UPDATE attempts SET outcome = ?, reason = ?, reference = ?, answered_at = ?, inquire_at = ?,
		inquiries = ?, expires_at = ?, reversal = ?, reversal_low = ?, reversal_status = ?, reversal_rest = ?, room = NULL
		WHERE id = ? AND id_low = ?`)
	// settleAttempt is what nearly every attempt needs. What of it is indexed stays,
	// or is no more.
	settleAttempt = define(`UPDATE attempts SET outcome = ?, reason = ?, reference = ?, answered_at = ?, inquire_at = NULL,
		inquiries = ?, room = NULL WHERE id = ? AND id_low = ? AND expires_at IS NULL AND reversal IS NULL`)
	selectAttempts = define(`SELECT ` + attemptColumns + ` FROM attempts WHERE payment = ? ORDER BY id`)
	allAttempts    = define(`SELECT ` + attemptColumns + ` FROM attempts ORDER BY payment, id`)
	paymentOf      = [...]query{
		define(`SELECT payment, payment_low FROM attempts WHERE id = ? AND id_low = ?`),
		define(`SELECT payment, payment_low FROM refunds WHERE id = ? AND id_low = ?`),
		define(`SELECT payment, payment_low FROM captures WHERE id = ? AND id_low = ?`),
		define(`SELECT payment, payment_low FROM attempts WHERE reversal = ? AND reversal_low = ?`),
	}
)

func (t *tx) bindAttempt(s *stmt, a *payment.Attempt) error {
	s.bindID(a.ID)
	s.bindID(a.Payment)
	s.bindInt(a.UserID)
	s.bindText(a.Gateway)
	s.bindText(a.Method)
	s.bindInt(a.Minor)
	s.bindID(a.Root)
	s.bindAttemptState(a)
	s.bindRoom(a.Outcome == payment.OutcomePending, attemptRoom)
	return nil
}

func (c *conn) updateAttempt(a *payment.Attempt) error {
	if a.Inquiry.At.IsZero() && a.ExpiresAt.IsZero() && a.Reversal == nil {
		if err := c.settleAttempt(a); !errors.Is(err, store.ErrRefused) {
			return err
		}
	}
	s, err := c.query(updateAttempt)
	if err != nil {
		return err
	}
	s.bindAttemptState(a)
	s.bindID(a.ID)
	return s.runOne()
}

// settleAttempt writes the state of an attempt that there is nothing left to do
// about. It is refused where there was more than an inquiry to be done.
func (c *conn) settleAttempt(a *payment.Attempt) error {
	s, err := c.query(settleAttempt)
	if err != nil {
		return err
	}
	s.bindText(string(a.Outcome))
	s.bindText(string(a.Reason))
	s.bindText(a.Reference)
	s.bindInt(millis(a.AnsweredAt))
	s.bindInt(int64(a.Inquiry.Count))
	s.bindID(a.ID)
	return s.runOne()
}

// bindAttemptState binds the columns from outcome on.
func (s *stmt) bindAttemptState(a *payment.Attempt) {
	s.bindText(string(a.Outcome))
	s.bindText(string(a.Reason))
	s.bindText(a.Reference)
	s.bindInt(millis(a.AnsweredAt))
	s.bindIntOrNull(millis(a.Inquiry.At))
	s.bindInt(int64(a.Inquiry.Count))
	s.bindIntOrNull(millis(a.ExpiresAt))
	if a.Reversal == nil {
		s.bindNull()
		s.bindNull()
		s.bindNull()
		s.bindNull()
		return
	}
	s.bindID(a.Reversal.ID)
	s.bindText(string(a.Reversal.Status))
	s.bindBool(a.Reversal.Rest)
}

// attempt reads a row of attemptColumns.
func (s *stmt) attempt() (a payment.Attempt, err error) {
	a.ID, a.Payment, a.UserID = s.id(), s.id(), s.int()
	a.Gateway, a.Method, a.Minor = s.text(), s.text(), s.int()
	a.Root = s.id()
	a.Outcome = payment.Outcome(s.text())
	a.Reason = problem.Code(s.text())
	a.Reference = s.text()
	a.AnsweredAt = s.time()
	a.Inquiry = payment.Inquiry{At: s.time(), Count: int(s.int())}
	a.ExpiresAt = s.time()
	if !s.isNull() {
		a.Reversal = &payment.Reversal{ID: s.id(), Status: payment.OperationStatus(s.text()), Rest: s.bool()}
	}
	return a, nil
}

// PaymentOf returns the payment of an attempt, a capture, a refund or a reversal.
func (s *Store) PaymentOf(ctx context.Context, operation ident.ID) (id ident.ID, err error) {
	err = s.of(operation).read(ctx, func(c *conn) error {
		for _, q := range paymentOf {
			if id, err = one(c, q, operation, (*stmt).idRow); !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return err
	})
	return id, err
}

func (s *stmt) idRow() (ident.ID, error) { return s.id(), nil }
