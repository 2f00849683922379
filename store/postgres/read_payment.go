package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

var (
	beginReading = define(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`)
	endReading   = define(`COMMIT`)
	readPayment  = define(selectPayment, pgtype.UUIDOID)
	readAttempts = define(selectAttempts, pgtype.UUIDOID)
	readCaptures = define(selectCaptures, pgtype.UUIDOID)
	readRefunds  = define(selectRefunds, pgtype.UUIDOID)
	readDisputes = define(selectDisputes, pgtype.UUIDOID)
)

// Payment returns a payment with its children, or ErrNotFound. They are of one
// state, and read in one round trip.
func (s *Store) Payment(ctx context.Context, id ident.ID) (p payment.Payment, err error) {
	sh := s.of(id)
	var own []payment.Payment
	var line pipe
	line.queue(beginReading, nil)
	line.queue(readPayment, into(&own, (*row).payment), idParam(id))
	line.queue(readAttempts, into(&p.Attempts, (*row).attempt), idParam(id))
	line.queue(readCaptures, into(&p.Captures, (*row).capture), idParam(id))
	line.queue(readRefunds, into(&p.Refunds, (*row).refund), idParam(id))
	line.queue(readDisputes, into(&p.Disputes, (*row).dispute), idParam(id))
	line.queue(endReading, nil)
	err = sh.from(ctx, func(c *conn) error {
		own, p = nil, payment.Payment{}
		_, _, err := c.send(ctx, &line, !sh.own().Unprepared)
		if err == nil && len(own) == 0 {
			err = store.ErrNotFound
		}
		return err
	})
	if err != nil {
		return payment.Payment{}, sh.wrap(err)
	}
	own[0].Attempts, own[0].Captures, own[0].Refunds, own[0].Disputes = p.Attempts, p.Captures, p.Refunds, p.Disputes
	return own[0], nil
}

// into appends a statement's rows to a list.
func into[T any](list *[]T, read func(*row) T) func(*row) error {
	return func(r *row) error {
		*list = append(*list, read(r))
		return nil
	}
}
