package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// paymentRoom is what a payment's row grows by when it succeeds.
const paymentRoom = "            "

const paymentColumns = `id, id_low, user_id, amount, currency, capture_method, purpose, details,
	status, reason, version, payment_method, attempt, attempt_low, gateway,
	action_url, authorized, capture_pending, captured, refund_pending, refunded, disputed, answered_version, answered`

var (
	payments = table[payment.Payment]{
		defineInsert("payments", paymentColumns+", generation, room"), (*tx).bindPayment, (*conn).updatePayment,
	}
	updatePayment = define(`UPDATE payments SET status = ?, reason = ?, version = ?, payment_method = ?, attempt = ?,
		attempt_low = ?, gateway = ?, action_url = ?, authorized = ?, capture_pending = ?, captured = ?, refund_pending = ?,
		refunded = ?, disputed = ?, answered_version = ?, answered = ?, details = ?, room = NULL WHERE id = ? AND id_low = ?`)
	selectPayment = define(`SELECT ` + paymentColumns + ` FROM payments WHERE id = ? AND id_low = ?`)
	allPayments   = define(`SELECT ` + paymentColumns + ` FROM payments ORDER BY id`)
)

func (t *tx) bindPayment(s *stmt, p *payment.Payment) error {
	s.bindID(p.ID)
	s.bindInt(p.UserID)
	s.bindInt(p.Amount.Minor)
	s.bindText(string(p.Amount.Currency))
	s.bindText(string(p.CaptureMethod))
	s.bindText(string(p.Purpose))
	if err := s.bindDetails(p.Details); err != nil {
		return err
	}
	if err := s.bindPaymentState(p); err != nil {
		return err
	}
	s.bindInt(t.counters.payment / generationSize)
	t.counters.payment++
	s.bindRoom(p.Status == payment.Processing, paymentRoom)
	return nil
}

func (c *conn) updatePayment(p *payment.Payment) error {
	s, err := c.query(updatePayment)
	if err != nil {
		return err
	}
	if err := s.bindPaymentState(p); err != nil {
		return err
	}
	if err := s.bindDetails(p.Details); err != nil {
		return err
	}
	s.bindID(p.ID)
	return s.runOne()
}

// bindPaymentState binds the columns from status to answered.
func (s *stmt) bindPaymentState(p *payment.Payment) error {
	s.bindText(string(p.Status))
	s.bindText(string(p.Reason))
	s.bindInt(p.Version)
	s.bindText(p.PaymentMethod)
	s.bindID(p.Attempt)
	s.bindText(p.Gateway)
	s.bindText(p.ActionURL)
	s.bindInt(p.AuthorizedMinor)
	s.bindInt(p.CapturePendingMinor)
	s.bindInt(p.CapturedMinor)
	s.bindInt(p.RefundPendingMinor)
	s.bindInt(p.RefundedMinor)
	s.bindInt(p.DisputedMinor)
	s.bindInt(p.AnsweredVersion)
	return s.bindState(p.Answered)
}

func (s *stmt) bindState(state *payment.State) error {
	if state == nil {
		s.bindNull()
		return nil
	}
	return s.bindJSON(state)
}

// state reads what bindState wrote.
func (s *stmt) state() (*payment.State, error) {
	text := s.view()
	if text == nil {
		return nil, nil
	}
	state := &payment.State{}
	return state, json.Unmarshal(text, state)
}

func (s *stmt) bindDetails(d payment.Details) error {
	if d.IsZero() {
		s.bindNull()
		return nil
	}
	return s.bindJSON(d)
}

func (s *stmt) bindJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrRefused, err)
	}
	s.bindBytes(text)
	return nil
}

