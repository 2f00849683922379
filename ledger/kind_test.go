package ledger_test

import (
	"slices"
	"testing"

	"florin/ledger"
	"florin/money"
)

func TestKindsOfNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, control ledger.Name
		crowded       bool
	}{
		{ledger.Sales, "sales", true},
		{ledger.Receivable("alpha"), "gateway:alpha:receivable", true},
		{ledger.Adjustments, "adjustments", false},
		{ledger.Fees("alpha"), "fees:alpha", false},
		{ledger.Wallet(42), "user:*:wallet", false},
		{ledger.Held(1), "user:*:held", false},
		{"user:0:wallet", "user:0:wallet", false},
	} {
		if got := c.name.Control(); got != c.control || c.name.Crowded() != c.crowded {
			t.Errorf("%s: %s, crowded %v", c.name, got, c.name.Crowded())
		}
	}
	if got := ledger.OfUser(42) + "wallet"; got != string(ledger.Wallet(42)) {
		t.Errorf("a user's wallet is %s", got)
	}
}

func TestTrialBalance(t *testing.T) {
	t.Parallel()
	var b ledger.TrialBalance
	if got := b.Lines(); len(got) != 0 {
		t.Errorf("of nothing it is %v", got)
	}
	for _, a := range []struct {
		key     ledger.Key
		balance int64
	}{
		{ledger.Key{Name: ledger.Sales, Currency: "USD"}, 7},
		{ledger.Key{Name: ledger.Sales, Slot: 1, Currency: "USD"}, -2},
		{ledger.Key{Name: ledger.Wallet(1), Currency: "USD"}, 5},
		{ledger.Key{Name: ledger.Wallet(2), Currency: "USD"}, 10},
		{ledger.Key{Name: ledger.Adjustments, Currency: "USD"}, -20},
		{ledger.Key{Name: ledger.Sales, Currency: "EUR"}, 1},
	} {
		if err := b.Add(ledger.Account{Key: a.key, Balance: money.NewSum(a.balance)}); err != nil {
			t.Fatal(err)
		}
	}
	line := func(name ledger.Name, currency money.Currency, debits, credits int64) ledger.TrialLine {
		return ledger.TrialLine{
			Name: name, Currency: currency, Debits: money.NewSum(debits), Credits: money.NewSum(credits),
			Balance: money.NewSum(debits + credits),
		}
	}
	want := []ledger.TrialLine{
		line(ledger.Sales, "EUR", 0, 1), line(ledger.Adjustments, "USD", -20, 0), line(ledger.Sales, "USD", -2, 7),
		line("user:*:wallet", "USD", 0, 15),
	}
	if got := b.Lines(); !slices.Equal(got, want) {
		t.Errorf("it is %v", got)
	}
}

// Every kind of transaction says what it books.
func TestKindsBookSomething(t *testing.T) {
	t.Parallel()
	for _, kind := range []ledger.Kind{
		ledger.KindCapture, ledger.KindRefund, ledger.KindAdjustment, ledger.KindHoldPlaced, ledger.KindHoldCaptured,
		ledger.KindHoldReleased, ledger.KindPayout, ledger.KindRefundReserved, ledger.KindRefundReleased,
	} {
		if kind.Books() == "" {
			t.Errorf("%s books nothing", kind)
		}
	}
	if got := ledger.Kind("unknown").Books(); got != "" {
		t.Errorf("an unknown kind books a %s", got)
	}
}
