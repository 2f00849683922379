package api

import (
	"net/http"

	"florin/flow"
	"florin/ident"
)

// SettlementRequest books what a gateway has paid out to us.
type SettlementRequest struct {
	Gateway   string `json:"gateway" doc:"Its name in the configuration." example:"simulated"`
	Reference string `json:"reference" minLength:"1" maxLength:"255" doc:"The gateway's; unique per gateway for ever."`
	Amount    int64  `json:"amount" minimum:"1" doc:"What it settles, in minor units, its fee included." example:"98000"`
	Fee       int64  `json:"fee,omitempty" minimum:"0" doc:"What it has kept of the amount." example:"2900"`
	Currency  string `json:"currency" doc:"ISO 4217." example:"USD"`
}

var settlementMembers = []string{"gateway", "reference", "amount", "fee", "currency"}

// Settlement is what became of it.
type Settlement struct {
	ID        string `json:"id" doc:"Of the ledger transaction." example:"txn_0192f3a4b5c67d008123456789abcdef"`
	Object    string `json:"object" enum:"settlement"`
	Gateway   string `json:"gateway" example:"simulated"`
	Reference string `json:"reference" example:"po_2026_01_31"`
	Amount    int64  `json:"amount" example:"98000"`
	Fee       int64  `json:"fee" example:"2900"`
	Net       int64  `json:"net" doc:"What has come to the bank." example:"95100"`
	Currency  string `json:"currency" example:"USD"`
	Livemode  bool   `json:"livemode"`
	CreatedAt string `json:"created_at" format:"date-time"`
}

// createSettlement answers POST /api/v1/settlements.
func (c *call) createSettlement() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	var r flow.RecordSettlement
	if err := c.decode(maxBody, false, func(d *decoder) { d.settlement(&r) }); err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	s, replayed, err := c.api.cfg.Flows.RecordSettlement(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(replayed)
	return c.object(http.StatusCreated, Settlement{
		ID: s.ID.Text(ident.Transaction), Object: "settlement", Gateway: s.Gateway, Reference: s.Reference,
		Amount: s.Amount.Minor, Fee: s.FeeMinor, Net: s.NetMinor(), Currency: string(s.Amount.Currency),
		Livemode: c.api.live(), CreatedAt: timeText(s.ID.Time()),
	})
}

func (d *decoder) settlement(r *flow.RecordSettlement) {
	d.members(settlementMembers, func(name string) {
		switch name {
		case "gateway":
			r.Gateway = d.key()
		case "reference":
			r.Reference = d.key()
		case "amount":
			r.Amount.Minor = d.positive()
		case "fee":
			if r.FeeMinor = d.integer(); r.FeeMinor < 0 {
				d.invalid("must not be negative")
			}
		case "currency":
			r.Amount.Currency = d.currency()
		}
	})
	if r.Gateway == "" {
		d.invalidMember("gateway", "is required")
	}
	if r.Reference == "" {
		d.invalidMember("reference", "is required")
	}
	d.amount(r.Amount)
	if r.FeeMinor > r.Amount.Minor {
		d.invalidMember("fee", "is more than the amount")
	}
}
