package api

import (
	"net/http"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

// The number of objects of a page.
const (
	defaultLimit = 10
	maxLimit     = 100
)

// List is a page of a list.
type List[T any] struct {
	Object  string `json:"object" enum:"list"`
	Data    []T    `json:"data" nullable:"false"`
	HasMore bool   `json:"has_more" doc:"Whether there is more in the direction of reading."`
}

// listOf makes a page.
func listOf[From, To any](from []From, more bool, object func(From) To) List[To] {
	list := List[To]{Object: "list", Data: make([]To, 0, len(from)), HasMore: more}
	for _, f := range from {
		list.Data = append(list.Data, object(f))
	}
	return list
}

// paged takes away the one object more that was asked for to see whether there
// is one: the last, or, of those before another, the first.
func paged[T any](all []T, page store.Page, limit int) (some []T, more bool) {
	switch {
	case len(all) <= limit:
		return all, false
	case !page.Before.IsZero():
		return all[len(all)-limit:], true
	}
	return all[:limit], true
}

// listPayments answers GET /api/v1/payments.
func (c *call) listPayments() error {
	q := c.query()
	list := store.PaymentQuery{
		UserID:     q.integer("user_id", 1),
		Status:     payment.Status(q.choice("status", statuses()...)),
		Currency:   string(q.currency("currency")),
		CreatedGTE: q.time("created_gte"),
		CreatedLT:  q.time("created_lt"),
		AmountGTE:  q.integer("amount_gte", 0),
		AmountLTE:  q.integer("amount_lte", 1),
		Page:       q.page(ident.Payment),
	}
	list.MetadataKey, list.MetaValue = q.pair("metadata")
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	payments, err := c.api.cfg.Flows.Payments(c.r.Context(), list)
	if err != nil {
		return err
	}
	payments, more := paged(payments, list.Page, limit)
	c.sendPage(len(payments), more, func(dst []byte, i int) []byte {
		return appendPayment(dst, &payments[i], c.api.live())
	})
	return nil
}

// sendPage answers with a page of n objects; object appends the i-th.
func (c *call) sendPage(n int, more bool, object func(dst []byte, i int) []byte) {
	out := append(c.out[:0], `{"object":"list","data":[`...)
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		out = object(out, i)
	}
	c.out = append(appendBool(append(out, ']'), "has_more", more), '}')
	c.send(http.StatusOK, jsonType)
}

func statuses() []string {
	var names []string
	for _, s := range payment.Statuses() {
		names = append(names, string(s))
	}
	return names
}
