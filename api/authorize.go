package api

import (
	"net/http"
	"slices"
	"time"

	"florin/access"
	"florin/flow"
	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/vault"
)

// The limits of a payment's fields; lengths are in characters.
const (
	maxDescription   = 1000
	maxMetadata      = 50 // pairs
	maxMetadataKey   = 40
	maxMetadataValue = 500
	maxEmail         = 320
	maxName          = 256
	maxURL           = 2048
	maxDevice        = 128
	maxWord          = 64 // what has a form of its own
)

// The members of a payment's request.
var (
	paymentMembers = []string{
		"user_id", "amount", "currency", "payment_method", "confirm", "metadata", "description", "capture_method",
		"purpose", "off_session", "return_url", "customer", "risk",
	}
	itemMembers     = append(paymentMembers[:len(paymentMembers):len(paymentMembers)], "idempotency_key")
	customerMembers = []string{"email", "name"}
	riskMembers     = []string{"ip", "device", "terminal", "billing_country", "occurred_at"}
)

// createPayment answers POST /api/v1/payments.
func (c *call) createPayment() error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	var r flow.Authorize
	err = c.decode(maxBody, false, func(d *decoder) { d.payment(paymentMembers, c.api.cfg.Mode, &r) })
	if err != nil {
		return err
	}
	r.Idempotency = c.idempotency(key, c.in)
	result, err := c.api.cfg.Flows.Authorize(c.r.Context(), r)
	c.count(result, err, time.Since(c.began))
	if err != nil {
		return err
	}
	return c.tell(http.StatusCreated, result)
}

// count counts a payment that a flow was asked for.
func (c *call) count(r flow.Result, err error, took time.Duration) {
	m := c.api.cfg.Metrics
	switch {
	case err != nil:
		m.Payment("error", "")
	case r.Replayed:
		m.Payment("replayed", r.Payment.Gateway)
	default:
		m.Payment(string(r.Payment.Status), r.Payment.Gateway)
	}
	m.Processing(took)
}

// payment reads a payment's request; a batch's item may have a key of its own,
// which it returns.
func (d *decoder) payment(members []string, mode access.Mode, r *flow.Authorize) (key string) {
	r.CaptureMethod, r.Purpose = payment.CaptureAutomatic, payment.Sale
	d.members(members, func(name string) {
		switch name {
		case "user_id":
			r.UserID = d.positive()
		case "amount":
			r.Amount.Minor = d.positive()
		case "currency":
			r.Amount.Currency = d.currency()
		case "payment_method":
			r.Method = d.method(mode)
		case "confirm":
			r.Confirm = d.boolean()
		case "metadata":
			r.Details.Metadata = d.metadata()
		case "description":
			r.Details.Description = d.text(maxDescription)
		case "capture_method":
			r.CaptureMethod = payment.CaptureMethod(d.oneOf("automatic", "manual"))
		case "purpose":
			r.Purpose = payment.Purpose(d.oneOf(string(payment.Sale), string(payment.WalletTopUp)))
		case "off_session":
			r.Details.OffSession = d.boolean()
		case "return_url":
			r.Details.ReturnURL = d.address()
		case "customer":
			r.Details.Customer = d.customer()
		case "risk":
			r.Details.Risk = d.risk(mode)
		case "idempotency_key":
			key = d.key()
		}
	})
	if r.UserID == 0 {
		d.invalidMember("user_id", "is required")
	}
	d.amount(r.Amount)
	return key
}

// positive reads an integer above zero.
func (d *decoder) positive() int64 {
	v := d.integer()
	if v <= 0 {
		d.invalid("must be greater than zero")
	}
	return v
}

func (d *decoder) currency() money.Currency {
	code := d.text(maxWord)
	if d.err != nil {
		return ""
	}
	currency, err := money.ParseCurrency(code)
	if err != nil {
		d.invalid("is not a currency's code of ISO 4217")
	}
	return currency
}

// oneOf reads one of some words.
func (d *decoder) oneOf(words ...string) string {
	word := d.text(maxWord)
	if d.err == nil && !slices.Contains(words, word) {
		d.invalid("must be one of %s", joined(words))
	}
	return word
}

// method reads a payment method's id, "wallet", or in test mode the name of a test card.
func (d *decoder) method(mode access.Mode) string {
	name := d.text(maxWord)
	if d.err != nil {
		return ""
	}
	if mode == access.Test {
		if _, ok := vault.TestMethod(name); ok {
			return name
		}
	}
	if name == payment.Wallet {
		return name
	}
	if _, err := ident.Parse(ident.PaymentMethod, name); err != nil {
		d.invalid("is not a payment method's id")
	}
	return name
}
