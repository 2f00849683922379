package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"florin/ident"
	"florin/payment"
)

// Attempt is one try at one gateway as JSON tells it.
type Attempt struct {
	ID            string    `json:"id" example:"att_0192f3a4b5c67d008123456789abcdef"`
	Object        string    `json:"object" enum:"attempt"`
	Payment       string    `json:"payment"`
	Gateway       string    `json:"gateway" example:"simulated"`
	PaymentMethod string    `json:"payment_method"`
	Amount        int64     `json:"amount" doc:"In minor units."`
	Currency      string    `json:"currency"`
	Outcome       string    `json:"outcome" enum:"approved,declined,requires_action,pending,unknown"`
	Reason        string    `json:"reason,omitempty" doc:"Why it was declined."`
	Reference     string    `json:"reference,omitempty" doc:"The gateway's own id of the charge."`
	Reversal      *Reversal `json:"reversal,omitempty"`
	ExpiresAt     *string   `json:"expires_at,omitempty" format:"date-time" doc:"When what is not captured is voided."`
	Livemode      bool      `json:"livemode"`
	CreatedAt     string    `json:"created_at" format:"date-time"`
	AnsweredAt    *string   `json:"answered_at" format:"date-time" doc:"Null while the call is under way."`
}

// Reversal takes an approval back that came too late, was canceled or has expired.
type Reversal struct {
	ID     string `json:"id"`
	Status string `json:"status" enum:"pending,succeeded,failed"`
	Rest   bool   `json:"rest,omitempty" doc:"Only what was not captured."`
}

// Capture is money taken on an authorization as JSON tells it.
type Capture struct {
	ID        string `json:"id" example:"cap_0192f3a4b5c67d008123456789abcdef"`
	Object    string `json:"object" enum:"capture"`
	Payment   string `json:"payment"`
	Attempt   string `json:"attempt"`
	Amount    int64  `json:"amount" doc:"In minor units."`
	Currency  string `json:"currency"`
	Final     bool   `json:"final" doc:"What it left was released."`
	Status    string `json:"status" enum:"pending,succeeded,failed"`
	Reason    string `json:"reason,omitempty" doc:"Why it failed."`
	Reference string `json:"reference,omitempty" doc:"The gateway's own id of the capture."`
	Livemode  bool   `json:"livemode"`
	CreatedAt string `json:"created_at" format:"date-time"`
}

// TimelineEntry is an Attempt, a Capture, a Refund or a Dispute.
type TimelineEntry struct {
	id     ident.ID
	object any
}

// MarshalJSON writes the object itself.
func (e TimelineEntry) MarshalJSON() ([]byte, error) { return json.Marshal(e.object) }

// Schema says what it can be.
func (TimelineEntry) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		schemaOf[Attempt](r), schemaOf[Capture](r), schemaOf[Refund](r), schemaOf[Dispute](r),
	}}
}

// getTimeline answers GET /api/v1/payments/{id}/timeline: what was done for a
// payment, in the order of time.
func (c *call) getTimeline() error {
	p, err := c.pathPayment()
	if err != nil {
		return err
	}
	entries := make([]TimelineEntry, 0, len(p.Attempts)+len(p.Captures)+len(p.Refunds))
	for _, a := range p.Attempts {
		entries = append(entries, TimelineEntry{a.ID, c.api.attempt(p, a)})
	}
	for _, captured := range p.Captures {
		entries = append(entries, TimelineEntry{captured.ID, c.api.capture(p, captured)})
	}
	for _, r := range p.Refunds {
		entries = append(entries, TimelineEntry{r.ID, c.api.refund(r)})
	}
	for _, d := range p.Disputes {
		entries = append(entries, TimelineEntry{d.ID, c.api.dispute(d)})
	}
	slices.SortFunc(entries, func(a, b TimelineEntry) int { return a.id.Compare(b.id) })
	return c.object(http.StatusOK, List[TimelineEntry]{Object: "list", Data: entries})
}

func (a *API) attempt(p payment.Payment, from payment.Attempt) Attempt {
	attempt := Attempt{
		ID: from.ID.Text(ident.Attempt), Object: "attempt", Payment: p.ID.Text(ident.Payment), Gateway: from.Gateway,
		PaymentMethod: from.Method, Amount: from.Minor, Currency: string(p.Amount.Currency),
		Outcome: string(from.Outcome), Reason: string(from.Reason), Reference: from.Reference,
		Livemode: a.live(), CreatedAt: timeText(from.ID.Time()), AnsweredAt: optionalTime(from.AnsweredAt),
		ExpiresAt: optionalTime(from.ExpiresAt),
	}
	if from.Reversal != nil {
		attempt.Reversal = &Reversal{
			ID: from.Reversal.ID.Text(ident.Reversal), Status: string(from.Reversal.Status), Rest: from.Reversal.Rest,
		}
	}
	return attempt
}

func (a *API) capture(p payment.Payment, from payment.Capture) Capture {
	return Capture{
		ID: from.ID.Text(ident.Capture), Object: "capture", Payment: p.ID.Text(ident.Payment),
		Attempt: from.Attempt.Text(ident.Attempt), Amount: from.Minor, Currency: string(p.Amount.Currency),
		Final: from.Final, Status: string(from.Status), Reason: string(from.Reason), Reference: from.Reference,
		Livemode: a.live(), CreatedAt: timeText(from.ID.Time()),
	}
}

func optionalTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := timeText(t)
	return &text
}
