package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"florin/event"
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

// TimelineEntry is one thing that happened to a payment.
type TimelineEntry struct {
	Object  string       `json:"object" enum:"timeline_entry"`
	At      string       `json:"at" format:"date-time"`
	Type    string       `json:"type" doc:"The event's, or what an attempt did." example:"attempt.approved"`
	Text    string       `json:"text" doc:"The same in words." example:"simulated approved the charge of 1099 USD"`
	Subject string       `json:"subject" doc:"The id of what it is about."`
	Data    timelineData `json:"data" doc:"An attempt, capture, refund or dispute as it is now; else the event's data."`

	at   time.Time
	rank int // of what has the same time
}

// timelineData is an Attempt, a Capture, a Refund, a Dispute or an event's data.
type timelineData struct{ object any }

// MarshalJSON writes the object itself.
func (d timelineData) MarshalJSON() ([]byte, error) { return json.Marshal(d.object) }

// Schema says what it can be.
func (timelineData) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{
		schemaOf[Attempt](r), schemaOf[Capture](r), schemaOf[Refund](r), schemaOf[Dispute](r), {Type: huma.TypeObject},
	}}
}

// getTimeline answers GET /api/v1/payments/{id}/timeline: what happened to a
// payment, in the order of time.
func (c *call) getTimeline() error {
	id, err := c.pathID(ident.Payment)
	if err != nil {
		return err
	}
	if err := c.noQuery(); err != nil {
		return err
	}
	p, events, err := c.api.cfg.Flows.Timeline(c.r.Context(), id)
	if err != nil {
		return err
	}
	return c.object(http.StatusOK, List[TimelineEntry]{Object: "list", Data: c.api.timeline(p, events)})
}

// timeline puts a payment's events between what its attempts did.
func (a *API) timeline(p payment.Payment, events []event.Stored) []TimelineEntry {
	current := map[ident.ID]any{}
	for _, captured := range p.Captures {
		current[captured.ID] = a.capture(p, captured)
	}
	for _, r := range p.Refunds {
		current[r.ID] = a.refund(r)
	}
	for _, d := range p.Disputes {
		current[d.ID] = a.dispute(d)
	}
	entries := []TimelineEntry{}
	for _, e := range events {
		var data any = json.RawMessage(e.Data)
		if object, ok := current[e.Object]; ok {
			data = object
		}
		entries = append(entries, TimelineEntry{
			Type: string(e.Type), Text: eventText(e.Type), Subject: e.Object.Text(e.Kind), Data: timelineData{data},
			at: e.At(), rank: 1,
		})
	}
	for _, try := range p.Attempts {
		entries = append(entries, a.attemptEntries(p, try)...)
	}
	slices.SortStableFunc(entries, func(a, b TimelineEntry) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rank, b.rank))
	})
	for i := range entries {
		entries[i].Object, entries[i].At = "timeline_entry", timeText(entries[i].at)
	}
	return entries
}

// attemptEntries tells of an attempt: that it began, what came of it, and whether
// that was taken back.
func (a *API) attemptEntries(p payment.Payment, try payment.Attempt) []TimelineEntry {
	entry := TimelineEntry{Subject: try.ID.Text(ident.Attempt), Data: timelineData{a.attempt(p, try)}}
	charge := fmt.Sprintf("%d %s", try.Minor, p.Amount.Currency)
	begun, answered := entry, entry
	begun.Type, begun.at, begun.rank = "attempt.started", try.ID.Time(), 2
	begun.Text = fmt.Sprintf("%s was asked to charge %s to %s", try.Gateway, charge, try.Method)
	if try.AnsweredAt.IsZero() {
		return []TimelineEntry{begun}
	}
	answered.Type, answered.at = "attempt."+string(try.Outcome), try.AnsweredAt
	switch try.Outcome {
	case payment.OutcomeApproved:
		answered.Text = fmt.Sprintf("%s approved the charge of %s", try.Gateway, charge)
	case payment.OutcomeDeclined:
		answered.Text = fmt.Sprintf("%s did not charge: %s", try.Gateway, try.Reason)
	case payment.OutcomeRequiresAction:
		answered.Text = fmt.Sprintf("%s asks the cardholder to authenticate", try.Gateway)
	case payment.OutcomePending:
		answered.Text = fmt.Sprintf("%s will tell later", try.Gateway)
	case payment.OutcomeUnknown:
		answered.Text = fmt.Sprintf("%s did not say what became of the charge; it is being asked", try.Gateway)
	}
	entries := []TimelineEntry{begun, answered}
	if r := try.Reversal; r != nil {
		taken := entry
		taken.Type, taken.Subject = "reversal."+string(r.Status), r.ID.Text(ident.Reversal)
		taken.at, taken.rank = r.ID.Time(), 2
		what := "taking the approval back"
		if r.Rest {
			what = "giving back what was not captured"
		}
		taken.Text = fmt.Sprintf("%s at %s: %s", what, try.Gateway, r.Status)
		entries = append(entries, taken)
	}
	return entries
}

// eventTexts say what happened; an event that is not among them is told by its
// type.
var eventTexts = map[event.Type]string{
	event.PaymentCreated:        "the payment was created and waits to be confirmed",
	event.PaymentProcessing:     "the payment is being charged",
	event.PaymentSucceeded:      "the payment succeeded",
	event.PaymentDeclined:       "the payment was declined",
	event.PaymentCanceled:       "the payment was canceled",
	event.PaymentRequiresAction: "the cardholder must authenticate",
	event.PaymentAuthorized:     "the amount is authorized and can be captured",
	event.PaymentLateApproval:   "a gateway approved a charge that was no longer awaited",
	event.PaymentReversed:       "the charge was taken back",
	event.PaymentReleased:       "what was not captured was given back",
	event.CapturePending:        "a capture was asked for",
	event.CaptureSucceeded:      "the money was captured",
	event.CaptureFailed:         "the capture failed",
	event.RefundPending:         "a refund was asked for",
	event.RefundSucceeded:       "the refund succeeded",
	event.RefundFailed:          "the refund failed",
	event.DisputeCreated:        "the cardholder disputes the payment",
	event.DisputeUnderReview:    "the evidence is under review",
	event.DisputeWon:            "the dispute was won",
	event.DisputeLost:           "the dispute was lost",
}

func eventText(kind event.Type) string {
	if text, ok := eventTexts[kind]; ok {
		return text
	}
	return strings.NewReplacer(".", " ", "_", " ").Replace(string(kind))
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
