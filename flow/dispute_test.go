package flow_test

import (
	"testing"
	"time"

	"florin/flow"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// disputed pays with a card whose charge is disputed, and returns the dispute.
func (w *world) disputed(t testing.TB, r flow.Authorize) (payment.Payment, payment.Dispute) {
	t.Helper()
	p := w.pay(t, r, payment.Succeeded)
	w.clock.Advance(2 * time.Second)
	p = w.stored(t, p.ID)
	if len(p.Disputes) != 1 || p.Disputes[0].Status != payment.DisputeNeedsResponse {
		t.Fatalf("the disputes are %+v", p.Disputes)
	}
	return p, p.Disputes[0]
}

func TestDispute(t *testing.T) {
	t.Parallel()
	for text, status := range map[string]payment.DisputeStatus{
		"winning_evidence": payment.DisputeWon, "losing_evidence": payment.DisputeLost, "what?": payment.DisputeUnderReview,
	} {
		w := newWorld(t)
		p, d := w.disputed(t, authorize(7, "pm_card_createDispute"))
		if d.Amount.Minor != 100_00 || d.Reason != "fraudulent" || d.Exceeds || p.DisputedMinor != 100_00 {
			t.Errorf("%+v of %+v", d, p.State)
		}
		receivable := ledger.Receivable("first")
		w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 100_00, receivable: 0, ledger.Disputes: -100_00})
		_, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 1})
		wantCode(t, err, problem.OverRefund)
		for i := range 2 {
			got, err := w.flow.SubmitEvidence(t.Context(), flow.Evidence{
				Dispute: d.ID, Text: text, Idempotency: keyed("evidence"),
			})
			if err != nil || got.Dispute.Status != payment.DisputeUnderReview || got.Replayed != (i > 0) {
				t.Fatalf("%+v, %v", got, err)
			}
		}
		w.clock.Advance(2 * time.Second)
		got, err := w.flow.DisputeByID(t.Context(), d.ID)
		if err != nil || got.Status != status || w.open(t) != 0 {
			t.Errorf("%s: %+v, %v, %d open", text, got, err, w.open(t))
		}
		want := map[payment.DisputeStatus]map[ledger.Name]int64{
			payment.DisputeWon:         {receivable: -100_00, ledger.Disputes: 0, ledger.Losses: 0},
			payment.DisputeLost:        {receivable: 0, ledger.Disputes: 0, ledger.Losses: -100_00},
			payment.DisputeUnderReview: {receivable: 0, ledger.Disputes: -100_00, ledger.Losses: 0},
		}
		w.wantBalances(t, want[status])
		_, err = w.flow.SubmitEvidence(t.Context(), flow.Evidence{Dispute: d.ID, Text: text})
		wantCode(t, err, problem.WrongState)
		list, err := w.flow.Disputes(t.Context(), store.DisputeQuery{Page: store.Page{Limit: 5}, Status: status})
		if err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		w.audited(t)
	}
}

// TestEvidenceIsHandedInAgain until the gateway has it.
func TestEvidenceIsHandedInAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, d := w.disputed(t, authorize(7, "pm_card_createDispute"))
	w.set(t, 0, simulated.Settings{ErrorBeforeRate: 1})
	if _, err := w.flow.SubmitEvidence(t.Context(), flow.Evidence{Dispute: d.ID, Text: "winning_evidence"}); err != nil {
		t.Fatal(err)
	}
	if w.open(t) != 1 {
		t.Errorf("%d open", w.open(t))
	}
	w.set(t, 0, simulated.Settings{})
	w.later(t, 30*time.Second)
	w.clock.Advance(2 * time.Second)
	got, err := w.flow.DisputeByID(t.Context(), d.ID)
	if err != nil || got.Status != payment.DisputeWon || w.open(t) != 0 {
		t.Errorf("%+v, %v, %d open", got, err, w.open(t))
	}
}

// TestDisputeAfterRefund is recorded and flagged, however often it is told.
func TestDisputeAfterRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
	if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 90_00}); err != nil {
		t.Fatal(err)
	}
	notice := gateway.Notice{Gateway: "first", Operation: p.Attempt, Dispute: &gateway.Dispute{
		Reference: "dp_x", Amount: money.Amount{Minor: 50_00, Currency: "USD"}, Reason: "Not \"known\"",
		Status: gateway.DisputeNeedsResponse,
	}}
	for range 3 {
		if err := w.flow.Notice(t.Context(), notice); err != nil {
			t.Fatal(err)
		}
	}
	got := w.stored(t, p.ID)
	if len(got.Disputes) != 1 || !got.Disputes[0].Exceeds || got.DisputedMinor != 50_00 || w.alerts != 1 ||
		got.Disputes[0].Reason != "general" {
		t.Errorf("%+v, %+v, %d alerts", got.State, got.Disputes, w.alerts)
	}
	_, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID})
	wantCode(t, err, problem.OverRefund)
	notice.Dispute.Status = gateway.DisputeWon
	for range 2 {
		if err := w.flow.Notice(t.Context(), notice); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil {
		t.Error(err)
	}
	w.audited(t)
}

