package payment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"florin/payment"
	"florin/problem"
)

// A row of the table is a command. What comes before it is not shown, and left
// out where it is refused.
type row struct {
	title  string
	before []step
	step   step
}

// rows are every command, in each of its shapes. The amount is 50.00 USD.
func rows() []row {
	nobody := startAt("gamma", 9)
	return append([]row{
		{"confirm", nil, confirms(payment.Confirm{Method: "pm_card_amex", Start: startAt("gamma", 3)})},
		{"confirm without a method", nil, confirms(payment.Confirm{Start: startAt("gamma", 3)})},
		{"confirm, blocked", nil, confirms(payment.Confirm{Method: "pm_card_amex", Blocked: true})},
		{"cancel", nil, cancels},
		{"expire", nil, expires(2)},
		{"expire while capturing", []step{captures(5, 100, nil)}, expires(2)},
		{"expire, a part captured", []step{captures(5, 100, nil), captureEnds(5, payment.OperationSucceeded)}, expires(2)},

		{"att2 approved", nil, approves(2)},
		{"att2 declined", nil, declines(2, payment.Start{})},
		{"att2 not sent, att3 next", nil, declines(2, startAt("gamma", 3))},
		{"att2 unknown", nil, outcome(2, payment.OutcomeUnknown)},
		{"att2 pending", nil, outcome(2, payment.OutcomePending)},
		{"att2 requires_action", nil, outcome(2, payment.OutcomeRequiresAction)},
		{"att2 unknown by an inquiry", []step{outcome(2, payment.OutcomeUnknown)}, inquired(2, payment.OutcomeUnknown)},
		{"att2 approved by an inquiry", []step{outcome(2, payment.OutcomeUnknown)}, inquired(2, payment.OutcomeApproved)},
		{"att2 approved once pending", []step{outcome(2, payment.OutcomePending)}, inquired(2, payment.OutcomeApproved)},
		{"att2 approved again", []step{approves(2)}, approves(2)},
		{"att2 declined once approved", []step{approves(2)}, declines(2, nobody)},
		{"att2 approved once declined", []step{declines(2, payment.Start{})}, approves(2)},
		{"att2 approved, att3 under way", []step{declines(2, startAt("gamma", 3))}, approves(2)},
		{"att2 no known outcome", nil, outcome(2, "settled")},

		{"att1 approved", nil, approves(1)},
		{"att1 approved again", []step{approves(1)}, approves(1)},
		{"att1 declined", nil, declines(1, nobody)},
		{"att1 unknown", nil, outcome(1, payment.OutcomeUnknown)},
		{"att1 pending", nil, outcome(1, payment.OutcomePending)},
		{"att9 approved", nil, approves(9)},
		{"att9 declined", nil, declines(9, nobody)},
	}, slices.Concat(moneyBack(), moneyTaken(), claimed())...)
}

