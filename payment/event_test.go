package payment_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"florin/event"
	"florin/ident"
	"florin/money"
	"florin/payment"
)

// Every command of the table writes events that are fit to be published.
func TestEventData(t *testing.T) {
	t.Parallel()
	for status, p := range standing(t) {
		for _, r := range rows() {
			changes, err := r.decided(p)
			if err != nil {
				continue
			}
			for _, e := range changes.Events {
				if err := holdData(e, changes.Payment); err != nil {
					t.Errorf("%s, %s, %s: %v in %s", status, r.title, e.Type, err, e.Data)
				}
			}
		}
	}
}

// One event of each type that is written, byte by byte: others read them.
func TestEventDataGolden(t *testing.T) {
	t.Parallel()
	processing := standing(t)[payment.Processing]
	late := followed(t, processing, approves(2))
	part := followed(t, late, refunds(1, 3000))
	refunded := followed(t, part, refundEnds(1, payment.OperationSucceeded))
	manual := standing(t)[payment.RequiresCapture]
	taking := followed(t, manual, captures(1, 2000, nil))
	disputed := followed(t, late, disputes(1, 1500))
	answered := followed(t, disputed, submits(1))
	var b strings.Builder
	b.WriteString("# The data of each type of event. A late approval is of att1, the latest attempt is att2.\n")
	for _, c := range []struct {
		title string
		p     payment.Payment
		step  step
	}{
		{"confirmed", standing(t)[payment.RequiresConfirmation], confirms(payment.Confirm{Start: startAt("alpha", 1)})},
		{"approved", processing, approves(2)},
		{"declined", processing, declines(2, payment.Start{})},
		{"not sent, the next one tried", processing, declines(2, startAt("gamma", 3))},
		{"blocked", standing(t)[payment.RequiresConfirmation], confirms(payment.Confirm{Blocked: true})},
		{"canceled", standing(t)[payment.Declined], cancels},
		{"approved late", late, approves(1)},
		{"reversed", followed(t, late, approves(1)), reversal(1, true)},
		{"refund begun", late, refunds(1, 3000)},
		{"refunded", part, refundEnds(1, payment.OperationSucceeded)},
		{"refund failed", part, refundEnds(1, payment.OperationFailed)},
		{
			"approved late, refunded before", followed(t, part, refundEnds(1, payment.OperationSucceeded)),
			approves(1),
		},
		{"refund failed later", refunded, refundEnds(1, payment.OperationFailed)},
		{"authentication required", processing, outcome(2, payment.OutcomeRequiresAction)},
		{"authorized", followedManual(t), approves(2)},
		{"capture begun", manual, captures(1, 2000, nil)},
		{"captured in part", taking, captureEnds(1, payment.OperationSucceeded)},
		{"capture failed", taking, captureEnds(1, payment.OperationFailed)},
		{"captured", followed(t, manual, captures(1, 0, nil)), captureEnds(1, payment.OperationSucceeded)},
		{"authorization canceled", manual, cancels},
		{"authorization voided", followed(t, manual, cancels), reversal(2, true)},
		{
			"expired with a part captured",
			followed(t, taking, captureEnds(1, payment.OperationSucceeded)), expires(2),
		},
		{
			"the rest released",
			followed(t, taking, captureEnds(1, payment.OperationSucceeded), expires(2)), reversal(2, true),
		},
		{"disputed", late, disputes(1, 1500)},
		{"evidence handed in", disputed, submits(1)},
		{"dispute won", answered, disputeEnds(1, payment.DisputeWon)},
		{"dispute lost", disputed, disputeEnds(1, payment.DisputeLost)},
	} {
		changes, err := c.step(c.p)
		if err != nil {
			t.Fatalf("%s: %v", c.title, err)
		}
		fmt.Fprintf(&b, "\n%s\n", c.title)
		for _, e := range changes.Events {
			fmt.Fprintf(&b, "    %s\n        %s\n", e.Type, e.Data)
		}
	}
	golden(t, "events.txt", b.String())
}

