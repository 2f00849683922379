package api

import (
	"net/http"
	"time"

	"florin/flow"
	"florin/ident"
	"florin/store"
	"florin/wallet"
)

// HoldRequest sets a part of a wallet aside.
type HoldRequest struct {
	Amount    int64             `json:"amount" minimum:"1" doc:"In minor units." example:"2000"`
	Currency  string            `json:"currency" doc:"ISO 4217." example:"USD"`
	ExpiresIn int64             `json:"expires_in,omitempty" minimum:"1" maximum:"2592000" doc:"Seconds; else 7 days."`
	ExpiresAt string            `json:"expires_at,omitempty" format:"date-time" doc:"In place of expires_in."`
	Reason    string            `json:"reason,omitempty" maxLength:"1000" example:"Booking 7"`
	Metadata  map[string]string `json:"metadata,omitempty" maxProperties:"50" doc:"Yours to use."`
}

// CaptureHoldRequest takes what is held.
type CaptureHoldRequest struct {
	Amount int64 `json:"amount,omitempty" minimum:"1" doc:"In minor units, the rest goes back; all when it is left out."`
}

// ReleaseHoldRequest has nothing to say.
type ReleaseHoldRequest struct{}

var (
	holdMembers        = []string{"amount", "currency", "expires_in", "expires_at", "reason", "metadata"}
	captureHoldMembers = []string{"amount"}
)

// Hold is a hold as JSON tells it.
type Hold struct {
	ID             string            `json:"id" example:"hold_0192f3a4b5c67d008123456789abcdef"`
	Object         string            `json:"object" enum:"hold"`
	UserID         int64             `json:"user_id" example:"42"`
	Amount         int64             `json:"amount" example:"2000"`
	AmountCaptured int64             `json:"amount_captured"`
	Currency       string            `json:"currency" example:"USD"`
	Status         string            `json:"status" enum:"active,captured,released,expired"`
	Reason         *string           `json:"reason"`
	Metadata       map[string]string `json:"metadata"`
	ExpiresAt      string            `json:"expires_at" format:"date-time"`
	Livemode       bool              `json:"livemode"`
	CreatedAt      string            `json:"created_at" format:"date-time"`
}

func (a *API) hold(h wallet.Hold) Hold {
	return Hold{
		ID: h.ID.Text(ident.Hold), Object: "hold", UserID: h.UserID, Amount: h.Amount.Minor,
		AmountCaptured: h.CapturedMinor, Currency: string(h.Amount.Currency), Status: string(h.Status),
		Reason: orNull(h.Reason), Metadata: orEmpty(h.Metadata), ExpiresAt: timeText(h.ExpiresAt),
		Livemode: a.live(), CreatedAt: timeText(h.ID.Time()),
	}
}

// orEmpty returns pairs that are not null.
func orEmpty(pairs map[string]string) map[string]string {
	if pairs == nil {
		return map[string]string{}
	}
	return pairs
}

// createHold answers POST /api/v1/wallets/{user_id}/holds.
func (c *call) createHold() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	r := flow.PlaceHold{}
	if r.UserID, err = c.pathUser(); err != nil {
		return err
	}
	if err := c.decode(maxBody, false, func(d *decoder) { d.hold(&r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	h, replayed, err := c.api.cfg.Flows.PlaceHold(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(replayed)
	return c.object(http.StatusCreated, c.api.hold(h))
}

func (d *decoder) hold(r *flow.PlaceHold) {
	d.members(holdMembers, func(name string) {
		switch name {
		case "amount":
			r.Amount.Minor = d.positive()
		case "currency":
			r.Amount.Currency = d.currency()
		case "expires_in":
			seconds := d.positive()
			if seconds > int64(wallet.MaxHoldTime/time.Second) {
				d.invalid("is more than 30 days")
			}
			r.ExpiresIn = time.Duration(seconds) * time.Second
		case "expires_at":
			r.ExpiresAt = d.moment()
		case "reason":
			r.Reason = d.text(maxDescription)
		case "metadata":
			r.Metadata = d.metadata()
		}
	})
	if r.ExpiresIn != 0 && !r.ExpiresAt.IsZero() {
		d.invalidMember("expires_at", "cannot stand beside expires_in")
	}
	d.amount(r.Amount)
}

// moment reads a time. The first moment of the year 1 is refused: it would stand
// for no time at all.
func (d *decoder) moment() time.Time {
	at, err := time.Parse(time.RFC3339, d.text(maxWord))
	if err != nil || at.IsZero() {
		d.invalid("must be an RFC 3339 time")
	}
	return at
}

// captureHold answers POST /api/v1/wallets/{user_id}/holds/{id}/capture.
func (c *call) captureHold() error {
	r := flow.EndHold{Capture: true}
	return c.endHold(r, func(d *decoder, r *flow.EndHold) {
		d.members(captureHoldMembers, func(string) { r.Minor = d.positive() })
	})
}

// releaseHold answers POST /api/v1/wallets/{user_id}/holds/{id}/release.
func (c *call) releaseHold() error {
	return c.endHold(flow.EndHold{}, func(d *decoder, _ *flow.EndHold) { d.members(nil, nil) })
}

func (c *call) endHold(r flow.EndHold, read func(*decoder, *flow.EndHold)) error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	if r.UserID, r.Hold, err = c.pathHold(); err != nil {
		return err
	}
	if err := c.decode(maxBody, true, func(d *decoder) { read(d, &r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	h, replayed, err := c.api.cfg.Flows.EndHold(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(replayed)
	return c.object(http.StatusOK, c.api.hold(h))
}

// pathHold reads the user and the hold in the path.
func (c *call) pathHold() (userID int64, id ident.ID, err error) {
	if userID, err = c.pathUser(); err == nil {
		id, err = c.pathID(ident.Hold)
	}
	return userID, id, err
}

// getHold answers GET /api/v1/wallets/{user_id}/holds/{id}.
func (c *call) getHold() error {
	userID, id, err := c.pathHold()
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	h, err := c.api.cfg.Flows.HoldByID(c.r.Context(), userID, id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, c.api.hold(h))
}

// listHolds answers GET /api/v1/wallets/{user_id}/holds.
func (c *call) listHolds() error {
	userID, err := c.pathUser()
	if err != nil {
		return err
	}
	q := c.query()
	list := store.HoldQuery{
		UserID: userID, Status: wallet.HoldStatus(q.choice("status", holdStatuses()...)), Page: q.page(ident.Hold),
	}
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	holds, err := c.api.cfg.Flows.Holds(c.r.Context(), list)
	if err != nil {
		return err
	}
	holds, more := paged(holds, list.Page, limit)
	return c.object(http.StatusOK, listOf(holds, more, c.api.hold))
}

func holdStatuses() []string {
	var names []string
	for _, s := range wallet.HoldStatuses() {
		names = append(names, string(s))
	}
	return names
}
