package sim

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"florin/flow"
	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/vault"
)

// kind is what a request wants.
type kind string

// The kinds.
const (
	authorize     kind = "authorize"
	batch         kind = "batch"
	confirm       kind = "confirm"
	cancel        kind = "cancel"
	take          kind = "capture"
	giveBack      kind = "refund"
	addMethod     kind = "add method"
	dropMethod    kind = "drop method"
	look          kind = "look"
	listPayments  kind = "list"
	adjust        kind = "adjust"
	placeHold     kind = "place hold"
	takeHold      kind = "capture hold"
	freeHold      kind = "release hold"
	transfer      kind = "transfer"
	transferBatch kind = "transfer batch"
	lookWallet    kind = "look at wallet"
	storeBatch    kind = "store batch"
	payOut        kind = "pay out"
	settle        kind = "settle"
	giveEvidence  kind = "answer dispute"
)

// request is what a client sends, once or again.
type request struct {
	number int
	kind   kind
	user   int64
	scope  string // its path
	key    string // its idempotency key; "" without

	amount   money.Amount
	method   string
	confirm  bool
	topUp    bool
	offline  bool                // the cardholder is not there
	dest     payment.Destination // of a refund
	manual   bool                // to be captured
	final    *bool               // of a capture
	payment  ident.ID
	minor    int64
	card     vault.CardInput
	methodID ident.ID
	items    []*request // of a batch
	seen     int64      // of a look: the version that was told before
	name     string     // of an adjustment
	hold     ident.ID
	lasts    time.Duration // of a hold
	to       int64         // of a transfer: its receiver
	dispute  ident.ID
	wrong    bool       // an item that is refused before it is stored
	text     string     // of evidence
	known    []sighting // of a list: what was told before
}

// sighting is a version of a payment that a client was told.
type sighting struct {
	id      ident.ID
	version int64
}

func (r *request) String() string {
	text := fmt.Sprintf("%s %d of user %d", r.kind, r.number, r.user)
	if r.key != "" {
		text += " with key " + r.key
	}
	return text
}

// description names the request within its payment.
func (r *request) description() string { return fmt.Sprintf("request %d", r.number) }

// digest recognises the body: one request has one, however often it is sent.
func (r *request) digest() [32]byte { return sha256.Sum256([]byte(r.description())) }

// body is the digest as a claim keeps it.
func (r *request) body() [16]byte {
	digest := r.digest()
	return [16]byte(digest[:16])
}

func (r *request) idempotency() *flow.Idempotency {
	if r.key == "" {
		return nil
	}
	return &flow.Idempotency{Scope: r.scope, Key: r.key, Digest: r.digest()}
}

func (r *request) authorization() flow.Authorize {
	method := payment.CaptureAutomatic
	if r.manual {
		method = payment.CaptureManual
	}
	return flow.Authorize{
		UserID: r.user, Amount: r.amount, CaptureMethod: method, Purpose: r.purpose(),
		Method: r.method, Confirm: r.confirm,
		Details:     payment.Details{Description: r.description(), OffSession: r.offline},
		Idempotency: r.idempotency(),
	}
}

