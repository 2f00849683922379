package api

import (
	"net/http"
	"time"

	"florin/flow"
	"florin/ident"
)

var confirmMembers = []string{"payment_method"}

// confirmPayment answers POST /api/v1/payments/{id}/confirm.
func (c *call) confirmPayment() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	id, err := c.pathID(ident.Payment)
	if err != nil {
		return err
	}
	r := flow.Confirm{Payment: id}
	err = c.decode(maxBody, true, func(d *decoder) {
		d.members(confirmMembers, func(string) { r.Method = d.method(c.api.cfg.Mode) })
	})
	if err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	result, err := c.api.cfg.Flows.Confirm(c.r.Context(), r)
	c.count(result, err, time.Since(c.began))
	if err != nil {
		return err
	}
	return c.tell(http.StatusOK, result)
}

// cancelPayment answers POST /api/v1/payments/{id}/cancel.
func (c *call) cancelPayment() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	id, err := c.pathID(ident.Payment)
	if err != nil {
		return err
	}
	if err := c.decode(maxBody, true, func(d *decoder) { d.members(nil, nil) }); err != nil {
		return err
	}
	result, err := c.api.cfg.Flows.Cancel(c.r.Context(), flow.Cancel{
		Payment: id, Idempotency: c.idempotency(key, c.in),
	})
	if err != nil {
		return err
	}
	return c.tell(http.StatusOK, result)
}
