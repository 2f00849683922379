package api

import (
	"net/http"

	"florin/flow"
	"florin/ident"
	"florin/payment"
	"florin/store"
)

// Dispute is a cardholder's claim as JSON tells it.
type Dispute struct {
	ID                string  `json:"id" example:"dp_0192f3a4b5c67d008123456789abcdef"`
	Object            string  `json:"object" enum:"dispute"`
	Payment           string  `json:"payment" example:"pay_0192f3a4b5c67d008123456789abcdef"`
	UserID            int64   `json:"user_id" example:"42"`
	Amount            int64   `json:"amount" doc:"In minor units." example:"1099"`
	Currency          string  `json:"currency" example:"USD"`
	Reason            string  `json:"reason" doc:"As the gateway says." example:"fraudulent"`
	Status            string  `json:"status" enum:"needs_response,under_review,won,lost"`
	Exceeds           bool    `json:"exceeds" doc:"It took more than was captured and not given back."`
	Evidence          *string `json:"evidence" doc:"What was answered."`
	EvidenceDelivered bool    `json:"evidence_delivered" doc:"The gateway has the evidence."`
	Gateway           string  `json:"gateway" example:"simulated"`
	Reference         string  `json:"reference" doc:"The gateway's own id of the dispute."`
	Livemode          bool    `json:"livemode"`
	CreatedAt         string  `json:"created_at" format:"date-time"`
}

// EvidenceRequest answers a dispute.
type EvidenceRequest struct {
	Text string `json:"text" minLength:"1" maxLength:"20000" doc:"What speaks against it."`
}

func (a *API) dispute(d payment.Dispute) Dispute {
	dispute := Dispute{
		ID: d.ID.Text(ident.Dispute), Object: "dispute", Payment: d.Payment.Text(ident.Payment), UserID: d.UserID,
		Amount: d.Amount.Minor, Currency: string(d.Amount.Currency), Reason: d.Reason, Status: string(d.Status),
		Exceeds: d.Exceeds, EvidenceDelivered: d.Evidence != "" && d.Inquiry.At.IsZero(), Gateway: d.Gateway,
		Reference: d.Reference, Livemode: a.live(), CreatedAt: timeText(d.ID.Time()),
	}
	if d.Evidence != "" {
		dispute.Evidence = &d.Evidence
	}
	return dispute
}

// getDispute answers GET /api/v1/disputes/{id}.
func (c *call) getDispute() error {
	id, err := c.pathID(ident.Dispute)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	d, err := c.api.cfg.Flows.DisputeByID(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, c.api.dispute(d))
}

// listDisputes answers GET /api/v1/disputes.
func (c *call) listDisputes() error {
	q := c.query()
	list := store.DisputeQuery{
		UserID:  q.integer("user_id", 1),
		Payment: q.id("payment", ident.Payment),
		Status:  payment.DisputeStatus(q.choice("status", disputeStatuses()...)),
		Page:    q.page(ident.Dispute),
	}
	if err := q.finish(); err != nil {
		return err
	}
	limit := list.Limit
	list.Limit++
	disputes, err := c.api.cfg.Flows.Disputes(c.r.Context(), list)
	if err != nil {
		return err
	}
	disputes, more := paged(disputes, list.Page, limit)
	return c.object(http.StatusOK, listOf(disputes, more, c.api.dispute))
}

func disputeStatuses() (words []string) {
	for _, status := range payment.DisputeStatuses() {
		words = append(words, string(status))
	}
	return words
}

const maxEvidence = 20_000

var evidenceMembers = []string{"text"}

// submitEvidence answers POST /api/v1/disputes/{id}/evidence.
func (c *call) submitEvidence() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	id, err := c.pathID(ident.Dispute)
	if err != nil {
		return err
	}
	r := flow.Evidence{Dispute: id}
	err = c.decode(maxBody, false, func(d *decoder) {
		d.members(evidenceMembers, func(string) { r.Text = d.text(maxEvidence) })
		if r.Text == "" {
			d.invalidMember("text", "is required")
		}
	})
	if err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	result, err := c.api.cfg.Flows.SubmitEvidence(c.r.Context(), r)
	if err != nil {
		return err
	}
	c.markReplayed(result.Replayed)
	return c.object(http.StatusOK, c.api.dispute(result.Dispute))
}
