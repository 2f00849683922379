package api

import (
	"net/http"
	"time"

	"florin/flow"
	"florin/ident"
	"florin/problem"
	"florin/vault"
)

// PaymentMethod is a stored card as JSON tells it.
type PaymentMethod struct {
	ID          string `json:"id" example:"pm_0192f3a4b5c67d008123456789abcdef"`
	Object      string `json:"object" enum:"payment_method"`
	UserID      int64  `json:"user_id" example:"42"`
	Brand       string `json:"brand" example:"visa"`
	Last4       string `json:"last4" example:"4242"`
	ExpMonth    int    `json:"exp_month" example:"12"`
	ExpYear     int    `json:"exp_year" example:"2030"`
	Fingerprint string `json:"fingerprint" doc:"Alike for alike numbers, and tells nothing of them."`
	Deleted     bool   `json:"deleted" doc:"Once it is true the card's data are gone."`
	Livemode    bool   `json:"livemode"`
	CreatedAt   string `json:"created_at" format:"date-time"`
}

func (a *API) method(m vault.PaymentMethod) PaymentMethod {
	return PaymentMethod{
		ID: m.ID.Text(ident.PaymentMethod), Object: "payment_method", UserID: m.UserID, Brand: string(m.Brand),
		Last4: m.Last4, ExpMonth: m.ExpMonth, ExpYear: m.ExpYear, Fingerprint: m.Fingerprint,
		Deleted: !m.DeletedAt.IsZero(), Livemode: a.live(), CreatedAt: timeText(m.ID.Time()),
	}
}

var (
	methodMembers = []string{"user_id", "card"}
	cardMembers   = []string{"number", "exp_month", "exp_year", "cvc", "name"}
)

// createMethod answers POST /api/v1/payment_methods.
func (c *call) createMethod() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	var r flow.StoreMethod
	if err := c.decode(maxBody, false, func(d *decoder) { d.storeMethod(&r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	m, replayed, err := c.api.cfg.Flows.StoreMethod(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(replayed)
	m.DeletedAt = time.Time{} // a replay tells of it as it was
	return c.object(http.StatusCreated, c.api.method(m))
}

func (d *decoder) storeMethod(r *flow.StoreMethod) {
	card := false
	d.members(methodMembers, func(name string) {
		switch name {
		case "user_id":
			r.UserID = d.positive()
		case "card":
			card = true
			d.card(&r.Card)
		}
	})
	switch {
	case r.UserID == 0:
		d.invalidMember("user_id", "is required")
	case !card:
		d.invalidMember("card", "is required")
	}
}

// card reads a card in form; what makes it one, vault.ParseCard checks.
func (d *decoder) card(card *vault.CardInput) {
	d.members(cardMembers, func(name string) {
		switch name {
		case "number":
			card.Number = d.text(maxWord)
		case "exp_month":
			card.ExpMonth = d.small()
		case "exp_year":
			card.ExpYear = d.small()
		case "cvc":
			card.CVC = d.text(maxWord)
		case "name":
			card.Name = d.text(maxName)
		}
	})
}

// small reads an integer that is no amount.
func (d *decoder) small() int {
	v := d.integer()
	if v < 0 || v > 9999 {
		d.invalid("is out of range")
	}
	return int(v)
}

// getMethod answers GET /api/v1/payment_methods/{id}.
func (c *call) getMethod() error {
	id, err := c.pathID(ident.PaymentMethod)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	m, err := c.api.cfg.Flows.Method(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, c.api.method(m))
}

// deleteMethod answers DELETE /api/v1/payment_methods/{id}.
func (c *call) deleteMethod() error {
	id, err := c.pathID(ident.PaymentMethod)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	m, err := c.api.cfg.Flows.DeleteMethod(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, c.api.method(m))
}

// listMethods answers GET /api/v1/payment_methods.
func (c *call) listMethods() error {
	q := c.query()
	userID, page := q.integer("user_id", 1), q.page(ident.PaymentMethod)
	if err := q.finish(); err != nil {
		return err
	}
	if userID == 0 {
		return problem.Invalid("user_id", "is required")
	}
	limit := page.Limit
	page.Limit++
	methods, err := c.api.cfg.Flows.Methods(c.r.Context(), userID, page)
	if err != nil {
		return err
	}
	methods, more := paged(methods, page, limit)
	return c.object(http.StatusOK, listOf(methods, more, c.api.method))
}
