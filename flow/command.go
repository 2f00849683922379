package flow

import (
	"florin/commit"
	"florin/ident"
	"florin/payment"
	"florin/store"
)

// paymentCommand decides about one payment, of which it needs nothing but itself.
type paymentCommand struct {
	payment ident.ID
	claim   *store.Claim // nil for none
	decide  func(payment.Payment) (payment.Changes, error)
	// answer keeps with the claim what its request is answered with; nil when the
	// Tx does not know that yet.
	answer  func(decided payment.Payment) ([]store.Claim, error)
	decided payment.Payment
}

// Keys implements commit.Command.
func (c *paymentCommand) Keys(k *store.Keys) { k.Payments = append(k.Payments, c.payment) }

// Claim implements commit.Command.
func (c *paymentCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *paymentCommand) Decide(v *commit.View) (commit.Decision, error) {
	p, err := v.Payment(c.payment)
	if err != nil {
		return commit.Decision{}, err
	}
	changes, err := c.decide(p)
	if err != nil {
		return commit.Decision{}, err
	}
	c.decided = changes.Payment
	decision := commit.Decision{Payment: changes}
	if c.answer != nil {
		decision.Answered, err = c.answer(c.decided)
	}
	return decision, err
}
