package api

import (
	"net/http"

	"florin/flow"
	"florin/ident"
	"florin/payment"
	"florin/store"
)

// Refund is a refund as JSON tells it.
type Refund struct {
	ID        string `json:"id" example:"ref_0192f3a4b5c67d008123456789abcdef"`
	Object    string `json:"object" enum:"refund"`
	Payment   string `json:"payment" example:"pay_0192f3a4b5c67d008123456789abcdef"`
	UserID    int64  `json:"user_id" example:"42"`
	Amount    int64  `json:"amount" doc:"In minor units." example:"1099"`
	Currency  string `json:"currency" example:"USD"`
	Status    string `json:"status" enum:"pending,succeeded,failed"`
	Reason    string `json:"reason,omitempty" doc:"Why it failed."`
	To        string `json:"to" doc:"Where the money goes." enum:"card,wallet"`
	Gateway   string `json:"gateway" example:"simulated"`
	Livemode  bool   `json:"livemode"`
	CreatedAt string `json:"created_at" format:"date-time"`
}

func (a *API) refund(r payment.Refund) Refund {
	return Refund{
		ID: r.ID.Text(ident.Refund), Object: "refund", Payment: r.Payment.Text(ident.Payment), UserID: r.UserID,
		Amount: r.Amount.Minor, Currency: string(r.Amount.Currency), Status: string(r.Status),
		Reason: string(r.Reason), To: string(r.To()), Gateway: r.Gateway, Livemode: a.live(),
		CreatedAt: timeText(r.ID.Time()),
	}
}

var refundMembers = []string{"payment", "amount", "to"}

// createRefund answers POST /api/v1/refunds. A refund that the gateway refuses is
// created too, with the status failed.
func (c *call) createRefund() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	var r flow.Refund
	if err := c.decode(maxBody, false, func(d *decoder) { d.refund(&r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	result, err := c.api.cfg.Flows.Refund(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(result.Replayed)
	status := http.StatusCreated
	if result.Refund.Status == payment.OperationPending {
		status = http.StatusAccepted
	}
	return c.object(status, c.api.refund(result.Refund))
}

func (d *decoder) refund(r *flow.Refund) {
	d.members(refundMembers, func(name string) {
		switch name {
		case "payment":
			id, err := ident.Parse(ident.Payment, d.text(maxWord))
			if err != nil {
				d.invalid("is not a payment's id")
			}
			r.Payment = id
		case "amount":
			r.Minor = d.positive()
		case "to":
			r.To = payment.Destination(d.oneOf(string(payment.ToCard), string(payment.ToWallet)))
		}
	})
	if r.Payment.IsZero() {
		d.invalidMember("payment", "is required")
	}
}

// getRefund answers GET /api/v1/refunds/{id}.
func (c *call) getRefund() error {
	id, err := c.pathID(ident.Refund)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	r, err := c.api.cfg.Flows.RefundByID(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, c.api.refund(r))
}

// listRefunds answers GET /api/v1/refunds.
func (c *call) listRefunds() error {
	q := c.query()
	list := store.RefundQuery{
		UserID:  q.integer("user_id", 1),
		Payment: q.id("payment", ident.Payment),
		Status: payment.OperationStatus(q.choice("status", string(payment.OperationPending),
			string(payment.OperationSucceeded), string(payment.OperationFailed))),
		Currency:   string(q.currency("currency")),
		CreatedGTE: q.time("created_gte"),
		CreatedLT:  q.time("created_lt"),
		AmountGTE:  q.integer("amount_gte", 0),
		AmountLTE:  q.integer("amount_lte", 1),
		Page:       q.page(ident.Refund),
	}
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	refunds, err := c.api.cfg.Flows.Refunds(c.r.Context(), list)
	if err != nil {
		return err
	}
	refunds, more := paged(refunds, list.Page, limit)
	return c.object(http.StatusOK, listOf(refunds, more, c.api.refund))
}
