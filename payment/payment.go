// Package payment decides about payments: what a command makes of a payment
// and its attempts, captures, refunds and disputes. Everything is values in and
// values out; who loads and writes them is the committer's matter.
//
//	requires_payment_method ─┐
//	requires_confirmation ───┼─ confirm ─▶ processing ─┬─ approved ─▶ succeeded
//	declined ────────────────┘                         ├─ declined ─▶ declined
//	      any of the three ─── cancel ─▶ canceled      ├─ unknown: stays processing
//	                                                   └─ requires_action ─▶ the same again
//
// With manual capture an approval leads to requires_capture instead:
//
//	requires_capture ─┬─ a final capture, or all of it captured ─▶ succeeded
//	                  ├─ canceled, or expired, with nothing captured ─▶ canceled, and voided
//	                  └─ expired with a part captured ─▶ succeeded, the rest released
//
// Invariants, held by Check: the sums never exceed what was authorized and
// captured; a payment that is processing or requires_action has exactly one open
// attempt, any other has none; one that succeeded or requires_capture has exactly
// one attempt that stands: approved and not reversed.
package payment

import (
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// Status is where a payment stands. It never says "refunded".
type Status string

// The statuses.
const (
	RequiresPaymentMethod Status = "requires_payment_method"
	RequiresConfirmation  Status = "requires_confirmation"
	RequiresAction        Status = "requires_action"
	Processing            Status = "processing"
	RequiresCapture       Status = "requires_capture"
	Succeeded             Status = "succeeded"
	Declined              Status = "declined"
	Canceled              Status = "canceled"
)

// Statuses lists every status.
func Statuses() []Status {
	return []Status{
		RequiresPaymentMethod, RequiresConfirmation, RequiresAction, Processing,
		RequiresCapture, Succeeded, Declined, Canceled,
	}
}

// Payment is the intent to move an amount from a user's payment method,
// together with everything that was tried and done for it.
type Payment struct {
	ID            ident.ID
	UserID        int64
	Amount        money.Amount
	CaptureMethod CaptureMethod
	Purpose       Purpose
	Details       Details
	State

	// AnsweredVersion is the version at which the request that made the payment was
	// answered for good; 0 while its outcome is open.
	AnsweredVersion int64
	// Answered is the State at that version, kept once the payment has moved on,
	// so that a repeated request is answered as the first was.
	Answered *State

	Attempts []Attempt // oldest first
	Captures []Capture
	Refunds  []Refund
	Disputes []Dispute
}

// State is the part of a payment that changes.
type State struct {
	Status  Status       `json:"status"`
	Reason  problem.Code `json:"reason,omitempty"` // of a decline
	Version int64        `json:"version"`          // from 1, one event each
	// PaymentMethod is a pm_ id's text, or the name of a test card.
	PaymentMethod string   `json:"payment_method,omitempty"`
	Attempt       ident.ID `json:"attempt,omitzero"` // the latest
	Gateway       string   `json:"gateway,omitempty"`
	// ActionURL is where the cardholder must go while the payment requires_action.
	ActionURL string `json:"action_url,omitempty"`

	AuthorizedMinor     int64 `json:"authorized,omitempty"`
	CapturePendingMinor int64 `json:"capture_pending,omitempty"`
	CapturedMinor       int64 `json:"captured,omitempty"`
	RefundPendingMinor  int64 `json:"refund_pending,omitempty"`
	RefundedMinor       int64 `json:"refunded,omitempty"`
	DisputedMinor       int64 `json:"disputed,omitempty"`
}

// CaptureMethod says when an authorized amount is captured.
type CaptureMethod string

// The capture methods.
const (
	CaptureAutomatic CaptureMethod = "automatic"
	CaptureManual    CaptureMethod = "manual"
)

// Purpose says what the money is for.
type Purpose string

// The purposes.
const (
	Sale        Purpose = "sale"
	WalletTopUp Purpose = "wallet_topup"
)

// Details is what a caller tells about a payment and no decision reads.
type Details struct {
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	ReturnURL   string            `json:"return_url,omitempty"`
	OffSession  bool              `json:"off_session,omitempty"`
	Customer    *Customer         `json:"customer,omitempty"`
	Risk        *Risk             `json:"risk,omitempty"`
}

// IsZero tells whether nothing was told.
func (d Details) IsZero() bool {
	return d.Description == "" && len(d.Metadata) == 0 && d.ReturnURL == "" && !d.OffSession &&
		d.Customer == nil && d.Risk == nil
}

// Customer is who pays, as the caller knows them.
type Customer struct {
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
}

// Risk is what the fraud score may look at.
type Risk struct {
	IP             string `json:"ip,omitempty"`
	Device         string `json:"device,omitempty"`
	Terminal       string `json:"terminal,omitempty"`
	BillingCountry string `json:"billing_country,omitempty"`
	// OccurredAt is when it happened, for replays; in test mode only.
	OccurredAt time.Time `json:"occurred_at,omitzero"`
}

// Outcome is what became of an attempt.
type Outcome string

// The outcomes. Pending is also an attempt's outcome while its call is under
// way: AnsweredAt tells the two apart.
const (
	OutcomeApproved       Outcome = "approved"
	OutcomeDeclined       Outcome = "declined"
	OutcomeRequiresAction Outcome = "requires_action"
	OutcomePending        Outcome = "pending"
	OutcomeUnknown        Outcome = "unknown"
)

// Open tells whether the outcome may still become another.
func (o Outcome) Open() bool {
	return o == OutcomePending || o == OutcomeUnknown || o == OutcomeRequiresAction
}

// known tells whether the outcome is one of those above.
func (o Outcome) known() bool { return o.Open() || o == OutcomeApproved || o == OutcomeDeclined }

// Attempt is one try at one gateway. Its id is the operation's id there.
type Attempt struct {
	ID      ident.ID
	Payment ident.ID
	// Root is the attempt with which the request began that also led to this one:
	// zero for that attempt itself.
	Root      ident.ID
	UserID    int64
	Gateway   string
	Method    string // the payment method that was charged
	Minor     int64
	Outcome   Outcome
	Reason    problem.Code
	Reference string // the gateway's own id
	// AnsweredAt is when the call ended, with or without an outcome; zero while
	// it is under way.
	AnsweredAt time.Time
	Inquiry    Inquiry
	// ExpiresAt is when what was authorized and not captured is voided; zero once
	// nothing is left to capture.
	ExpiresAt time.Time
	// Reversal takes an approval back, or the rest of it; nil without one.
	Reversal *Reversal
}

// Stands tells whether the attempt was approved and not taken back.
func (a Attempt) Stands() bool {
	return a.Outcome == OutcomeApproved && (a.Reversal == nil || a.Reversal.Rest)
}

// Inquiry says when a gateway is next asked about an open operation.
type Inquiry struct {
	At    time.Time // zero when nothing is left to ask
	Count int       // how often it was asked
}

// Reversal takes an approval back: one that came too late, was canceled or has
// expired.
type Reversal struct {
	ID     ident.ID
	Status OperationStatus
	// Rest releases only what was not captured: the charge stands.
	Rest bool
}

// OperationStatus is the state of a capture, refund or reversal.
type OperationStatus string

// The statuses of operations.
const (
	OperationPending   OperationStatus = "pending"
	OperationSucceeded OperationStatus = "succeeded"
	OperationFailed    OperationStatus = "failed"
)

// Capture is money taken on an authorization. The one of an automatic capture is
// made with the approval: it has no call, and so no reference, of its own.
type Capture struct {
	ID         ident.ID
	Payment    ident.ID
	Attempt    ident.ID
	UserID     int64
	Minor      int64
	Final      bool // what it leaves of the authorization is released
	Status     OperationStatus
	Reason     problem.Code // why it failed
	Reference  string
	AnsweredAt time.Time
	Version    int64
	Inquiry    Inquiry
	// Told is the payment's State when an inquiry or a notice settled the capture:
	// what its request is answered with when it is repeated. Nil where that
	// request was answered itself.
	Told *State
}

// Refund is captured money given back.
type Refund struct {
	ID         ident.ID
	Payment    ident.ID
	Attempt    ident.ID // the charge that it gives back
	UserID     int64
	Gateway    string
	Amount     money.Amount
	Status     OperationStatus
	Reason     problem.Code // why it failed
	Reference  string
	AnsweredAt time.Time
	Version    int64
	Inquiry    Inquiry
}

// Changes is what a decision wants to be written, all of it or nothing. The
// zero value writes nothing.
type Changes struct {
	Payment      Payment // the new state, children included
	New          bool    // the payment itself is new
	Changed      bool    // the payment's own row changed
	Attempts     []Change[Attempt]
	Captures     []Change[Capture]
	Refunds      []Change[Refund]
	Disputes     []Change[Dispute]
	Transactions []ledger.Transaction // without ids: the committer gives them
	Events       []event.Event        // the same
}

// Change is one row to write.
type Change[T any] struct {
	Value T
	New   bool
}
