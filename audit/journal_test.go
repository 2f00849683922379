package audit_test

import (
	"errors"
	"slices"
	"testing"

	"florin/audit"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/money"
	"florin/payment"
)

// approval returns the journal's entry of an operation.
func (w *world) approval(id ident.ID) *audit.Operation {
	i := slices.IndexFunc(w.journal, func(o audit.Operation) bool { return o.ID == id })
	return &w.journal[i]
}

func dollars(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// failLater has a refund fail at its gateway after it was approved.
func (w *world) failLater(r payment.Refund) {
	w.journal = append(w.journal, audit.Operation{
		ID: r.ID, Kind: audit.Refund, Charge: r.Attempt, Payment: r.Payment, Amount: r.Amount, Failed: true,
	})
}

var journalSpoilings = []spoiling{
	{"two charges that stand", func(w *world) {
		_, p := w.first(payment.Succeeded)
		second := p.Attempts[0]
		second.ID = w.ids.New(p.UserID)
		p.Attempts = append(p.Attempts, second)
		w.approve(audit.Charge, second.ID, ident.ID{}, p.ID, p.Amount)
	}, "charged_once"},
	{"a charge that the gateway does not know", func(w *world) {
		_, p := w.first(payment.Succeeded)
		w.approval(p.Attempt).ID = w.ids.New(p.UserID)
		w.journal = w.journal[1:]
	}, "charged_once"},
	{"a charge that the gateway declined", func(w *world) {
		_, p := w.first(payment.Succeeded)
		w.approval(p.Attempt).Approved = false
	}, "charged_once"},
	{"a charge that the store declined", func(w *world) {
		_, p := w.first(payment.Declined)
		w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
	}, "charged_once"},
	{"a charge that the store does not have", func(w *world) {
		_, p := w.first(payment.Declined)
		w.approve(audit.Charge, w.ids.New(p.UserID), ident.ID{}, p.ID, p.Amount)
	}, "charged_once"},
	{"a charge of another payment", func(w *world) {
		_, p := w.first(payment.Succeeded)
		w.approval(p.Attempt).Payment = w.shards[1].payments[3].ID
	}, "charged_once"},
	{"a charge of another amount", func(w *world) {
		_, p := w.first(payment.Succeeded)
		w.approval(p.Attempt).Amount = dollars(7)
	}, "charged_once"},
	{"a charge in another currency", func(w *world) {
		_, p := w.first(payment.Succeeded)
		w.approval(p.Attempt).Amount.Currency = "EUR"
	}, "charged_once"},
	{"a charge at another gateway", func(w *world) {
		_, p := w.first(payment.Processing)
		w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
		p.Attempts[0].Gateway = "beta"
	}, "charged_once"},
	{"a refund of a charge of nobody", func(w *world) {
		w.approve(audit.Refund, w.ids.New(1), w.ids.New(1), ident.ID{}, dollars(1))
	}, "charged_once"},
	{"a refund that failed here", func(w *world) {
		_, p := w.refunded(payment.OperationFailed)
		w.approve(audit.Refund, p.Refunds[0].ID, p.Attempt, p.ID, p.Refunds[0].Amount)
	}, "charged_once"},
	{"a refund that failed there", func(w *world) {
		_, p := w.refunded(payment.OperationSucceeded)
		w.failLater(p.Refunds[0])
	}, "charged_once"},
	{"a void that the store does not have", func(w *world) {
		_, p := w.first(payment.Succeeded)
		w.approve(audit.Void, w.ids.New(1), p.Attempt, p.ID, p.Amount)
	}, "charged_once"},
	{"a void that the gateway does not know", func(w *world) {
		w.journal = slices.DeleteFunc(w.journal, func(o audit.Operation) bool { return o.Kind == audit.Void })
	}, "charged_once"},
}

func TestOpenOperationsAreNoViolation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, p := w.first(payment.Processing) // unknown here, approved there
	w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
	_, p = w.refunded(payment.OperationPending)
	w.approve(audit.Refund, p.Refunds[0].ID, p.Attempt, p.ID, p.Refunds[0].Amount)
	_, p = w.refunded(payment.OperationFailed) // approved and failed there, of which only the latter was told
	w.approve(audit.Refund, p.Refunds[0].ID, p.Attempt, p.ID, p.Refunds[0].Amount)
	w.failLater(p.Refunds[0])
	p2 := w.charge(1, payment.OutcomeDeclined) // approved late, its void under way
	w.approve(audit.Charge, p2.Attempt, ident.ID{}, p2.ID, p2.Amount)
	p2 = w.settle(p2, p2.Attempt, payment.OutcomeApproved)
	w.approve(audit.Void, p2.Attempts[0].Reversal.ID, p2.Attempt, p2.ID, p2.Amount)
	r := w.audit()
	if !r.OK || r.Rechecked != 0 {
		t.Errorf("open operations are named: %+v", r)
	}
	if want := (audit.Open{Attempts: 8, Refunds: 8, Reversals: 1}); r.Open != want {
		t.Errorf("open are %+v, want %+v", r.Open, want)
	}
}

