package postgres

import (
	"context"
	"slices"

	"florin/ident"
	"florin/payment"
)

// children is the query for what belongs to payments behind one ($1) and up to
// another ($2).
func children(columns, table string) string {
	return "SELECT " + columns + " FROM " + table + " WHERE payment > $1 AND payment <= $2 ORDER BY payment, id"
}

var (
	allPayments = byID(paymentColumns, "payments")
	allAttempts = children(attemptColumns, "attempts")
	allCaptures = children(captureColumns, "captures")
	allRefunds  = children(refundColumns, "refunds")
	allDisputes = children(disputeColumns, "disputes")
)

// lastID is behind every id.
var lastID = ident.FromHalves(1<<60-1, -1)

// Payments visits every payment with its children. Children whose payment is
// missing are visited in its place, under a payment that has nothing but its id.
func (v *snapshot) Payments(ctx context.Context, visit func(payment.Payment) error) error {
	for from, more := (ident.ID{}), true; more; {
		list, err := rows(ctx, v, (*row).payment, allPayments, from, int64(chunk))
		if err != nil {
			return err
		}
		to := lastID
		if more = len(list) == chunk; more {
			to = list[len(list)-1].ID
		}
		if list, err = v.adopt(ctx, list, from, to); err != nil {
			return err
		}
		for i := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := visit(list[i]); err != nil {
				return err
			}
		}
		from = to
	}
	return nil
}

// adopt gives a stretch of payments their children, and adds a payment for each
// orphan.
func (v *snapshot) adopt(ctx context.Context, list []payment.Payment, from, to ident.ID) ([]payment.Payment, error) {
	at := make(map[ident.ID]int, len(list))
	for i := range list {
		at[list[i].ID] = i
	}
	parent := func(id ident.ID) *payment.Payment {
		i, ok := at[id]
		if !ok {
			i = len(list)
			at[id] = i
			list = append(list, payment.Payment{ID: id})
		}
		return &list[i]
	}
	attempts, err := rows(ctx, v, (*row).attempt, allAttempts, from, to)
	if err != nil {
		return nil, err
	}
	for _, a := range attempts {
		p := parent(a.Payment)
		p.Attempts = append(p.Attempts, a)
	}
	captures, err := rows(ctx, v, (*row).capture, allCaptures, from, to)
	if err != nil {
		return nil, err
	}
	for _, c := range captures {
		p := parent(c.Payment)
		p.Captures = append(p.Captures, c)
	}
	refunds, err := rows(ctx, v, (*row).refund, allRefunds, from, to)
	if err != nil {
		return nil, err
	}
	for _, r := range refunds {
		p := parent(r.Payment)
		p.Refunds = append(p.Refunds, r)
	}
	disputes, err := rows(ctx, v, (*row).dispute, allDisputes, from, to)
	if err != nil {
		return nil, err
	}
	for _, d := range disputes {
		p := parent(d.Payment)
		p.Disputes = append(p.Disputes, d)
	}
	slices.SortFunc(list, func(a, b payment.Payment) int { return a.ID.Compare(b.ID) })
	return list, nil
}
