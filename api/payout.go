package api

import (
	"net/http"

	"florin/flow"
	"florin/ident"
	"florin/store"
	"florin/wallet"
)

// PayoutRequest sends money from a wallet to its user's bank.
type PayoutRequest struct {
	UserID      int64             `json:"user_id" minimum:"1" doc:"Whose wallet." example:"42"`
	Amount      int64             `json:"amount" minimum:"1" doc:"In minor units." example:"1500"`
	Currency    string            `json:"currency" doc:"ISO 4217." example:"USD"`
	Description string            `json:"description,omitempty" maxLength:"1000"`
	Metadata    map[string]string `json:"metadata,omitempty" maxProperties:"50" doc:"Yours to use."`
}

var payoutMembers = []string{"user_id", "amount", "currency", "description", "metadata"}

// Payout is a payout as JSON tells it.
type Payout struct {
	ID          string            `json:"id" example:"po_0192f3a4b5c67d008123456789abcdef"`
	Object      string            `json:"object" enum:"payout"`
	UserID      int64             `json:"user_id" example:"42"`
	Amount      int64             `json:"amount" example:"1500"`
	Currency    string            `json:"currency" example:"USD"`
	Status      string            `json:"status" enum:"pending" doc:"Stays pending: nothing goes to the bank yet."`
	Description *string           `json:"description"`
	Metadata    map[string]string `json:"metadata"`
	Livemode    bool              `json:"livemode"`
	CreatedAt   string            `json:"created_at" format:"date-time"`
}

func (a *API) payout(p wallet.Payout) Payout {
	return Payout{
		ID: p.ID.Text(ident.Payout), Object: "payout", UserID: p.UserID, Amount: p.Amount.Minor,
		Currency: string(p.Amount.Currency), Status: string(p.Status), Description: orNull(p.Description),
		Metadata: orEmpty(p.Metadata), Livemode: a.live(), CreatedAt: timeText(p.ID.Time()),
	}
}

// createPayout answers POST /api/v1/payouts.
func (c *call) createPayout() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	var r flow.PayOut
	if err := c.decode(maxBody, false, func(d *decoder) { d.payout(&r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	p, replayed, err := c.api.cfg.Flows.PayOut(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(replayed)
	return c.object(http.StatusCreated, c.api.payout(p))
}

func (d *decoder) payout(r *flow.PayOut) {
	d.members(payoutMembers, func(name string) {
		switch name {
		case "user_id":
			r.UserID = d.positive()
		case "amount":
			r.Amount.Minor = d.positive()
		case "currency":
			r.Amount.Currency = d.currency()
		case "description":
			r.Description = d.text(maxDescription)
		case "metadata":
			r.Metadata = d.metadata()
		}
	})
	if r.UserID == 0 {
		d.invalidMember("user_id", "is required")
	}
	d.amount(r.Amount)
}

// getPayout answers GET /api/v1/payouts/{id}.
func (c *call) getPayout() error {
	id, err := c.pathID(ident.Payout)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	p, err := c.api.cfg.Flows.PayoutByID(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, c.api.payout(p))
}

// listPayouts answers GET /api/v1/payouts.
func (c *call) listPayouts() error {
	q := c.query()
	list := store.PayoutQuery{
		UserID: q.integer("user_id", 1),
		Status: wallet.PayoutStatus(q.choice("status", string(wallet.PayoutPending))),
		Page:   q.page(ident.Payout),
	}
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	payouts, err := c.api.cfg.Flows.Payouts(c.r.Context(), list)
	if err != nil {
		return err
	}
	payouts, more := paged(payouts, list.Page, limit)
	return c.object(http.StatusOK, listOf(payouts, more, c.api.payout))
}