// TestDisputeIsToldInAnyOrder: the first notice that arrives may be the last one.
func TestDisputeIsToldInAnyOrder(t *testing.T) {
	t.Parallel()
	receivable := ledger.Receivable("first")
	for status, want := range map[gateway.DisputeStatus]map[ledger.Name]int64{
		gateway.DisputeWon:         {receivable: -100_00, ledger.Disputes: 0, ledger.Losses: 0},
		gateway.DisputeLost:        {receivable: -60_00, ledger.Disputes: 0, ledger.Losses: -40_00},
		gateway.DisputeUnderReview: {receivable: -60_00, ledger.Disputes: -40_00, ledger.Losses: 0},
	} {
		w := newWorld(t)
		p := w.pay(t, authorize(7, "pm_card_visa"), payment.Succeeded)
		notice := gateway.Notice{Gateway: "first", Operation: p.Attempt, Dispute: &gateway.Dispute{
			Reference: "dp_x", Amount: money.Amount{Minor: 40_00, Currency: "USD"}, Reason: "fraudulent",
		}}
		for _, told := range []gateway.DisputeStatus{status, gateway.DisputeNeedsResponse, status} {
			notice.Dispute.Status = told
			if err := w.flow.Notice(t.Context(), notice); err != nil {
				t.Fatal(err)
			}
		}
		got := w.stored(t, p.ID)
		if len(got.Disputes) != 1 || string(got.Disputes[0].Status) != string(status) || got.Disputes[0].Version != 2 {
			t.Errorf("%s: %+v", status, got.Disputes)
		}
		w.wantBalances(t, want)
		w.audited(t)
	}
}

func TestDisputeOfATopUp(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]gateway.DisputeStatus{"won": gateway.DisputeWon, "lost": gateway.DisputeLost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			topUp := authorize(7, "pm_card_visa")
			topUp.Purpose = payment.WalletTopUp
			p := w.pay(t, topUp, payment.Succeeded)
			wallet, receivable := ledger.Wallet(7), ledger.Receivable("first")
			w.wantBalances(t, map[ledger.Name]int64{wallet: 100_00, receivable: -100_00, ledger.Sales: 0})
			notice := gateway.Notice{Gateway: "first", Operation: p.Attempt, Dispute: &gateway.Dispute{
				Amount: money.Amount{Minor: 70_00, Currency: "USD"}, Reason: "fraudulent", Status: gateway.DisputeNeedsResponse,
			}}
			for _, reference := range []string{"dp_1", "dp_2"} {
				notice.Dispute.Reference = reference
				if err := w.flow.Notice(t.Context(), notice); err != nil {
					t.Fatal(err)
				}
			}
			w.wantBalances(t, map[ledger.Name]int64{wallet: 0, receivable: 40_00, ledger.Losses: -40_00})
			notice.Dispute.Status = status
			if err := w.flow.Notice(t.Context(), notice); err != nil {
				t.Fatal(err)
			}
			want := map[ledger.Name]int64{wallet: 0, receivable: 40_00, ledger.Losses: -40_00}
			if status == gateway.DisputeWon {
				want = map[ledger.Name]int64{wallet: 30_00, receivable: -30_00, ledger.Losses: 0}
			}
			w.wantBalances(t, want)
			w.audited(t)
		})
	}
}

// TestRefundThatFailsLater is booked back, and can be tried again.
func TestRefundThatFailsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_refundFail"), payment.Succeeded)
	first, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 60_00})
	if err != nil || first.Refund.Status != payment.OperationSucceeded {
		t.Fatalf("%+v, %v", first, err)
	}
	w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 40_00, ledger.Receivable("first"): -40_00})
	w.clock.Advance(2 * time.Second)
	got := w.stored(t, p.ID)
	if r := got.Refunds[0]; r.Status != payment.OperationFailed || !r.FailedLater() || got.RefundedMinor != 0 {
		t.Errorf("%+v of %+v", r, got.State)
	}
	w.wantBalances(t, map[ledger.Name]int64{ledger.Sales: 100_00, ledger.Receivable("first"): -100_00})
	if again, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID}); err != nil ||
		again.Refund.Amount.Minor != 100_00 {
		t.Errorf("%+v, %v", again, err)
	}
	w.audited(t)
}

func TestRefundThatIsPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.pay(t, authorize(7, "pm_card_pendingRefund"), payment.Succeeded)
	first, err := w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 60_00})
	if err != nil || first.Refund.Status != payment.OperationPending {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = w.flow.Refund(t.Context(), flow.Refund{Payment: p.ID, Minor: 40_01})
	wantCode(t, err, problem.OverRefund)
	w.clock.Advance(2 * time.Second)
	if got := w.stored(t, p.ID); got.RefundedMinor != 60_00 || got.RefundPendingMinor != 0 || w.open(t) != 0 {
		t.Errorf("%+v, %d open", got.State, w.open(t))
	}
	w.audited(t)
}
