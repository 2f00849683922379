package payment_test

import (
	"errors"
	"strings"
	"testing"

	"florin/money"
	"florin/payment"
	"florin/problem"
)

// Every way to make a payment.
func TestCreate(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# What becomes of a new payment of 50.00 USD.\n")
	for _, c := range []struct {
		title  string
		change func(*payment.Create)
	}{
		{"without a method", func(c *payment.Create) { c.Method = "" }},
		{"without a method, to be confirmed", func(c *payment.Create) { c.Method, c.Confirm = "", true }},
		{"with a method", func(*payment.Create) {}},
		{"with a method, blocked, but not to be confirmed", func(c *payment.Create) { c.Blocked = true }},
		{"confirmed", func(c *payment.Create) { c.Confirm = true }},
		{"confirmed, but blocked", func(c *payment.Create) { c.Confirm, c.Blocked = true, true }},
		{"of nothing", func(c *payment.Create) { c.Amount.Minor = 0 }},
		{"of less than nothing", func(c *payment.Create) { c.Amount.Minor = -5000 }},
		{"of all that a currency takes", func(c *payment.Create) { c.Amount.Minor = c.Amount.Currency.MaxMinor() }},
		{"of more", func(c *payment.Create) { c.Amount.Minor = c.Amount.Currency.MaxMinor() + 1 }},
	} {
		command := creation()
		command.Start = startAt("alpha", 1)
		c.change(&command)
		changes, err := payment.DecideCreate(command)
		b.WriteString("\n" + c.title + "\n" + described(changes, err))
		if (err == nil) != changes.New {
			t.Errorf("%s: new is %v", c.title, changes.New)
		}
	}
	golden(t, "create.txt", b.String())
}

// A payment keeps what it was made with.
func TestCreateKeeps(t *testing.T) {
	t.Parallel()
	c := creation()
	c.CaptureMethod, c.Purpose = payment.CaptureManual, payment.WalletTopUp
	c.Amount = money.Amount{Minor: 3, Currency: "JPY"}
	changes, err := payment.DecideCreate(c)
	if err != nil {
		t.Fatal(err)
	}
	p := changes.Payment
	if p.ID != c.ID || p.UserID != c.UserID || p.Amount != c.Amount || p.CaptureMethod != c.CaptureMethod ||
		p.Purpose != c.Purpose || p.PaymentMethod != c.Method || differ(c.Details, p.Details) != "" {
		t.Errorf("%+v was made of %+v", p, c)
	}
}

// The new method is charged, the old one stands in what was charged before.
func TestConfirmWithAnotherMethod(t *testing.T) {
	t.Parallel()
	p := followed(t, standing(t)[payment.Declined],
		confirms(payment.Confirm{Method: "pm_card_amex", Start: startAt("gamma", 3)}))
	want := []string{"pm_card_visa", "pm_card_visa", "pm_card_amex"}
	for i, a := range p.Attempts {
		if a.Method != want[i] || a.Minor != 5000 || a.Payment != p.ID || a.UserID != userID {
			t.Errorf("attempt %d: %+v", i, a)
		}
	}
	if p.Reason != "" || p.Gateway != "gamma" || p.Attempt != attempt(3) {
		t.Errorf("%+v", p.State)
	}
}

// Nobody is told to give a method in a field that the request does not have.
func TestConfirmWithoutAnyMethod(t *testing.T) {
	t.Parallel()
	_, err := payment.DecideConfirm(standing(t)[payment.RequiresPaymentMethod], payment.Confirm{})
	var refusal *problem.Problem
	if !errors.As(err, &refusal) || refusal.Param != "payment_method" {
		t.Errorf("got %v", err)
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	seen := map[payment.Status]bool{}
	for _, status := range payment.Statuses() {
		if seen[status] {
			t.Errorf("%s stands twice", status)
		}
		seen[status] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d statuses", len(seen))
	}
	for outcome, want := range map[payment.Outcome]bool{
		payment.OutcomeApproved: false, payment.OutcomeDeclined: false, payment.OutcomeRequiresAction: true,
		payment.OutcomePending: true, payment.OutcomeUnknown: true, "": false,
	} {
		if outcome.Open() != want {
			t.Errorf("%q: open is %v", outcome, !want)
		}
	}
}

func TestDetailsIsZero(t *testing.T) {
	t.Parallel()
	if !(payment.Details{}).IsZero() || !(payment.Details{Metadata: map[string]string{}}).IsZero() {
		t.Error("nothing is something")
	}
	full := details()
	for name, d := range map[string]payment.Details{
		"description": {Description: full.Description},
		"metadata":    {Metadata: full.Metadata},
		"return_url":  {ReturnURL: full.ReturnURL},
		"off_session": {OffSession: true},
		"customer":    {Customer: full.Customer},
		"risk":        {Risk: full.Risk},
	} {
		if d.IsZero() {
			t.Errorf("%s is nothing", name)
		}
	}
}
