package api

import (
	"net/http"

	"florin/flow"
	"florin/ident"
	"florin/payment"
)

// Payment is a payment as JSON tells it. appendPayment writes the same, faster:
// a test holds the two together.
type Payment struct {
	ID               string            `json:"id" example:"pay_0192f3a4b5c67d008123456789abcdef"`
	Object           string            `json:"object" enum:"payment"`
	UserID           int64             `json:"user_id" example:"42"`
	Amount           int64             `json:"amount" doc:"In minor units: 1099 USD is $10.99." example:"1099"`
	Currency         string            `json:"currency" doc:"ISO 4217." example:"USD"`
	Status           string            `json:"status" doc:"A refund does not change it." example:"succeeded"`
	Reason           string            `json:"reason,omitempty" doc:"Why it was declined." example:"insufficient_funds"`
	AmountCaptured   int64             `json:"amount_captured"`
	AmountCapturable int64             `json:"amount_capturable,omitempty" doc:"What is authorized and not captured yet."`
	AmountRefunded   int64             `json:"amount_refunded" doc:"What was given back; pending refunds not counted."`
	AmountDisputed   int64             `json:"amount_disputed,omitempty" doc:"What disputes took and were not won."`
	NextAction       *NextAction       `json:"next_action,omitempty" doc:"What the cardholder must do."`
	PaymentMethod    *string           `json:"payment_method" doc:"The card that is or was charged."`
	CaptureMethod    string            `json:"capture_method" enum:"automatic,manual"`
	Purpose          string            `json:"purpose" enum:"sale,wallet_topup"`
	Attempt          *string           `json:"attempt" doc:"The latest try at a gateway."`
	Gateway          *string           `json:"gateway" doc:"Where that was."`
	Description      *string           `json:"description"`
	Metadata         map[string]string `json:"metadata"`
	Customer         *Customer         `json:"customer"`
	OffSession       bool              `json:"off_session"`
	ReturnURL        *string           `json:"return_url"`
	Livemode         bool              `json:"livemode" doc:"False in a test store: no real money moves."`
	CreatedAt        string            `json:"created_at" format:"date-time"`
}

// Customer is who pays, as the caller knows them.
type Customer struct {
	Email string `json:"email,omitempty" maxLength:"320" example:"ada@example.com"`
	Name  string `json:"name,omitempty" maxLength:"256" example:"Ada Lovelace"`
}

// appendPayment appends a payment. It reads only what never changes and the
// State: a kept State gives the very answer that was given then.
func appendPayment(dst []byte, p *payment.Payment, live bool) []byte {
	dst = append(dst, `{"id":"`...)
	dst = append(p.ID.Append(dst, ident.Payment), `","object":"payment"`...)
	dst = appendInt(dst, "user_id", p.UserID)
	dst = appendInt(dst, "amount", p.Amount.Minor)
	dst = appendWord(dst, "currency", string(p.Amount.Currency))
	dst = appendWord(dst, "status", string(p.Status))
	if p.Reason != "" {
		dst = appendWord(dst, "reason", string(p.Reason))
	}
	dst = appendInt(dst, "amount_captured", p.CapturedMinor)
	if p.Status == payment.RequiresCapture {
		if left := p.AuthorizedMinor - p.CapturedMinor - p.CapturePendingMinor; left != 0 {
			dst = appendInt(dst, "amount_capturable", left)
		}
	}
	dst = appendInt(dst, "amount_refunded", p.RefundedMinor)
	if p.DisputedMinor != 0 {
		dst = appendInt(dst, "amount_disputed", p.DisputedMinor)
	}
	if p.ActionURL != "" {
		dst = appendAction(appendName(dst, "next_action"), p)
	}
	dst = appendText(dst, "payment_method", p.PaymentMethod)
	dst = appendWord(dst, "capture_method", string(p.CaptureMethod))
	dst = appendWord(dst, "purpose", string(p.Purpose))
	dst = appendName(dst, "attempt")
	if p.Attempt.IsZero() {
		dst = append(dst, "null"...)
	} else {
		dst = append(p.Attempt.Append(append(dst, '"'), ident.Attempt), '"')
	}
	dst = appendText(dst, "gateway", p.Gateway)
	dst = appendText(dst, "description", p.Details.Description)
	dst = appendPairs(appendName(dst, "metadata"), p.Details.Metadata)
	dst = appendCustomer(appendName(dst, "customer"), p.Details.Customer)
	dst = appendBool(dst, "off_session", p.Details.OffSession)
	dst = appendText(dst, "return_url", p.Details.ReturnURL)
	dst = appendBool(dst, "livemode", live)
	dst = appendTime(appendName(dst, "created_at"), p.ID.Time())
	return append(dst, '}')
}

// NextAction is what the cardholder must do.
type NextAction struct {
	Type          string   `json:"type" enum:"redirect_to_url"`
	RedirectToURL Redirect `json:"redirect_to_url"`
}

// Redirect is where the cardholder goes to authenticate, and comes back to.
type Redirect struct {
	URL       string  `json:"url" format:"uri"`
	ReturnURL *string `json:"return_url" doc:"As the payment's return_url."`
}

func appendAction(dst []byte, p *payment.Payment) []byte {
	dst = append(dst, `{"type":"redirect_to_url","redirect_to_url":{"url":`...)
	dst = appendString(dst, p.ActionURL)
	dst = appendText(dst, "return_url", p.Details.ReturnURL)
	return append(dst, '}', '}')
}

func appendCustomer(dst []byte, c *payment.Customer) []byte {
	switch {
	case c == nil:
		return append(dst, "null"...)
	case c.Email == "" && c.Name == "":
		return append(dst, '{', '}')
	case c.Email == "":
		dst = appendString(append(dst, `{"name":`...), c.Name)
	default:
		dst = appendString(append(dst, `{"email":`...), c.Email)
		if c.Name != "" {
			dst = appendString(appendName(dst, "name"), c.Name)
		}
	}
	return append(dst, '}')
}

// tell answers a request that may have moved a payment: done is the status of
// one whose outcome is known.
func (c *call) tell(done int, r flow.Result) error {
	p := &r.Payment
	c.markReplayed(r.Replayed)
	if p.Status == payment.Declined {
		c.out = c.api.appendDecline(c.out[:0], p)
		c.send(http.StatusPaymentRequired, problemType)
		return nil
	}
	if p.Status == payment.Processing {
		done = http.StatusAccepted
	}
	c.out = appendPayment(c.out[:0], p, c.api.live())
	c.send(done, jsonType)
	return nil
}

// getPayment answers GET /api/v1/payments/{id}.
func (c *call) getPayment() error {
	p, err := c.pathPayment()
	if err != nil {
		return err
	}
	c.out = appendPayment(c.out[:0], &p, c.api.live())
	c.send(http.StatusOK, jsonType)
	return nil
}

// pathPayment reads the payment that the path names.
func (c *call) pathPayment() (payment.Payment, error) {
	id, err := c.pathID(ident.Payment)
	if err != nil {
		return payment.Payment{}, err
	}
	if err := c.noQuery(); err != nil {
		return payment.Payment{}, err
	}
	return c.api.cfg.Flows.Payment(c.r.Context(), id)
}
