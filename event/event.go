// Package event holds what happened: one event for every version of every
// object, written in the same Tx as the version itself.
package event

import (
	"time"

	"florin/ident"
)

// Type names what happened, object first: "payment.succeeded".
type Type string

// The types of events.
const (
	PaymentCreated    Type = "payment.created"
	PaymentProcessing Type = "payment.processing"
	PaymentSucceeded  Type = "payment.succeeded"
	PaymentDeclined   Type = "payment.declined"
	PaymentCanceled   Type = "payment.canceled"
	// PaymentRequiresAction: the cardholder must authenticate.
	PaymentRequiresAction Type = "payment.requires_action"
	// PaymentAuthorized: approved, to be captured.
	PaymentAuthorized Type = "payment.authorized"
	// PaymentLateApproval: a gateway approved what was no longer awaited; it is
	// being taken back. Somebody should look at that gateway.
	PaymentLateApproval Type = "payment.late_approval"
	// PaymentReversed: an approval was taken back, one that came late, was canceled
	// or has expired.
	PaymentReversed Type = "payment.reversed"
	// PaymentReleased: what was not captured of an expired authorization was given
	// back.
	PaymentReleased    Type = "payment.released"
	CapturePending     Type = "capture.pending"
	CaptureSucceeded   Type = "capture.succeeded"
	CaptureFailed      Type = "capture.failed"
	RefundPending      Type = "refund.pending"
	RefundSucceeded    Type = "refund.succeeded"
	RefundFailed       Type = "refund.failed"
	DisputeCreated     Type = "dispute.created"
	DisputeUnderReview Type = "dispute.under_review"
	DisputeWon         Type = "dispute.won"
	DisputeLost        Type = "dispute.lost"
	MethodCreated      Type = "payment_method.created"
	MethodDeleted      Type = "payment_method.deleted"
	BatchAccepted      Type = "batch.accepted"
	BatchCompleted     Type = "batch.completed"
	// WalletAdjusted: the object is the ledger transaction.
	WalletAdjusted Type = "wallet.adjusted"
	HoldCreated    Type = "hold.created"
	HoldCaptured   Type = "hold.captured"
	HoldReleased   Type = "hold.released"
	HoldExpired    Type = "hold.expired"
	PayoutCreated  Type = "payout.created"
	// TransferPending: it left the sender's wallet for another shard.
	TransferPending   Type = "transfer.pending"
	TransferSucceeded Type = "transfer.succeeded"
	// TransferFailed: the receiver's wallet did not take it, the sender has it back.
	TransferFailed Type = "transfer.failed"
)

// Event is one version of one object. Data is a JSON object of ids, words and
// amounts; nothing personal and never a card number.
type Event struct {
	ID      ident.ID
	Type    Type
	Kind    ident.Kind // of the object
	Object  ident.ID
	Version int64 // of the object, from 1
	UserID  int64
	Data    []byte
}

// At returns when it happened.
func (e Event) At() time.Time { return e.ID.Time() }

// Position is an event's place in one shard's feed, ascending in commit order,
// from 1. What it counts is the engine's matter.
type Position int64

// Stored is an event with its place in the feed.
type Stored struct {
	Event
	Position Position
}
