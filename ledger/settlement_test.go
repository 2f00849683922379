package ledger_test

import (
	"errors"
	"testing"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

func TestDecideSettlement(t *testing.T) {
	t.Parallel()
	ids := ident.NewSource(0, time.Now, func() uint64 { return 1 })
	most := money.Currency("USD").MaxMinor()
	for _, c := range []struct {
		amount, fee int64
		entries     int
		param       string // of the refusal
	}{
		{1000, 30, 4, ""},
		{1000, 0, 2, ""},
		{1000, 1000, 2, ""},
		{most, 1, 4, ""},
		{0, 0, 0, "amount"},
		{-1, 0, 0, "amount"},
		{most + 1, 0, 0, "amount"},
		{1000, -1, 0, "fee"},
		{1000, 1001, 0, "fee"},
	} {
		settled, booked, err := ledger.DecideSettlement(ledger.RecordSettlement{
			ID: ids.New(0), Gateway: "first", Reference: "r",
			Amount: money.Amount{Minor: c.amount, Currency: "USD"}, FeeMinor: c.fee,
		})
		var refused *problem.Problem
		if c.param != "" {
			if !errors.As(err, &refused) || refused.Param != c.param {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if err != nil || booked.Check() != nil || len(booked.Entries) != c.entries ||
			settled.NetMinor() != c.amount-c.fee || booked.ID != settled.ID || booked.Object != settled.ID {
			t.Errorf("%+v: %+v, %+v, %v", c, settled, booked, err)
		}
	}
}
