// Package gateway is the port to payment service providers: charge, void,
// refund, and ask what became of an operation.
package gateway

import (
	"context"
	"errors"
	"time"

	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/vault"
)

// ErrNotSent is wrapped by an error after which the gateway has surely done
// nothing: the request was refused before it was sent, the breaker is open, or
// the answer says so. Any other error leaves the outcome unknown.
var ErrNotSent = errors.New("gateway: nothing was sent")

// Status is what a gateway says of one operation.
type Status string

// The statuses.
const (
	Approved       Status = "approved"
	Declined       Status = "declined"
	RequiresAction Status = "requires_action"
	Pending        Status = "pending"   // the gateway will tell later
	NotFound       Status = "not_found" // of Resolve only
	Unknown        Status = "unknown"   // no answer, or none that says
)

// Outcome is an operation's state at the gateway.
type Outcome struct {
	Status Status
	// Reason is a decline's code: one for which problem.Code.IsDecline holds.
	Reason problem.Code
	// Reference is the gateway's own id of the operation.
	Reference string
}

// Charge asks for money from a card.
type Charge struct {
	// Operation is the attempt's id and the gateway's idempotency key.
	Operation ident.ID
	Payment   ident.ID
	Amount    money.Amount
	Card      vault.Card
	// Capture is true for authorization and capture in one step.
	Capture bool
}

// Refund gives captured money back to the card.
type Refund struct {
	Operation ident.ID // the refund's id
	Charge    ident.ID // the charge's operation id
	Reference string   // the charge's reference, as the gateway gave it
	Amount    money.Amount
}

// Void takes a whole charge back, captured or not.
type Void struct {
	Operation ident.ID // the reversal's id
	Charge    ident.ID
	Reference string
	Amount    money.Amount
}

// Capabilities says what a gateway can and how far its answers go.
type Capabilities struct {
	// Consistent means that NotFound says "never arrived" once Settling has
	// passed since the request was sent.
	Consistent bool
	// Settling is how long an operation may take to become visible.
	Settling time.Duration
	// Test marks a gateway that moves no real money.
	Test bool
}

// Gateway is one connector. Calls repeat safely under the same operation id and
// end with their context. An error that does not wrap ErrNotSent leaves the
// outcome unknown.
type Gateway interface {
	// Name is the gateway's name in the configuration, unique in it.
	Name() string
	Capabilities() Capabilities
	Charge(context.Context, Charge) (Outcome, error)
	Refund(context.Context, Refund) (Outcome, error)
	Void(context.Context, Void) (Outcome, error)
	// Resolve tells what became of an operation, charge, refund or void.
	Resolve(ctx context.Context, operation ident.ID) (Outcome, error)
}

// Notice is what a gateway tells unasked: an operation's outcome.
type Notice struct {
	Gateway   string
	Operation ident.ID
	Outcome   Outcome
}

// Listener takes notices. A nil error means that it is durable; any other asks
// the gateway to tell again later.
type Listener func(context.Context, Notice) error
