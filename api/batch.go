package api

import (
	"time"

	"florin/flow"
	"florin/payment"
)

// maxBatch is the most payments of a batch.
const maxBatch = 1000

var batchMembers = []string{"payments"}

// createBatch answers POST /api/v1/payments/batch: an item each, in order.
func (c *call) createBatch() error {
	b, err := readItems(c, form[flow.Authorize]{
		members: batchMembers, most: maxBatch, body: maxBatchBody,
		read: func(d *decoder, r *flow.Authorize) string { return d.payment(itemMembers, c.api.cfg.Mode, r) },
		mark: func(r *flow.Authorize) **flow.Idempotency { return &r.Idempotency },
	})
	if err != nil {
		return err
	}
	if c.prefersAsync() && len(b.requests) > 0 {
		return accept(b)
	}
	results := c.api.cfg.Flows.AuthorizeBatch(c.r.Context(), b.requests)
	took := time.Since(c.began)
	for i := range results {
		c.count(results[i].Result, results[i].Err, took)
	}
	b.tell(func(dst []byte, item, n int) ([]byte, bool) {
		r := &results[n]
		switch {
		case r.Err != nil:
			return b.appendItemProblem(dst, item, r.Err), r.Replayed
		case r.Payment.Status == payment.Declined:
			return c.api.appendDecline(appendName(dst, "problem"), &r.Payment), r.Replayed
		}
		return appendPayment(appendName(dst, "payment"), &r.Payment, c.api.live()), r.Replayed
	})
	return nil
}
