package api

import (
	"net/http"
	"strconv"
	"strings"

	"florin/flow"
	"florin/ident"
	"florin/payment"
)

// Batch is a batch that was accepted, as JSON tells it.
type Batch struct {
	ID          string  `json:"id" example:"batch_0192f3a4b5c67d008123456789abcdef"`
	Object      string  `json:"object" enum:"batch"`
	Status      string  `json:"status" enum:"processing,completed"`
	Total       int     `json:"total" doc:"How many items it has."`
	Succeeded   int     `json:"succeeded" doc:"How many have a payment that was not declined."`
	Declined    int     `json:"declined"`
	Failed      int     `json:"failed" doc:"How many have a problem and no payment."`
	Livemode    bool    `json:"livemode"`
	CreatedAt   string  `json:"created_at" format:"date-time"`
	CompletedAt *string `json:"completed_at" format:"date-time"`
}

func (a *API) batch(b payment.Batch) Batch {
	return Batch{
		ID: b.ID.Text(ident.Batch), Object: "batch", Status: string(b.Status), Total: b.Total, Succeeded: b.Succeeded,
		Declined: b.Declined, Failed: b.Failed, Livemode: a.live(), CreatedAt: timeText(b.ID.Time()),
		CompletedAt: optionalTime(b.CompletedAt),
	}
}

// BatchItemResult is what became of an item of a batch that was accepted.
type BatchItemResult struct {
	Index   int      `json:"index" minimum:"0"`
	Status  string   `json:"status" enum:"processing,succeeded,declined,failed" doc:"What the request came to."`
	Payment *Payment `json:"payment,omitempty" doc:"As it stands now."`
	Problem *Problem `json:"problem,omitempty"`
}

// BatchItemResults are a page of a batch's results, in its order.
type BatchItemResults struct {
	Object  string            `json:"object" enum:"list"`
	Data    []BatchItemResult `json:"data" nullable:"false"`
	HasMore bool              `json:"has_more"`
}

const (
	preferHeader  = "Prefer"
	appliedHeader = "Preference-Applied"
	respondAsync  = "respond-async"
)

var asyncApplied = []string{respondAsync}

// prefersAsync tells whether the caller does not want to wait (RFC 7240).
func (c *call) prefersAsync() bool {
	for _, header := range c.r.Header[preferHeader] {
		for preference := range strings.SplitSeq(header, ",") {
			name, _, _ := strings.Cut(preference, ";")
			if strings.EqualFold(strings.TrimSpace(name), respondAsync) {
				return true
			}
		}
	}
	return false
}

// accept answers 202 once the batch is stored; its items are worked on later.
func accept(b *items[flow.Authorize]) error {
	c := b.call
	r := flow.AcceptBatch{Idempotency: c.idempotency(b.header, c.in)}
	next := 0
	for _, wrong := range b.problems {
		item := flow.AcceptItem{Problem: wrong}
		if wrong == nil {
			item.Request = b.requests[next]
			next++
		}
		r.Items = append(r.Items, item)
	}
	accepted, replayed, err := c.api.cfg.Flows.AcceptBatch(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(replayed)
	header := c.w.Header()
	header[appliedHeader] = asyncApplied
	header["Location"] = []string{"/api/v1/batches/" + accepted.ID.Text(ident.Batch)}
	return c.object(http.StatusAccepted, c.api.batch(accepted))
}

// getBatch answers GET /api/v1/batches/{id}.
func (c *call) getBatch() error {
	id, err := c.pathID(ident.Batch)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	b, err := c.api.cfg.Flows.Batch(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, c.api.batch(b))
}

// getBatchResults answers GET /api/v1/batches/{id}/results.
func (c *call) getBatchResults() error {
	id, err := c.pathID(ident.Batch)
	if err != nil {
		return err
	}
	q := c.query()
	limit := q.limit()
	from := 0
	if text, given := q.take("starting_after"); given {
		index, err := strconv.Atoi(text)
		if err != nil || index < 0 || index >= maxBatch || text[0] == '+' {
			q.invalid("starting_after", "must be an item's index, 0 to %d", maxBatch-1)
		}
		from = index + 1
	}
	if err := q.finish(); err != nil {
		return err
	}
	results, err := c.api.cfg.Flows.BatchResults(c.r.Context(), id, from, limit+1)
	if err != nil {
		return err
	}
	c.sendPage(min(len(results), limit), len(results) > limit, func(dst []byte, i int) []byte {
		return c.appendItemResult(dst, &results[i])
	})
	return nil
}

func (c *call) appendItemResult(dst []byte, r *flow.ItemResult) []byte {
	status := string(r.Outcome)
	if r.Outcome == payment.ItemOpen {
		status = string(payment.BatchProcessing)
	}
	dst = strconv.AppendInt(append(dst, `{"index":`...), int64(r.Index), 10)
	dst = appendWord(dst, "status", status)
	switch {
	case r.Outcome == payment.ItemOpen:
	case r.Problem != nil:
		dst = appendProblem(appendName(dst, "problem"), r.Problem, c.requestID)
	case r.Payment.Status == payment.Declined:
		dst = c.api.appendDecline(appendName(dst, "problem"), &r.Payment)
	default:
		dst = appendPayment(appendName(dst, "payment"), &r.Payment, c.api.live())
	}
	return append(dst, '}')
}