// followedManual is a payment whose approval is to be captured.
func followedManual(t *testing.T) payment.Payment {
	t.Helper()
	p := clone(standing(t)[payment.Processing])
	p.CaptureMethod = payment.CaptureManual
	return p
}

// Whoever looks at a late approval must learn which gateway it was.
func TestLateApprovalNamesItsGateway(t *testing.T) {
	t.Parallel()
	for status, p := range standing(t) {
		if len(p.Attempts) == 0 {
			continue
		}
		approved, err := approves(1)(p)
		if err != nil {
			t.Fatal(err)
		}
		reversed, err := reversal(1, true)(approved.Payment)
		if err != nil {
			t.Fatal(err)
		}
		for kind, e := range map[event.Type]event.Event{
			event.PaymentLateApproval: approved.Events[0], event.PaymentReversed: reversed.Events[0],
		} {
			var data map[string]any
			if err := json.Unmarshal(e.Data, &data); err != nil || e.Type != kind {
				t.Fatalf("%s: %v", e.Type, err)
			}
			if data["late_attempt"] != attempt(1).Text(ident.Attempt) || data["late_gateway"] != "alpha" ||
				data["attempt"] != attempt(2).Text(ident.Attempt) || data["status"] != string(status) {
				t.Errorf("%s, %s: %s", status, kind, e.Data)
			}
		}
	}
}

// The posting table's rows for cards, in currencies of every exponent.
func TestPostings(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# What is booked of a payment from its capture to the end of its disputes. Credits are positive.\n")
	taken := func(n int, minor int64) []step {
		return []step{captures(n, minor, nil), captureEnds(n, payment.OperationSucceeded)}
	}
	for _, a := range []money.Amount{
		{Minor: 1234, Currency: "USD"},
		{Minor: 1234, Currency: "JPY"},
		{Minor: 1234, Currency: "KWD"},
		{Minor: 12345, Currency: "CLF"},
	} {
		for _, way := range []struct {
			title   string
			manual  bool
			purpose payment.Purpose
			steps   []step
		}{
			{"refunded, the last one failing later", false, payment.Sale, []step{
				approves(1),
				refunds(1, 234), refundEnds(1, payment.OperationSucceeded),
				refunds(2, 0), refundEnds(2, payment.OperationSucceeded), refundEnds(2, payment.OperationFailed),
			}},
			{"captured in parts", true, payment.Sale, append(append([]step{approves(1)}, taken(1, 234)...), taken(2, 0)...)},
			{"two disputes, won and lost", false, payment.Sale, []step{
				approves(1), disputes(1, 1000), disputes(2, 234),
				disputeEnds(1, payment.DisputeWon), disputeEnds(2, payment.DisputeLost),
			}},
			{"a top-up, disputed and won, with 300 in the wallet", false, payment.WalletTopUp, []step{
				approves(1), disputesOf(1, 1234, 300), disputeEnds(1, payment.DisputeWon),
			}},
			{"a top-up, disputed and lost, with nothing in the wallet", false, payment.WalletTopUp, []step{
				approves(1), disputesOf(1, 1234, 0), disputeEnds(1, payment.DisputeLost),
			}},
			{"a top-up, disputed in part, with enough in the wallet", false, payment.WalletTopUp, []step{
				approves(1), disputesOf(1, 234, 1234), disputeEnds(1, payment.DisputeLost),
			}},
		} {
			c := creation()
			c.Amount, c.Confirm, c.Start, c.Purpose = a, true, startAt("alpha", 1), way.purpose
			if way.manual {
				c.CaptureMethod = payment.CaptureManual
			}
			changes, err := payment.DecideCreate(c)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "\n%s, %s\n", a, way.title)
			for _, s := range way.steps {
				if changes, err = s(changes.Payment); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(described(payment.Changes{Transactions: changes.Transactions}, nil)) {
					if len(changes.Transactions) > 0 {
						b.WriteString(line)
					}
				}
			}
		}
	}
	golden(t, "postings.txt", b.String())
}