// payment reads a row of paymentColumns, without children.
func (s *stmt) payment() (p payment.Payment, err error) {
	p.ID = s.id()
	p.UserID = s.int()
	p.Amount = money.Amount{Minor: s.int(), Currency: money.Currency(s.text())}
	p.CaptureMethod = payment.CaptureMethod(s.text())
	p.Purpose = payment.Purpose(s.text())
	if details := s.view(); details != nil {
		if err := json.Unmarshal(details, &p.Details); err != nil {
			return p, fmt.Errorf("details of payment %s: %w", p.ID.Text(ident.Payment), err)
		}
	}
	p.Status = payment.Status(s.text())
	p.Reason = problem.Code(s.text())
	p.Version = s.int()
	p.PaymentMethod = s.text()
	p.Attempt = s.id()
	p.Gateway = s.text()
	p.ActionURL = s.text()
	p.AuthorizedMinor = s.int()
	p.CapturePendingMinor = s.int()
	p.CapturedMinor = s.int()
	p.RefundPendingMinor = s.int()
	p.RefundedMinor = s.int()
	p.DisputedMinor = s.int()
	p.AnsweredVersion = s.int()
	if p.Answered, err = s.state(); err != nil {
		err = fmt.Errorf("answer of payment %s: %w", p.ID.Text(ident.Payment), err)
	}
	return p, err
}

// payment reads a payment with its children, or returns ErrNotFound.
func (c *conn) payment(id ident.ID) (payment.Payment, error) {
	p, err := one(c, selectPayment, id, (*stmt).payment)
	if err != nil {
		return p, err
	}
	if p.Attempts, err = childrenOf(c, selectAttempts, id, (*stmt).attempt); err != nil {
		return p, err
	}
	if p.Captures, err = childrenOf(c, selectCaptures, id, (*stmt).capture); err != nil {
		return p, err
	}
	if p.Refunds, err = childrenOf(c, selectRefunds, id, (*stmt).refund); err != nil {
		return p, err
	}
	p.Disputes, err = childrenOf(c, selectDisputes, id, (*stmt).dispute)
	return p, err
}

// one reads the row of an id, or returns ErrNotFound.
func one[T any](c *conn, q query, id ident.ID, read func(*stmt) (T, error)) (row T, err error) {
	s, err := c.query(q)
	if err != nil {
		return row, err
	}
	defer s.reset()
	s.bindID(id)
	found, err := s.step()
	if err != nil {
		return row, err
	}
	if !found {
		return row, store.ErrNotFound
	}
	return read(s)
}

// childrenOf reads the rows of a payment, oldest first.
func childrenOf[T any](c *conn, q query, id ident.ID, read func(*stmt) (T, error)) ([]T, error) {
	s, err := c.query(q)
	if err != nil {
		return nil, err
	}
	s.bindInt(id.High())
	return collect(s, nil, read)
}

// Payment returns a payment with its children, or ErrNotFound.
func (s *Store) Payment(ctx context.Context, id ident.ID) (p payment.Payment, err error) {
	err = s.of(id).read(ctx, func(c *conn) error {
		return c.inReadTx(func() error {
			p, err = c.payment(id)
			return err
		})
	})
	return p, err
}

// of returns the shard of an id.
func (s *Store) of(id ident.ID) *shard { return s.shards[id.Shard(len(s.shards))] }

// Payments lists a shard's payments, newest first, without children.
func (s *Store) Payments(ctx context.Context, shard int, want store.PaymentQuery) ([]payment.Payment, error) {
	q := newSelection(paymentColumns, "payments", want.Page)
	q.equalText("status", string(want.Status))
	q.equalText("currency", want.Currency)
	q.created(want.CreatedGTE, want.CreatedLT)
	q.amount(want.AmountGTE, want.AmountLTE)
	if want.MetadataKey != "" {
		q.and("EXISTS (SELECT 1 FROM json_each(details, '$.metadata') AS m WHERE m.key = ? AND m.value = ?)",
			want.MetadataKey, want.MetaValue)
	}
	if want.UserID == 0 {
		return list(ctx, s.shards[shard], q, (*stmt).payment)
	}
	var rows []payment.Payment
	err := s.shards[shard].read(ctx, func(c *conn) error {
		return c.inReadTx(func() (err error) {
			rows, err = c.paymentsOf(want.UserID, q)
			return err
		})
	})
	if q.ascending {
		slices.Reverse(rows)
	}
	return rows, err
}

func (t *tx) loadPayments(ids []ident.ID, into map[ident.ID]payment.Payment) error {
	sh := t.sh
	for _, id := range ids {
		if p, ok := sh.recent.get(id); ok {
			into[id] = p
			continue
		}
		p, err := sh.writer.payment(id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		into[id] = p
		if sh.caching() {
			sh.recent.put(p)
		}
	}
	return nil
}
