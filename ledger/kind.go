package ledger

import (
	"cmp"
	"strconv"
	"strings"

	"florin/ident"
)

// The kinds of what moves in and out of wallets.
const (
	KindAdjustment   Kind = "adjustment"
	KindHoldPlaced   Kind = "hold_placed"
	KindHoldCaptured Kind = "hold_captured"
	KindHoldReleased Kind = "hold_released" // also by its expiry
	KindPayout       Kind = "payout"
	// KindRefundReserved sets a top-up's refund aside while the gateway works on
	// it; KindRefundReleased gives it back when the gateway refuses.
	KindRefundReserved Kind = "refund_reserved"
	KindRefundReleased Kind = "refund_released"
	// KindTransfer is a transfer within a shard; the others are the sides of one
	// across shards: out of the sender's wallet, into the receiver's, or back into
	// the sender's.
	KindTransfer       Kind = "transfer"
	KindTransferOut    Kind = "transfer_out"
	KindTransferIn     Kind = "transfer_in"
	KindTransferReturn Kind = "transfer_return"
)

// objects says what a kind of transaction books.
var objects = map[Kind]ident.Kind{
	KindCapture:        ident.Capture,
	KindRefund:         ident.Refund,
	KindAdjustment:     ident.Transaction, // itself
	KindHoldPlaced:     ident.Hold,
	KindHoldCaptured:   ident.Hold,
	KindHoldReleased:   ident.Hold,
	KindPayout:         ident.Payout,
	KindRefundReserved: ident.Refund,
	KindRefundReleased: ident.Refund,
	KindRefundFailed:   ident.Refund,
	KindDisputeOpened:  ident.Dispute,
	KindDisputeWon:     ident.Dispute,
	KindDisputeLost:    ident.Dispute,
	KindSettlement:     ident.Transaction, // itself
	KindTransfer:       ident.Transfer,
	KindTransferOut:    ident.Transfer,
	KindTransferIn:     ident.Transfer,
	KindTransferReturn: ident.Transfer,
}

// Books returns the kind of object that a kind of transaction books; "" for an
// unknown kind.
func (k Kind) Books() ident.Kind { return objects[k] }

// Crowded tells whether nearly every transaction has an entry of the account:
// one that is looked for by time is then near, and needs no index.
func (n Name) Crowded() bool {
	return n == Sales || strings.HasPrefix(string(n), "gateway:") && strings.HasSuffix(string(n), ":receivable")
}

// Control returns the account that stands for n in a trial balance: one for all
// users' wallets and one for all that is held, and any other for itself.
func (n Name) Control() Name {
	if _, ofUser := n.UserID(); !ofUser {
		return n
	}
	return "user:*" + n[strings.LastIndexByte(string(n), ':'):]
}

// OfUser returns what the names of a user's accounts begin with.
func OfUser(userID int64) string { return "user:" + strconv.FormatInt(userID, 10) + ":" }

// Compare orders keys by name, currency and slot.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Name, o.Name), cmp.Compare(k.Currency, o.Currency), cmp.Compare(k.Slot, o.Slot))
}
