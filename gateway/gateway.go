// Package gateway is the port to payment service providers: charge, capture,
// void, refund, answer disputes, and ask what became of an operation.
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
	// RedirectURL is where the cardholder goes when the gateway requires action.
	RedirectURL string
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
	// OffSession says that the cardholder is not there: what would require action
	// is declined with AuthenticationFail.
	OffSession bool
	// ReturnURL is where the cardholder goes back to after an action; "" for
	// nowhere.
	ReturnURL string
}

// Capture takes money on a charge that was only authorized.
type Capture struct {
	Operation ident.ID // the capture's id
	Charge    ident.ID // the charge's operation id
	Reference string   // the charge's reference, as the gateway gave it
	Amount    money.Amount
	Final     bool // what is left is released
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
	// Rest releases only what was not captured.
	Rest bool
}

// Evidence answers a dispute.
type Evidence struct {
	Operation ident.ID
	Charge    ident.ID
	Dispute   string // the dispute's reference, as the gateway gave it
	Text      string
}

// Capabilities says what a gateway can and how far its answers go.
type Capabilities struct {
	// Consistent means that NotFound says "never arrived" once Settling has
	// passed since the request was sent.
	Consistent bool
	// Settling is how long an operation may take to become visible.
	Settling time.Duration
	// MultipleCapture: an authorization can be captured several times.
	MultipleCapture bool
	// PartialCapture: less than was authorized can be captured.
	PartialCapture bool
	// Void: an authorization can be taken back before it expires by itself.
	Void bool
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
	Capture(context.Context, Capture) (Outcome, error)
	Refund(context.Context, Refund) (Outcome, error)
	Void(context.Context, Void) (Outcome, error)
	// SubmitEvidence hands evidence in; Approved means that the gateway has it.
	// What it makes of it comes as a Notice.
	SubmitEvidence(context.Context, Evidence) (Outcome, error)
	// Resolve tells what became of an operation, charge, capture, refund or void.
	Resolve(ctx context.Context, operation ident.ID) (Outcome, error)
}

// Notice is what a gateway tells unasked: an operation's outcome, or, with
// Dispute, how a dispute of a charge stands. A refund that was approved may be
// told as declined later.
type Notice struct {
	Gateway   string
	Operation ident.ID // of a dispute: the charge
	Outcome   Outcome
	Dispute   *Dispute
}

// Dispute is a dispute as its gateway tells it, which may be several times.
type Dispute struct {
	Reference string // the gateway's own id of it
	Amount    money.Amount
	Reason    string // "fraudulent", "product_not_received", ...
	Status    DisputeStatus
}

// DisputeStatus is where a dispute stands.
type DisputeStatus string

// The statuses of disputes. The gateway has taken the money back until one is
// won.
const (
	DisputeNeedsResponse DisputeStatus = "needs_response"
	DisputeUnderReview   DisputeStatus = "under_review"
	DisputeWon           DisputeStatus = "won"
	DisputeLost          DisputeStatus = "lost"
)

// Listener takes notices. A nil error means that it is durable; any other asks
// the gateway to tell again later.
type Listener func(context.Context, Notice) error
