package wallet_test

import (
	"math"
	"testing"

	"florin/money"
	"florin/problem"
	"florin/wallet"
)

func TestDecideAdjustment(t *testing.T) {
	t.Parallel()
	most := money.Currency("USD").MaxMinor()
	for _, c := range []struct {
		balance, minor, after int64
		code                  problem.Code
	}{
		{0, 1, 1, ""},
		{0, most, most, ""},
		{5, -5, 0, ""},
		{5, -6, 0, problem.InsufficientFunds},
		{0, -1, 0, problem.InsufficientFunds},
		{0, 0, 0, problem.InvalidParameter},
		{0, most + 1, 0, problem.InvalidParameter},
		{math.MaxInt64, -most - 1, 0, problem.InvalidParameter},
		{0, math.MinInt64, 0, problem.InvalidParameter},
		{math.MaxInt64 - 1, 1, math.MaxInt64, ""},
		{math.MaxInt64, 1, 0, problem.InvalidParameter},
		{math.MaxInt64, -1, math.MaxInt64 - 1, ""},
	} {
		id := ids.New(7)
		changes, err := wallet.DecideAdjustment(money.NewSum(c.balance), wallet.Adjust{
			ID: id, UserID: 7, Amount: usd(c.minor), TransactionID: `a "quoted" one`,
		})
		if c.code != "" {
			wantProblem(t, usd(c.minor).String(), err, c.code, "amount")
			continue
		}
		if err != nil || changes.Value.Balance != money.NewSum(c.after) || changes.Value.ID != id {
			t.Errorf("%d and %d: %+v, %v", c.balance, c.minor, changes.Value, err)
			continue
		}
		if booked := changes.Transactions[0]; booked.ID != id || booked.Object != id || booked.Check() != nil {
			t.Errorf("it is booked as %+v", booked)
		}
	}
}

func TestEventData(t *testing.T) {
	t.Parallel()
	id := ids.New(7)
	adjusted, err := wallet.DecideAdjustment(money.Sum{}, wallet.Adjust{
		ID: id, UserID: 7, Amount: usd(5), TransactionID: `a"b`, Reason: "not told",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"` + id.Text("txn") + `","object":"adjustment","user_id":7,"amount":5,"currency":"USD",` +
		`"transaction_id":"a\"b","balance":5}`
	if got := string(adjusted.Events[0].Data); got != want {
		t.Errorf("an adjustment's event tells %s", got)
	}
	h := place(t)
	released, err := h.DecideRelease()
	if err != nil {
		t.Fatal(err)
	}
	want = `{"id":"` + h.ID.Text("hold") + `","object":"hold","status":"released","user_id":7,"amount":1000,` +
		`"amount_captured":0,"currency":"USD","expires_at":"2026-01-02T04:04:05.000Z"}`
	if got := string(released.Events[0].Data); got != want {
		t.Errorf("a hold's event tells %s", got)
	}
}
