package payment_test

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
)

var ids = regexp.MustCompile(`[a-z]+_[0-9a-f]{32}`)

// readable writes an id's text as nameOf does.
func readable(text string) string {
	kind, _, _ := strings.Cut(text, "_")
	of, err := ident.Parse(ident.Kind(kind), text)
	if err != nil {
		return text
	}
	return nameOf(of)
}

// described writes what a decision made of a payment, a line a row.
func described(changes payment.Changes, err error) string {
	if err != nil {
		return "    refused   " + ids.ReplaceAllStringFunc(err.Error(), readable) + "\n"
	}
	var b strings.Builder
	if changes.Changed {
		b.WriteString(describedPayment(changes.Payment))
	}
	for _, a := range changes.Attempts {
		b.WriteString(describedAttempt(a.Value, a.New))
	}
	for _, c := range changes.Captures {
		b.WriteString(describedCapture(c.Value, changes.Payment, c.New))
	}
	for _, r := range changes.Refunds {
		b.WriteString(describedRefund(r.Value, r.New))
	}
	for _, d := range changes.Disputes {
		b.WriteString(describedDispute(d.Value, d.New))
	}
	for _, t := range changes.Transactions {
		entries := make([]string, len(t.Entries))
		for i, e := range t.Entries {
			entries[i] = fmt.Sprintf("%s %s %s", e.Account.Name,
				money.FormatMinor(e.Minor, e.Account.Currency.Exponent()), e.Account.Currency)
		}
		fmt.Fprintf(&b, "    ledger    %s of %s for %s: %s\n", t.Kind, nameOf(t.Object), nameOf(t.Payment),
			strings.Join(entries, ", "))
	}
	for _, e := range changes.Events {
		fmt.Fprintf(&b, "    event     %s, %s v%d\n", e.Type, nameOf(e.Object), e.Version)
	}
	if b.Len() == 0 {
		return "    nothing\n"
	}
	return b.String()
}

func describedPayment(p payment.Payment) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    payment   %s v%d", p.Status, p.Version)
	tell(&b, p.Reason != "", "reason %s", p.Reason)
	tell(&b, true, "method %s", orNone(p.PaymentMethod))
	tell(&b, !p.Attempt.IsZero(), "latest %s at %s", nameOf(p.Attempt), p.Gateway)
	tell(&b, p.ActionURL != "", "action at %s", p.ActionURL)
	tell(&b, p.AnsweredVersion != 0, "answered in v%d", p.AnsweredVersion)
	if p.Answered != nil {
		tell(&b, true, "kept as %s v%d", p.Answered.Status, p.Answered.Version)
	}
	b.WriteByte('\n')
	var sums strings.Builder
	for _, sum := range []struct {
		name  string
		minor int64
	}{
		{"authorized", p.AuthorizedMinor},
		{"capture pending", p.CapturePendingMinor},
		{"captured", p.CapturedMinor},
		{"refund pending", p.RefundPendingMinor},
		{"refunded", p.RefundedMinor},
		{"disputed", p.DisputedMinor},
	} {
		tell(&sums, sum.minor != 0, "%s %s", sum.name, amount(sum.minor, p))
	}
	if sums.Len() > 0 {
		b.WriteString("    sums      " + strings.TrimPrefix(sums.String(), ", ") + "\n")
	}
	return b.String()
}

func describedAttempt(a payment.Attempt, isNew bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    attempt   %s at %s: %s", nameOf(a.ID), a.Gateway, a.Outcome)
	tell(&b, a.Reason != "", "reason %s", a.Reason)
	tell(&b, a.Reference != "", "reference %s", a.Reference)
	tell(&b, !a.AnsweredAt.IsZero(), "answered after %s", passed(a.AnsweredAt))
	if a.Reversal != nil {
		tell(&b, true, "reversal %s %s", nameOf(a.Reversal.ID), a.Reversal.Status)
		tell(&b, a.Reversal.Rest, "of the rest")
	}
	tell(&b, !a.ExpiresAt.IsZero(), "expires after %s", passed(a.ExpiresAt))
	tell(&b, a.Inquiry.Count != 0, "asked %d", a.Inquiry.Count)
	tell(&b, !a.Inquiry.At.IsZero(), "to ask after %s", passed(a.Inquiry.At))
	return b.String() + ifNew(isNew) + "\n"
}

func describedCapture(c payment.Capture, p payment.Payment, isNew bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    capture   %s of %s, %s, %s v%d", nameOf(c.ID), nameOf(c.Attempt), amount(c.Minor, p), c.Status,
		c.Version)
	tell(&b, c.Final, "final")
	tell(&b, c.Reason != "", "reason %s", c.Reason)
	tell(&b, c.Reference != "", "reference %s", c.Reference)
	tell(&b, !c.AnsweredAt.IsZero(), "answered after %s", passed(c.AnsweredAt))
	tell(&b, c.Inquiry.Count != 0, "asked %d", c.Inquiry.Count)
	tell(&b, !c.Inquiry.At.IsZero(), "to ask after %s", passed(c.Inquiry.At))
	return b.String() + ifNew(isNew) + "\n"
}

func describedDispute(d payment.Dispute, isNew bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    dispute   %s of %s at %s, %s, %s, %s v%d", nameOf(d.ID), nameOf(d.Attempt), d.Gateway, d.Amount,
		d.Reason, d.Status, d.Version)
	tell(&b, d.WalletMinor != 0, "%d from the wallet", d.WalletMinor)
	tell(&b, d.Exceeds, "exceeding")
	tell(&b, d.Evidence != "", "with evidence")
	tell(&b, d.Inquiry.Count != 0, "handed in %d", d.Inquiry.Count)
	tell(&b, !d.Inquiry.At.IsZero(), "to hand in after %s", passed(d.Inquiry.At))
	return b.String() + ifNew(isNew) + "\n"
}

func describedRefund(r payment.Refund, isNew bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    refund    %s of %s at %s, %s, %s v%d", nameOf(r.ID), nameOf(r.Attempt), r.Gateway, r.Amount,
		r.Status, r.Version)
	tell(&b, r.Reason != "", "reason %s", r.Reason)
	tell(&b, r.Reference != "", "reference %s", r.Reference)
	tell(&b, !r.AnsweredAt.IsZero(), "answered after %s", passed(r.AnsweredAt))
	tell(&b, r.Inquiry.Count != 0, "asked %d", r.Inquiry.Count)
	tell(&b, !r.Inquiry.At.IsZero(), "to ask after %s", passed(r.Inquiry.At))
	return b.String() + ifNew(isNew) + "\n"
}

// inShort writes what a decision made of a payment in one word.
func inShort(changes payment.Changes, err error) string {
	switch {
	case err != nil:
		return string(problem.CodeOf(err))
	case len(changes.Events) > 0:
		return strings.TrimPrefix(string(changes.Events[0].Type), "payment.")
	case len(changes.Attempts)+len(changes.Refunds)+len(changes.Captures)+len(changes.Disputes) > 0:
		return "(noted)"
	}
	return "-"
}

func tell(b *strings.Builder, when bool, format string, args ...any) {
	if when {
		fmt.Fprintf(b, ", "+format, args...)
	}
}

func amount(minor int64, p payment.Payment) string {
	return money.Amount{Minor: minor, Currency: p.Amount.Currency}.String()
}

func passed(at time.Time) string { return at.Sub(began).String() }

func ifNew(isNew bool) string {
	if isNew {
		return " (new)"
	}
	return ""
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
