package audit_test

import (
	"slices"
	"testing"
	"time"

	"florin/audit"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
)

// enrich adds to shard 1 a payment captured in parts, a refund that failed later,
// disputes won, lost and open, and a disputed top-up.
func (w *world) enrich() {
	w.t.Helper()
	const user = 1
	manual := w.begun(user, payment.CaptureManual, payment.Sale)
	for _, minor := range []int64{400, 600} {
		id := w.ids.New(user)
		manual = w.write(payment.DecideCapture(manual, payment.Take{
			ID: id, Minor: minor, Several: true, Partial: true, InquireAt: began,
		}))
		w.approve(audit.Capture, id, manual.Attempt, manual.ID, money.Amount{Minor: minor, Currency: "USD"})
		manual = w.write(payment.DecideCaptureOutcome(manual, payment.SettleCapture{
			Capture: id, Status: payment.OperationSucceeded, At: began,
		}))
	}
	p := w.begun(user, payment.CaptureAutomatic, payment.Sale)
	id := w.ids.New(user)
	p = w.write(payment.DecideRefund(p, payment.GiveBack{ID: id, Minor: 100, InquireAt: began}))
	w.approve(audit.Refund, id, p.Attempt, p.ID, p.Refunds[0].Amount)
	for _, status := range []payment.OperationStatus{payment.OperationSucceeded, payment.OperationFailed} {
		p = w.write(payment.DecideRefundOutcome(p, payment.SettleRefund{
			Refund: id, Status: status, At: began,
		}))
	}
	w.journal = append(w.journal, audit.Operation{ID: id, Kind: audit.Refund, Charge: p.Attempt, Failed: true})
	p = w.disputed(p, payment.DisputeWon)
	p = w.disputed(p, payment.DisputeLost)
	w.disputed(p, payment.DisputeNeedsResponse)
	w.disputed(w.begun(user, payment.CaptureAutomatic, payment.WalletTopUp), payment.DisputeWon)
	w.disputed(w.begun(user, payment.CaptureAutomatic, payment.WalletTopUp), payment.DisputeLost)
}

// begun makes an approved payment of 10.00 USD.
func (w *world) begun(user int64, method payment.CaptureMethod, purpose payment.Purpose) payment.Payment {
	w.t.Helper()
	p := w.write(payment.DecideCreate(payment.Create{
		ID: w.ids.New(user), UserID: user, Amount: money.Amount{Minor: 1000, Currency: "USD"}, CaptureMethod: method,
		Purpose: purpose, Method: "pm_card_visa", Confirm: true,
		Start: payment.Start{Attempt: w.ids.New(user), Gateway: "alpha", InquireAt: began},
	}))
	w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
	return w.settle(p, p.Attempt, payment.OutcomeApproved)
}

// disputed has 2.00 USD of a payment disputed, of which the wallet gives 0.50 for a
// top-up.
func (w *world) disputed(p payment.Payment, status payment.DisputeStatus) payment.Payment {
	w.t.Helper()
	id := w.ids.New(p.UserID)
	p = w.write(payment.DecideDispute(p, payment.Disputed{
		ID: id, Attempt: p.Attempt, Reference: id.Text(ident.Dispute), WalletMinor: 50, Reason: "fraudulent",
		Amount: money.Amount{Minor: 200, Currency: "USD"},
	}))
	if status == payment.DisputeNeedsResponse {
		return p
	}
	return w.write(payment.DecideDisputeOutcome(p, payment.SettleDispute{Dispute: id, Status: status}))
}

func (w *world) with(holds func(p payment.Payment) bool) *payment.Payment {
	payments := w.shards[1].payments
	p := &payments[slices.IndexFunc(payments, holds)]
	p.Captures, p.Refunds, p.Disputes = slices.Clone(p.Captures), slices.Clone(p.Refunds), slices.Clone(p.Disputes)
	return p
}

func isDisputed(p payment.Payment) bool { return len(p.Disputes) == 3 }
func isManual(p payment.Payment) bool   { return p.CaptureMethod == payment.CaptureManual }

// forget takes the transaction of a kind out of shard 1 and its balances.
func (w *world) forget(kind ledger.Kind) {
	r := &w.shards[1]
	i := slices.IndexFunc(r.transactions, func(t ledger.Transaction) bool { return t.Kind == kind })
	r.transactions = append(r.transactions[:i:i], r.transactions[i+1:]...)
	later := r.transactions
	r.transactions, r.accounts = nil, nil
	for _, t := range later {
		w.post(r, t)
	}
}

func TestMoneyThatComesAndGoesPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrich()
	r := w.audit()
	if !r.OK || r.Totals.Disputes != 5 || r.Totals.Captures != 37 {
		t.Errorf("%v, %+v", broken(r), r.Totals)
	}
}

func TestDisputesAndCapturesAreAudited(t *testing.T) {
	t.Parallel()
	for _, s := range []spoiling{
		{"a disputed sum", func(w *world) { w.with(isDisputed).DisputedMinor++ }, "booked"},
		{"a dispute won that was lost", func(w *world) {
			w.with(isDisputed).Disputes[1].Status = payment.DisputeWon
		}, "booked"},
		{"a dispute of another amount", func(w *world) {
			p := w.with(isDisputed)
			p.Disputes[2].Amount.Minor += 5
			p.DisputedMinor += 5
		}, "booked"},
		{"a dispute that is not booked", func(w *world) { w.forget(ledger.KindDisputeOpened) }, "booked"},
		{"a loss that is not booked", func(w *world) { w.forget(ledger.KindDisputeLost) }, "booked"},
		{"a failed refund that is not booked back", func(w *world) { w.forget(ledger.KindRefundFailed) }, "booked"},
		{"a dispute's wallet", func(w *world) {
			w.with(func(p payment.Payment) bool { return p.Purpose == payment.WalletTopUp }).Disputes[0].WalletMinor++
		}, "booked"},
		{"a top-up that is a sale", func(w *world) {
			w.with(func(p payment.Payment) bool { return p.Purpose == payment.WalletTopUp }).Purpose = payment.Sale
		}, "booked"},
		{"a top-up's dispute that was lost and is open again", func(w *world) {
			p := w.with(func(p payment.Payment) bool {
				return len(p.Disputes) == 1 && p.Disputes[0].Status == payment.DisputeLost
			})
			p.Disputes[0].Status = payment.DisputeUnderReview
		}, "told"},
		{"a refund that failed here alone", func(w *world) {
			w.journal = slices.DeleteFunc(w.journal, func(o audit.Operation) bool { return o.Failed })
		}, "charged_once"},
		{"a refund that nobody asks about", func(w *world) {
			_, p := w.refunded(payment.OperationPending)
			p.Refunds[0].Inquiry.At = time.Time{}
		}, "consistent"},
		{"a version of a dispute", func(w *world) { w.with(isDisputed).Disputes[0].Version++ }, "told"},
		{"a capture of another amount", func(w *world) {
			p := w.with(isManual)
			p.Captures[0].Minor--
			p.CapturedMinor--
		}, "booked"},
		{"a capture pending that is none", func(w *world) {
			w.with(isManual).Captures[0].Status = payment.OperationPending
		}, "booked"},
		{"a capture that the gateway does not have", func(w *world) {
			w.journal = slices.DeleteFunc(w.journal, func(o audit.Operation) bool { return o.Kind == audit.Capture })
		}, "charged_once"},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.enrich()
			s.spoil(w)
			if r := w.audit(); r.OK || !slices.Contains(broken(r), s.want) {
				t.Errorf("broken are %v, want %s", broken(r), s.want)
			}
		})
	}
}
