package postgres

import (
	"context"
	"fmt"

	"florin/ident"
	"florin/payment"
	"florin/problem"
)

// attemptColumns are what (*row).attempt reads.
const attemptColumns = `id, payment, user_id, gateway, method, amount, root, outcome, reason, reference, answered_at,
	inquire_at, inquiries, expires_at, reversal, reversal_status, reversal_rest`

const attemptState = `outcome text, reason text, reference text, answered_at timestamptz, inquire_at timestamptz,
	inquiries int4, expires_at timestamptz, reversal uuid, reversal_status text, reversal_rest bool`

var attempts = table[payment.Attempt]{
	insert: defineInsert("attempts",
		"id uuid, payment uuid, user_id int8, gateway text, method text, amount int8, root uuid, "+attemptState),
	update: defineUpdate("attempts", 1, "id uuid, "+attemptState),
	bind: func(c *columns, a *payment.Attempt) {
		c.id(a.ID)
		c.id(a.Payment)
		c.int(a.UserID)
		c.text(a.Gateway)
		c.text(a.Method)
		c.int(a.Minor)
		c.id(a.Root)
		c.attemptState(a)
	},
	rebind: func(c *columns, a *payment.Attempt) {
		c.id(a.ID)
		c.attemptState(a)
	},
}

func (c *columns) attemptState(a *payment.Attempt) {
	c.text(string(a.Outcome))
	c.text(string(a.Reason))
	c.text(a.Reference)
	c.time(a.AnsweredAt)
	c.time(a.Inquiry.At)
	c.small(a.Inquiry.Count)
	c.time(a.ExpiresAt)
	if a.Reversal == nil {
		c.null()
		c.null()
		c.null()
		return
	}
	c.id(a.Reversal.ID)
	c.text(string(a.Reversal.Status))
	c.bool(a.Reversal.Rest)
}

// attempt reads a row of attemptColumns.
func (r *row) attempt() (a payment.Attempt) {
	a.ID, a.Payment, a.UserID = r.id(), r.id(), r.int()
	a.Gateway, a.Method, a.Minor, a.Root = r.text(), r.text(), r.int(), r.id()
	a.Outcome, a.Reason, a.Reference = payment.Outcome(r.text()), problem.Code(r.text()), r.text()
	a.AnsweredAt = r.time()
	a.Inquiry = payment.Inquiry{At: r.time(), Count: r.small()}
	a.ExpiresAt = r.time()
	if r.isNull() {
		r.next += 3
		return a
	}
	a.Reversal = &payment.Reversal{ID: r.id(), Status: payment.OperationStatus(r.text()), Rest: r.bool()}
	return a
}

const (
	selectAttempts = `SELECT ` + attemptColumns + ` FROM attempts WHERE payment = $1 ORDER BY id`

	selectPaymentOf = `SELECT payment FROM attempts WHERE id = $1
		UNION ALL SELECT payment FROM refunds WHERE id = $1
		UNION ALL SELECT payment FROM captures WHERE id = $1
		UNION ALL SELECT payment FROM attempts WHERE reversal = $1
		LIMIT 1`
)

// PaymentOf returns the payment of an attempt, a capture, a refund or a reversal.
func (s *Store) PaymentOf(ctx context.Context, operation ident.ID) (id ident.ID, err error) {
	err = s.of(operation).read(ctx, func(c *reader) error {
		id, err = one(ctx, c, (*row).id, selectPaymentOf, operation)
		return err
	})
	if err != nil {
		err = fmt.Errorf("payment of an operation: %w", err)
	}
	return id, err
}
