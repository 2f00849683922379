package audit

import (
	"florin/event"
	"florin/ident"
	"florin/payment"
	"florin/vault"
	"florin/wallet"
)

// types is a set of types of events, of one kind of object: a bit each.
type types uint16

// everyType is for an object whose state is broken already: what follows from
// that is not told as well.
const everyType = ^types(0)

// typed is what is known of a type of events.
type typed struct {
	kind ident.Kind
	bit  types
	// first and later tell whether it may be told of version 1, and of others.
	first, later bool
}

// begins, goesOn and either say of which versions a type is told.
func begins(of ident.Kind, bit int) typed { return typed{of, 1 << bit, true, false} }
func goesOn(of ident.Kind, bit int) typed { return typed{of, 1 << bit, false, true} }
func either(of ident.Kind, bit int) typed { return typed{of, 1 << bit, true, true} }

var typesOf = map[event.Type]typed{
	event.PaymentCreated:        begins(ident.Payment, 0),
	event.PaymentProcessing:     either(ident.Payment, 1),
	event.PaymentSucceeded:      either(ident.Payment, 2), // at once: from the wallet
	event.PaymentDeclined:       either(ident.Payment, 3), // at once: by fraud
	event.PaymentCanceled:       goesOn(ident.Payment, 4),
	event.PaymentRequiresAction: goesOn(ident.Payment, 5),
	event.PaymentAuthorized:     goesOn(ident.Payment, 6),
	event.PaymentLateApproval:   goesOn(ident.Payment, 7),
	event.PaymentReversed:       goesOn(ident.Payment, 8),
	event.PaymentReleased:       goesOn(ident.Payment, 9),

	event.CapturePending:   begins(ident.Capture, 0),
	event.CaptureSucceeded: either(ident.Capture, 1), // at once: an automatic one
	event.CaptureFailed:    goesOn(ident.Capture, 2),

	event.RefundPending:   begins(ident.Refund, 0),
	event.RefundSucceeded: either(ident.Refund, 1), // at once: to the wallet
	event.RefundFailed:    goesOn(ident.Refund, 2),

	event.DisputeCreated:     begins(ident.Dispute, 0),
	event.DisputeUnderReview: goesOn(ident.Dispute, 1),
	event.DisputeWon:         goesOn(ident.Dispute, 2),
	event.DisputeLost:        goesOn(ident.Dispute, 3),

	event.MethodCreated:  begins(ident.PaymentMethod, 0),
	event.MethodDeleted:  goesOn(ident.PaymentMethod, 1),
	event.BatchAccepted:  begins(ident.Batch, 0),
	event.BatchCompleted: goesOn(ident.Batch, 1),
	event.WalletAdjusted: begins(ident.Transaction, 0),
	event.PayoutCreated:  begins(ident.Payout, 0),

	event.HoldCreated:  begins(ident.Hold, 0),
	event.HoldCaptured: goesOn(ident.Hold, 1),
	event.HoldReleased: goesOn(ident.Hold, 2),
	event.HoldExpired:  goesOn(ident.Hold, 3),

	event.TransferPending:   begins(ident.Transfer, 0),
	event.TransferSucceeded: either(ident.Transfer, 1), // at once: within a shard
	event.TransferFailed:    goesOn(ident.Transfer, 2),
}

// The type with which an object reaches a status: that of its last version.
var (
	paymentTypes = map[payment.Status]types{
		payment.RequiresPaymentMethod: typesOf[event.PaymentCreated].bit,
		payment.RequiresConfirmation:  typesOf[event.PaymentCreated].bit,
		payment.RequiresAction:        typesOf[event.PaymentRequiresAction].bit,
		payment.Processing:            typesOf[event.PaymentProcessing].bit,
		payment.RequiresCapture:       typesOf[event.PaymentAuthorized].bit,
		payment.Succeeded:             typesOf[event.PaymentSucceeded].bit,
		payment.Declined:              typesOf[event.PaymentDeclined].bit,
		payment.Canceled:              typesOf[event.PaymentCanceled].bit,
	}
	captureTypes = map[payment.OperationStatus]types{
		payment.OperationPending:   typesOf[event.CapturePending].bit,
		payment.OperationSucceeded: typesOf[event.CaptureSucceeded].bit,
		payment.OperationFailed:    typesOf[event.CaptureFailed].bit,
	}
	refundTypes = map[payment.OperationStatus]types{
		payment.OperationPending:   typesOf[event.RefundPending].bit,
		payment.OperationSucceeded: typesOf[event.RefundSucceeded].bit,
		payment.OperationFailed:    typesOf[event.RefundFailed].bit,
	}
	disputeTypes = map[payment.DisputeStatus]types{
		payment.DisputeNeedsResponse: typesOf[event.DisputeCreated].bit,
		payment.DisputeUnderReview:   typesOf[event.DisputeUnderReview].bit,
		payment.DisputeWon:           typesOf[event.DisputeWon].bit,
		payment.DisputeLost:          typesOf[event.DisputeLost].bit,
	}
	batchTypes = map[payment.BatchStatus]types{
		payment.BatchProcessing: typesOf[event.BatchAccepted].bit,
		payment.BatchCompleted:  typesOf[event.BatchCompleted].bit,
	}
	holdTypes = map[wallet.HoldStatus]types{
		wallet.HoldActive:   typesOf[event.HoldCreated].bit,
		wallet.HoldCaptured: typesOf[event.HoldCaptured].bit,
		wallet.HoldReleased: typesOf[event.HoldReleased].bit,
		wallet.HoldExpired:  typesOf[event.HoldExpired].bit,
	}
	transferTypes = map[wallet.TransferStatus]types{
		wallet.TransferPending:   typesOf[event.TransferPending].bit,
		wallet.TransferSucceeded: typesOf[event.TransferSucceeded].bit,
		wallet.TransferFailed:    typesOf[event.TransferFailed].bit,
	}
)

// lastOfPayment returns what a payment's last event may tell: its status, or what
// became of an approval that is taken back, which no status shows.
func lastOfPayment(p payment.Payment) types {
	last := paymentTypes[p.Status]
	for _, a := range p.Attempts {
		if a.Reversal == nil {
			continue
		}
		done := a.Reversal.Status == payment.OperationSucceeded
		switch {
		case a.Reversal.Rest && done:
			last |= typesOf[event.PaymentReleased].bit
		case a.Reversal.Rest:
		case done:
			last |= typesOf[event.PaymentLateApproval].bit | typesOf[event.PaymentReversed].bit
		default:
			last |= typesOf[event.PaymentLateApproval].bit
		}
	}
	return last
}

func lastOfMethod(m vault.PaymentMethod) types {
	if m.DeletedAt.IsZero() {
		return typesOf[event.MethodCreated].bit
	}
	return typesOf[event.MethodDeleted].bit
}

// unlessBroken returns a set, or every type for an object whose state is broken.
func (t types) unlessBroken(err error) types {
	if err != nil {
		return everyType
	}
	return t
}

// fits tells whether an event is one of its object's kind and version, and, of the
// last version, of its status.
func (o object) fits(e event.Event) bool {
	t := typesOf[e.Type]
	if t.kind != e.Kind || e.Version == 1 && !t.first || e.Version > 1 && !t.later {
		return false
	}
	return e.Version != int64(o.version) || o.last&t.bit != 0
}