func moneyBack() []row {
	part := refunds(1, 3000)
	return []row{
		{"refund all", nil, refunds(1, 0)},
		{"refund part", nil, part},
		{"refund the rest", []step{part}, refunds(2, 0)},
		{"refund too much", nil, refunds(1, 5001)},
		{"refund more than the rest", []step{part}, refunds(2, 2001)},
		{"refund what nobody has", []step{refunds(1, 5000)}, refunds(2, 0)},
		{"refund after one that failed", []step{part, refundEnds(1, payment.OperationFailed)}, refunds(2, 5000)},
		{"refund less than nothing", nil, refunds(1, -1)},
		{"ref1 succeeded", []step{part}, refundEnds(1, payment.OperationSucceeded)},
		{"ref1 failed", []step{part}, refundEnds(1, payment.OperationFailed)},
		{"ref1 pending", []step{part}, refundEnds(1, payment.OperationPending)},
		{
			"ref1 succeeded again",
			[]step{part, refundEnds(1, payment.OperationSucceeded)},
			refundEnds(1, payment.OperationSucceeded),
		},
		{
			"ref1 failed once succeeded",
			[]step{part, refundEnds(1, payment.OperationSucceeded)},
			refundEnds(1, payment.OperationFailed),
		},
		{
			"ref1 succeeded once failed",
			[]step{part, refundEnds(1, payment.OperationFailed)},
			refundEnds(1, payment.OperationSucceeded),
		},
		{
			"ref1 pending by an inquiry",
			[]step{part, refundEnds(1, payment.OperationPending)},
			refundInquired(1, payment.OperationPending),
		},
		{
			"ref1 succeeded by an inquiry",
			[]step{part, refundEnds(1, payment.OperationPending)},
			refundInquired(1, payment.OperationSucceeded),
		},
		{"ref1 no known status", []step{part}, refundEnds(1, "settled")},
		{"ref9 succeeded", nil, refundEnds(9, payment.OperationSucceeded)},

		{"att1 reversed", []step{approves(1)}, reversal(1, true)},
		{"att1 not reversed", []step{approves(1)}, reversal(1, false)},
		{"att1 reversed again", []step{approves(1), reversal(1, true)}, reversal(1, true)},
		{"att1 not reversed once reversed", []step{approves(1), reversal(1, true)}, reversal(1, false)},
		{"att2 reversed", nil, reversal(2, true)},
		{"att9 reversed", nil, reversal(9, true)},
	}
}

// decided runs a row on a payment.
func (r row) decided(p payment.Payment) (payment.Changes, error) {
	for _, before := range r.before {
		if changes, err := before(p); err == nil {
			p = changes.Payment
		}
	}
	return r.step(p)
}

// Every status against every command, in full: a file a status.
func TestTransitions(t *testing.T) {
	t.Parallel()
	for status, p := range standing(t) {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			if p.Status != status {
				t.Fatalf("the payment is %s", p.Status)
			}
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			b.WriteString("# What each command makes of this payment; transitions.txt has it in short.\n\n")
			b.WriteString("given\n" + describedPayment(p))
			for _, a := range p.Attempts {
				b.WriteString(describedAttempt(a, false))
			}
			for _, r := range rows() {
				changes, err := r.decided(p)
				b.WriteString("\n" + r.title + "\n" + described(changes, err))
				if err != nil && differ(payment.Changes{}, changes) != "" {
					t.Errorf("%s: refused, and yet there are changes", r.title)
				}
			}
			golden(t, "transitions/"+string(status)+".txt", b.String())
		})
	}
}

const legend = `# Every status against every command. A cell is the first event's type (without
# "payment."), or the code of the refusal; "(noted)" is a row without an event,
# "-" nothing at all. att1 was declined before; att2 is the latest. The files in
# transitions/ tell all of it.

`

// The same in one table, to be looked over.
func TestTransitionsInShort(t *testing.T) {
	t.Parallel()
	given := standing(t)
	if len(given) != len(payment.Statuses()) {
		t.Fatalf("%d statuses of %d", len(given), len(payment.Statuses()))
	}
	var b strings.Builder
	b.WriteString(legend)
	var top, bottom []string
	for _, status := range payment.Statuses() {
		words, rest, cut := strings.Cut(string(status), "requires_")
		if cut {
			words = "requires_"
		}
		top, bottom = append(top, words), append(bottom, rest)
	}
	line := func(title string, cells []string) {
		text := fmt.Sprintf("%-32s", title)
		for _, cell := range cells {
			text += fmt.Sprintf("%-22s", cell)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line("", top)
	line("", bottom)
	for _, r := range rows() {
		var cells []string
		for _, status := range payment.Statuses() {
			cells = append(cells, inShort(r.decided(given[status])))
		}
		line(r.title, cells)
	}
	golden(t, "transitions.txt", b.String())
}

// A caller's mistake is never told as ours.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for status, p := range standing(t) {
		for _, r := range rows() {
			_, err := r.decided(p)
			if status != payment.RequiresAction && !strings.Contains(r.title, "no known") &&
				!strings.Contains(r.title, "by nothing") &&
				problem.Is(err, problem.Internal) {
				t.Errorf("%s, %s: %v", status, r.title, err)
			}
		}
	}
}