// call has an instance answer the request.
func (r *request) call(ctx context.Context, s *flow.Service) (got answer) {
	switch r.kind {
	case authorize:
		got.payment, got.err = s.Authorize(ctx, r.authorization())
	case batch:
		var requests []flow.Authorize
		for _, item := range r.items {
			requests = append(requests, item.authorization())
		}
		got.batch = s.AuthorizeBatch(ctx, requests)
	case confirm:
		got.payment, got.err = s.Confirm(ctx, flow.Confirm{
			Payment: r.payment, Method: r.method, Idempotency: r.idempotency(),
		})
	case cancel:
		got.payment, got.err = s.Cancel(ctx, flow.Cancel{Payment: r.payment, Idempotency: r.idempotency()})
	case take:
		got.capture, got.err = s.Capture(ctx, flow.Capture{
			Payment: r.payment, Minor: r.minor, Final: r.final, Idempotency: r.idempotency(),
		})
	case giveBack:
		got.refund, got.err = s.Refund(ctx, flow.Refund{
			Payment: r.payment, Minor: r.minor, To: r.dest, Idempotency: r.idempotency(),
		})
	case addMethod:
		got.method, _, got.err = s.StoreMethod(ctx, flow.StoreMethod{
			UserID: r.user, Card: r.card, Idempotency: r.idempotency(),
		})
	case dropMethod:
		got.method, got.err = s.DeleteMethod(ctx, r.methodID)
	case look:
		got.payment.Payment, got.err = s.Payment(ctx, r.payment)
	case listPayments:
		got.list, got.err = s.Payments(ctx, store.PaymentQuery{
			Page: store.Page{Limit: 10_000}, UserID: r.user,
		})
	case adjust:
		got.adjustment, got.replayed, got.err = s.Adjust(ctx, flow.Adjust{
			UserID: r.user, Amount: r.amount, TransactionID: r.name, Reason: r.description(), Idempotency: r.idempotency(),
		})
	case transfer:
		got.transfer, got.err = s.Transfer(ctx, r.moving())
	case transferBatch:
		var requests []flow.Transfer
		for _, item := range r.items {
			requests = append(requests, item.moving())
		}
		got.transfers = s.TransferBatch(ctx, requests)
	case placeHold:
		got.hold, got.replayed, got.err = s.PlaceHold(ctx, r.holding())
	case takeHold, freeHold:
		got.hold, got.replayed, got.err = s.EndHold(ctx, r.ending())
	case storeBatch:
		got.stored, got.replayed, got.err = s.AcceptBatch(ctx, r.stored())
	case payOut:
		got.payout, got.replayed, got.err = s.PayOut(ctx, r.payingOut())
	case settle:
		got.settled, got.replayed, got.err = s.RecordSettlement(ctx, r.settlingWith())
	case giveEvidence:
		got.dispute, got.err = s.SubmitEvidence(ctx, flow.Evidence{
			Dispute: r.dispute, Text: r.text, Idempotency: r.idempotency(),
		})
	case lookWallet:
		got.balances, got.err = s.Wallet(ctx, r.user)
	}
	return got
}

// refuses tells whether a payment in a state must refuse the request.
func (r *request) refuses(s payment.State) bool {
	switch {
	case s.Status == payment.RequiresAction && r.kind == cancel:
		return false
	case s.Status == payment.RequiresCapture && r.kind == take:
		return s.CapturePendingMinor > 0
	case s.Status == payment.RequiresCapture && r.kind == cancel:
		return s.CapturePendingMinor+s.CapturedMinor > 0
	case s.Status == payment.RequiresCapture && r.kind == giveBack:
		return s.CapturedMinor == 0
	case r.kind == take:
		return true
	case r.kind == giveBack:
		return s.Status != payment.Succeeded
	default:
		return !slices.Contains(waiting, s.Status)
	}
}

// noMethod is a payment method's name that means nothing.
const noMethod = "pm_card_nobody"

// badNumber is a card's number whose check digit is wrong.
const badNumber = "4242424242424241"

// invalid tells whether a field of the request is wrong.
func (r *request) invalid(a *auditor, since int64) bool {
	switch r.kind {
	case authorize:
		return r.method == noMethod || r.method == "" && r.confirm || r.unpayable(a)
	case giveBack:
		return r.misdirected(a)
	case confirm:
		return r.method == noMethod || r.unpayable(a) || r.method == "" && a.was(r, since, func(s payment.State) bool {
			return s.PaymentMethod == "" || s.PaymentMethod == noMethod
		})
	case addMethod:
		return r.card.Number == badNumber
	case adjust:
		return r.amount.Minor == 0
	case transfer:
		return r.user == r.to
	case settle:
		return r.unsettleable()
	default:
		return false
	}
}

// missing tells whether the request names what is not there.
func (r *request) missing(a *auditor) bool {
	gone := func(id ident.ID) bool {
		m := a.methods[id]
		return m == nil || m.row.UserID != r.user || !m.row.DeletedAt.IsZero()
	}
	switch r.kind {
	case authorize, confirm:
		methods := []string{r.method}
		if record := a.payments[r.payment]; r.kind == confirm && r.method == "" && record != nil {
			for _, m := range record.states {
				methods = append(methods, m.value.PaymentMethod)
			}
		}
		if slices.ContainsFunc(methods, func(name string) bool {
			id, err := ident.Parse(ident.PaymentMethod, name)
			return err == nil && gone(id)
		}) {
			return true
		}
		return r.kind == confirm && a.payments[r.payment] == nil
	case cancel, take, giveBack, look:
		return a.payments[r.payment] == nil
	case dropMethod:
		return gone(r.methodID)
	case giveEvidence:
		return a.disputes[r.dispute] == nil
	case takeHold, freeHold:
		return a.holds[r.hold] == nil || a.holds[r.hold].row.UserID != r.user
	default:
		return false
	}
}
