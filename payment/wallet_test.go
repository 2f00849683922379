package payment_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
)

// fromWallet is a creation whose payment is made from the wallet.
func fromWallet(short bool) payment.Create {
	c := creation()
	c.Method, c.Confirm = payment.Wallet, true
	c.Wallet = &payment.FromWallet{Attempt: attempt(1), Capture: id(ident.Capture, 1), At: after(1), Short: short}
	return c
}

func TestCreateFromWallet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*payment.Create)
		status payment.Status
		events string
		param  string // of a refusal
	}{
		{"enough", nil, payment.Succeeded, "payment.succeeded capture.succeeded", ""},
		{"short", func(c *payment.Create) { c.Wallet.Short = true }, payment.Declined, "payment.declined", ""},
		{"fraud", func(c *payment.Create) { c.Blocked = true }, payment.Declined, "payment.declined", ""},
		{"later", func(c *payment.Create) { c.Confirm = false }, payment.RequiresConfirmation, "payment.created", ""},
		{"manual", func(c *payment.Create) { c.CaptureMethod = payment.CaptureManual }, "", "", "capture_method"},
		{"top-up", func(c *payment.Create) { c.Purpose = payment.WalletTopUp }, "", "", "payment_method"},
	} {
		create := fromWallet(false)
		if c.change != nil {
			c.change(&create)
		}
		changes, err := payment.DecideCreate(create)
		if c.param != "" {
			var p *problem.Problem
			if !errors.As(err, &p) || p.Code != problem.InvalidParameter || p.Param != c.param {
				t.Errorf("%s: %v, want a fault in %s", c.name, err, c.param)
			}
			continue
		}
		if err != nil || changes.Payment.Status != c.status || changes.Payment.Version != 1 ||
			changes.Payment.AnsweredVersion != 1 {
			t.Errorf("%s: %+v, %v", c.name, changes.Payment.State, err)
		}
		if got := strings.Join(typesOf(changes.Events), " "); got != c.events {
			t.Errorf("%s: the events are %s", c.name, got)
		}
	}
}

func typesOf(events []event.Event) (types []string) {
	for _, e := range events {
		types = append(types, string(e.Type))
	}
	return types
}

// A refund's destination, by where the money came from and what it was for.
func TestRefundDestinations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, purpose, to string
		want              string // the refund's destination and status, or "422"
	}{
		{"card", "sale", "", "card pending"},
		{"card", "sale", "card", "card pending"},
		{"card", "sale", "wallet", "wallet succeeded"},
		{"wallet", "sale", "", "wallet succeeded"},
		{"wallet", "sale", "wallet", "wallet succeeded"},
		{"wallet", "sale", "card", "422"},
		{"card", "wallet_topup", "", "card pending"},
		{"card", "wallet_topup", "card", "card pending"},
		{"card", "wallet_topup", "wallet", "422"},
	} {
		p := paid(t, c.from, payment.Purpose(c.purpose))
		changes, err := payment.DecideRefund(p, payment.GiveBack{
			ID: refund(1), Minor: 1, To: payment.Destination(c.to), InquireAt: after(1),
		})
		got := "422"
		if err == nil {
			r := changes.Payment.Refunds[0]
			got = fmt.Sprintf("%s %s", r.To(), r.Status)
			if (r.Status == payment.OperationPending) == r.Inquiry.At.IsZero() {
				t.Errorf("%+v: it is asked about at %v", c, r.Inquiry.At)
			}
		} else if !problem.Is(err, problem.InvalidParameter) {
			t.Errorf("%+v: %v", c, err)
		}
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// paid is a payment that has succeeded.
func paid(t reporter, from string, purpose payment.Purpose) payment.Payment {
	t.Helper()
	c := fromWallet(false)
	c.Purpose = purpose
	if from == "card" {
		c.Method, c.Wallet = "pm_card_visa", nil
		c.Start = payment.Start{Attempt: attempt(1), Gateway: "alpha", InquireAt: began}
	}
	changes, err := payment.DecideCreate(c)
	if err == nil && from == "card" {
		changes, err = payment.DecideOutcome(changes.Payment, payment.Settle{
			Attempt: attempt(1), Outcome: payment.OutcomeApproved, At: after(1), Capture: id(ident.Capture, 1),
		})
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	return changes.Payment
}

// Whatever is refunded of a top-up, in whatever order gateways answer and however
// often, what is held is what is under way, and the wallet has the rest.
func TestRefundsOfTopUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := paid(t, "card", payment.WalletTopUp)
		amount := p.Amount.Minor
		balances := map[ledger.Name]int64{ledger.Wallet(p.UserID): amount}
		book := func(c payment.Changes, err error) {
			if err != nil {
				return
			}
			p = c.Payment
			for _, transaction := range c.Transactions {
				if err := transaction.Check(); err != nil {
					t.Fatal(err)
				}
				for _, e := range transaction.Entries {
					balances[e.Account.Name] += e.Minor
				}
			}
		}
		for n := range rapid.IntRange(1, 20).Draw(t, "commands") {
			if i := rapid.IntRange(-2, len(p.Refunds)-1).Draw(t, "refund"); i >= 0 {
				book(payment.DecideRefundOutcome(p, payment.SettleRefund{
					Refund: p.Refunds[i].ID, Status: rapid.SampledFrom(operationStatuses).Draw(t, "status"), At: after(n),
				}))
			} else {
				book(payment.DecideRefund(p, payment.GiveBack{
					ID: refund(n + 1), Minor: rapid.Int64Range(1, amount).Draw(t, "minor"),
				}))
			}
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			held, wallet := balances[ledger.Held(p.UserID)], balances[ledger.Wallet(p.UserID)]
			if held != p.RefundPendingMinor || wallet != amount-p.RefundPendingMinor-p.RefundedMinor ||
				balances[ledger.Receivable("alpha")] != p.RefundedMinor {
				t.Fatalf("the accounts are %v, the payment %+v", balances, p.State)
			}
		}
		if i := slices.IndexFunc(p.Refunds, func(r payment.Refund) bool { return r.Gateway != "alpha" }); i >= 0 {
			t.Fatalf("a refund of a top-up goes to %s", p.Refunds[i].Gateway)
		}
	})
}
