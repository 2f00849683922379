package api

import (
	"net/http"
	"strconv"
	"time"

	"florin/flow"
	"florin/payment"
	"florin/problem"
)

// maxBatch is the most payments of a batch.
const maxBatch = 1000

var batchMembers = []string{"payments"}

// batch is a batch's request as it was read: each item is a payment to ask for,
// or what is wrong with it.
type batch struct {
	call     *call
	header   string // the request's idempotency key
	own      bool   // an item has a key of its own
	requests []flow.Authorize
	problems []*problem.Problem // by item; nil for one that is in requests
	wellMade bool               // the body is known to be valid JSON
}

// createBatch answers POST /api/v1/payments/batch: an item each, in order. What
// is wrong with one item stops no other.
func (c *call) createBatch() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	b := batch{call: c, header: key}
	if err := c.decode(maxBatchBody, false, b.read); err != nil {
		return err
	}
	if b.own && key != "" {
		err := problem.New(problem.IdempotencyKeyConflict,
			"the batch has an Idempotency-Key, and so has an item: use one of the two")
		err.Param = keyHeader
		return err
	}
	if c.prefersAsync() && len(b.requests) > 0 {
		return b.accept()
	}
	results := c.api.cfg.Flows.AuthorizeBatch(c.r.Context(), b.requests)
	took := time.Since(c.began)
	for i := range results {
		c.count(results[i].Result, results[i].Err, took)
	}
	b.tell(results)
	return nil
}

// read reads the envelope and its items.
func (b *batch) read(d *decoder) {
	d.members(batchMembers, func(string) {
		d.array(func(index int) {
			if index == maxBatch {
				d.depth-- // it is about the array
				d.invalid("has more than %d payments", maxBatch)
				return
			}
			b.readItem(d, index)
		})
	})
	if d.err == nil && len(b.problems) == 0 {
		d.invalidMember("payments", "must have 1 to %d payments", maxBatch)
	}
}

// readItem reads one item. What is wrong in it is its own matter, as long as the
// body is JSON.
func (b *batch) readItem(d *decoder, index int) {
	d.peek()
	start, depth := d.pos, d.depth
	var r flow.Authorize
	key := d.payment(itemMembers, b.call.api.cfg.Mode, &r)
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
func (b *batch) tell(results []flow.BatchResult) {
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
			out = c.appendResult(out, i, &results[answers])
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

// appendResult appends an item's payment or problem.
func (c *call) appendResult(dst []byte, index int, r *flow.BatchResult) []byte {
	switch {
	case r.Err != nil:
		p := c.api.public(r.Err, c)
		if p.Param != "" && p.Param != keyHeader {
			p = p.In("payments[" + strconv.Itoa(index) + "]")
		}
		return appendProblem(appendName(dst, "problem"), p, c.requestID)
	case r.Payment.Status == payment.Declined:
		return c.api.appendDecline(appendName(dst, "problem"), &r.Payment)
	default:
		return appendPayment(appendName(dst, "payment"), &r.Payment, c.api.live())
	}
}
