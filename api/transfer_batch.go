package api

import (
	"errors"

	"florin/flow"
	"florin/problem"
)

// maxTransfers is the most transfers of a batch.
const maxTransfers = 10_000

var transferBatchMembers = []string{"transfers"}

// createTransferBatch answers POST /api/v1/transfers/batch: an item each, in
// order.
func (c *call) createTransferBatch() error {
	b, err := readItems(c, form[flow.Transfer]{
		members: transferBatchMembers, most: maxTransfers, body: maxTransfersBody,
		read: func(d *decoder, r *flow.Transfer) string { return d.transfer(transferItemMembers, r) },
		mark: func(r *flow.Transfer) **flow.Idempotency { return &r.Idempotency },
	})
	if err != nil {
		return err
	}
	results := c.api.cfg.Flows.TransferBatch(c.r.Context(), b.requests)
	b.tell(func(dst []byte, item, n int) ([]byte, bool) {
		r := &results[n]
		var declined *problem.Problem
		switch {
		case r.Err == nil:
			dst = appendTransfer(appendName(dst, "transfer"), &r.Transfer, c.api.live())
		case errors.As(r.Err, &declined) && declined.Code.IsDecline():
			dst = appendDeclined(appendName(dst, "problem"), declined)
		default:
			dst = b.appendItemProblem(dst, item, r.Err)
		}
		return dst, r.Replayed
	})
	return nil
}
