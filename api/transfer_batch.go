package api

import (
	"errors"
	"net/http"
	"strconv"

	"florin/flow"
	"florin/problem"
)

// maxTransfers is the most transfers of a batch.
const maxTransfers = 10_000

var transferBatchMembers = []string{"transfers"}

// transferBatch is a batch's request as it was read: each item is a transfer to
// make, or what is wrong with it.
type transferBatch struct {
	call     *call
	header   string // the request's idempotency key
	own      bool   // an item has a key of its own
	requests []flow.Transfer
	problems []*problem.Problem // by item; nil for one that is in requests
	wellMade bool               // the body is known to be valid JSON
}

// createTransferBatch answers POST /api/v1/transfers/batch: an item each, in
// order. What is wrong with one item stops no other.
func (c *call) createTransferBatch() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	b := transferBatch{call: c, header: key}
	if err := c.decode(maxTransfersBody, false, b.read); err != nil {
		return err
	}
	if b.own && key != "" {
		err := problem.New(problem.IdempotencyKeyConflict,
			"the batch has an Idempotency-Key, and so has an item: use one of the two")
		err.Param = keyHeader
		return err
	}
	b.tell(c.api.cfg.Flows.TransferBatch(c.r.Context(), b.requests))
	return nil
}

// read reads the envelope and its items.
func (b *transferBatch) read(d *decoder) {
	d.members(transferBatchMembers, func(string) {
		d.array(func(index int) {
			if index == maxTransfers {
				d.depth-- // it is about the array
				d.invalid("has more than %d transfers", maxTransfers)
				return
			}
			b.readItem(d, index)
		})
	})
	if d.err == nil && len(b.problems) == 0 {
		d.invalidMember("transfers", "must have 1 to %d transfers", maxTransfers)
	}
}

// readItem reads one item. What is wrong in it is its own matter, as long as the
// body is JSON.
func (b *transferBatch) readItem(d *decoder, index int) {
	d.peek()
	start, depth := d.pos, d.depth
	var r flow.Transfer
	key := d.transfer(transferItemMembers, &r)
	failed := d.err
	if failed != nil {
		if !b.wellMade && !d.isJSON() {
			return
		}
		b.wellMade = true
		d.err, d.pos, d.depth = nil, start, depth
		d.skip()
	}
	b.problems = append(b.problems, failed)
	b.own = b.own || key != ""
	if failed != nil {
		return
	}
	if key == "" && b.header != "" {
		key = b.header + ":" + strconv.Itoa(index)
	}
	r.Idempotency = b.call.idempotency(key, d.data[start:d.pos])
	b.requests = append(b.requests, r)
}

// tell answers with what became of each item.
func (b *transferBatch) tell(results []flow.TransferResult) {
	c := b.call
	out := append(c.out[:0], `{"object":"list","data":[`...)
	replays, answers := 0, 0
	for i, wrong := range b.problems {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"index":`...)
		out = strconv.AppendInt(out, int64(i), 10)
		if wrong != nil {
			out = appendProblem(appendName(out, "problem"), wrong, c.requestID)
		} else {
			out = c.appendTransferResult(out, i, &results[answers])
			if results[answers].Replayed {
				replays++
			}
			answers++
		}
		out = append(out, '}')
	}
	c.out = append(out, ']', '}')
	c.markReplayed(replays > 0 && replays == answers)
	c.send(http.StatusOK, jsonType)
}

// appendTransferResult appends an item's transfer or problem.
func (c *call) appendTransferResult(dst []byte, index int, r *flow.TransferResult) []byte {
	if r.Err == nil {
		return appendTransfer(appendName(dst, "transfer"), &r.Transfer, c.api.live())
	}
	dst = appendName(dst, "problem")
	var declined *problem.Problem
	if errors.As(r.Err, &declined) && declined.Code.IsDecline() {
		return appendDeclined(dst, declined)
	}
	p := c.api.public(r.Err, c)
	if p.Param != "" && p.Param != keyHeader {
		p = p.In("transfers[" + strconv.Itoa(index) + "]")
	}
	return appendProblem(dst, p, c.requestID)
}