func TestTheSecondLookForgivesWhatWasUnderWay(t *testing.T) {
	t.Parallel()
	for name, heal := range map[string]func(w *world) func(){
		"the journal was read before the gateway approved": func(w *world) func() {
			missing := w.journal[0]
			w.journal = w.journal[1:]
			return func() { w.journal = append(w.journal, missing) }
		},
		"the store had not been told of a refund's failure": func(w *world) func() {
			_, p := w.refunded(payment.OperationSucceeded)
			w.failLater(p.Refunds[0])
			return func() {
				w.write(payment.DecideRefundOutcome(*p, payment.SettleRefund{
					Refund: p.Refunds[0].ID, Status: payment.OperationFailed, At: began,
				}))
			}
		},
		"the journal was read before a refund failed": func(w *world) func() {
			_, p := w.refunded(payment.OperationSucceeded)
			*p = w.write(payment.DecideRefundOutcome(*p, payment.SettleRefund{
				Refund: p.Refunds[0].ID, Status: payment.OperationFailed, At: began,
			}))
			return func() { w.failLater(p.Refunds[0]) }
		},
		"the store had not been told": func(w *world) func() {
			_, p := w.first(payment.Declined)
			w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
			return func() { w.settle(*p, p.Attempt, payment.OutcomeApproved) }
		},
		"the attempt was written after the snapshot": func(w *world) func() {
			id, attempt := w.ids.New(1), w.ids.New(1)
			w.approve(audit.Charge, attempt, ident.ID{}, id, dollars(5))
			return func() {
				p := w.write(payment.DecideCreate(payment.Create{
					ID: id, UserID: 1, Amount: dollars(5), Method: "pm_card_visa", Confirm: true,
					Start: payment.Start{Attempt: attempt, Gateway: "alpha", InquireAt: began},
				}))
				w.settle(p, attempt, payment.OutcomeApproved)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			looks := 0
			healed := heal(w)
			w.slept = func() { looks++; healed() }
			if r := w.audit(); !r.OK || r.Rechecked != 1 || looks != 1 {
				t.Errorf("it is named, or %d looks were taken, want 1: %+v", looks, r)
			}
		})
	}
}

// TestAJournalThatIsNotThere says nothing of the books, unless nothing was approved.
func TestAJournalThatIsNotThere(t *testing.T) {
	t.Parallel()
	run := func(w *world) (audit.Report, error) {
		return audit.Run(t.Context(), audit.Config{
			Store: w, Clock: nap{clock.NewManual(began), nil}, Each: loop.Each, Absent: []string{"alpha", "beta"},
		})
	}
	var absent audit.JournalAbsentError
	if _, err := run(newWorld(t)); !errors.As(err, &absent) || absent.Gateway != "alpha" {
		t.Errorf("with payments: %v", err)
	}
	if report, err := run(&world{t: t, ids: newWorld(t).ids}); err != nil || !report.OK {
		t.Errorf("without: %+v, %v", report, err)
	}
}
