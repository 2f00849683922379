package storetest

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// searchCases hold lists with any filters, any page, in both directions, against
// a plain reading of what the query says.
var searchCases = map[string]func(*fixture){
	"payments": searchPayments,
	"refunds":  searchRefunds,
}

// dice draws what a case is made of, alike in every run.
type dice struct{ *rand.Rand }

func newDice() dice {
	return dice{rand.New(rand.NewPCG(7, 11))}
}

func choose[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// maybe draws a value, or the zero value.
func maybe[T any](d dice, of ...T) (value T) {
	if d.IntN(3) == 0 {
		value = choose(d, of...)
	}
	return value
}

var (
	searchStatuses   = []payment.Status{payment.Succeeded, payment.Declined, payment.Canceled}
	searchOperations = []payment.OperationStatus{payment.OperationPending, payment.OperationFailed}
	searchCurrencies = []money.Currency{"EUR", "USD", "JPY"}
	searchOrders     = []string{"1", "2", "", "a b"}
)

const searchRows = 120

// when draws a moment around those of the rows, sometimes between milliseconds.
func (f *fixture) when(d dice) time.Time {
	return f.now.Add(time.Duration(d.IntN(searchRows+20)-10)*time.Second + maybe(d, 300*time.Microsecond))
}

// page draws a page of objects whose ids ascend.
func searchPage(d dice, ids []ident.ID) store.Page {
	p := store.Page{Limit: choose(d, 1, 3, 10, 2*searchRows)}
	switch d.IntN(3) {
	case 0:
		p.After = choose(d, ids...)
	case 1:
		p.Before = choose(d, ids...)
	}
	return p
}

// pageOf cuts a page out of rows, which are newest first.
func pageOf[T any](rows []T, p store.Page, id func(T) ident.ID) []T {
	rows = slices.DeleteFunc(slices.Clone(rows), func(row T) bool {
		at := id(row)
		return !p.After.IsZero() && at.Compare(p.After) >= 0 || !p.Before.IsZero() && at.Compare(p.Before) <= 0
	})
	if !p.Before.IsZero() {
		return rows[max(0, len(rows)-p.Limit):]
	}
	return rows[:min(len(rows), p.Limit)]
}

// between tells whether a moment is in a range; zero bounds nothing.
func between(at, from, before time.Time) bool {
	return (from.IsZero() || !at.Before(from)) && (before.IsZero() || at.Before(before))
}

func within(minor, least, most int64) bool {
	return (least == 0 || minor >= least) && (most == 0 || minor <= most)
}

func searchPayments(f *fixture) {
	d := newDice()
	users := []int64{f.user(0, 1), f.user(0, 2), f.user(0, 3)}
	var rows []payment.Payment
	var ids []ident.ID
	for i := range searchRows {
		f.ids.Advance(f.now.Add(time.Duration(i)*time.Second).UnixMilli() << 12)
		p := f.payment(choose(d, users...))
		p.Status = choose(d, searchStatuses...)
		p.Amount = money.Amount{Minor: int64(1 + d.IntN(20)), Currency: choose(d, searchCurrencies...)}
		if d.IntN(2) == 0 {
			p.Details.Metadata = map[string]string{"order": choose(d, searchOrders...), "n": strconv.Itoa(i % 5)}
		}
		rows, ids = append(rows, p), append(ids, p.ID)
	}
	f.commit(0, all(rows...))
	slices.Reverse(rows)
	found := 0
	for range 200 {
		q := store.PaymentQuery{
			Page: searchPage(d, ids), UserID: maybe(d, append(users, f.user(0, 9))...),
			Status: maybe(d, searchStatuses...), Currency: string(maybe(d, searchCurrencies...)),
			CreatedGTE: maybe(d, f.when(d)), CreatedLT: maybe(d, f.when(d)),
			AmountGTE: maybe[int64](d, 1, 5, 20), AmountLTE: maybe[int64](d, 1, 10, 20),
		}
		if q.MetadataKey = maybe(d, "order", "none"); q.MetadataKey != "" {
			q.MetaValue = choose(d, searchOrders...)
		}
		want := pageOf(slices.DeleteFunc(slices.Clone(rows), func(p payment.Payment) bool {
			value, has := p.Details.Metadata[q.MetadataKey]
			return q.UserID != 0 && p.UserID != q.UserID || q.Status != "" && p.Status != q.Status ||
				q.Currency != "" && string(p.Amount.Currency) != q.Currency ||
				q.MetadataKey != "" && (!has || value != q.MetaValue) ||
				!between(p.ID.Time(), q.CreatedGTE, q.CreatedLT) || !within(p.Amount.Minor, q.AmountGTE, q.AmountLTE)
		}), q.Page, func(p payment.Payment) ident.ID { return p.ID })
		got, err := f.store.Payments(f.ctx, 0, q)
		f.check(err)
		f.Logf("%+v", q)
		same(f, got, want)
		found += len(got)
	}
	if found < searchRows {
		f.Errorf("%d were found in all: the queries find too little", found)
	}
}

func searchRefunds(f *fixture) {
	d := newDice()
	var parents []payment.Payment
	for i := range 12 {
		parents = append(parents, f.payment(f.user(0, 1+i%3)))
	}
	f.commit(0, all(parents...))
	var rows []payment.Refund
	var ids []ident.ID
	for i := range searchRows {
		f.ids.Advance(f.now.Add(time.Duration(i)*time.Second).UnixMilli() << 12)
		p := choose(d, parents...)
		r := f.refund(p, payment.Attempt{ID: f.ids.New(p.UserID)}, int64(1+d.IntN(20)))
		r.Status, r.Amount.Currency = choose(d, searchOperations...), choose(d, searchCurrencies...)
		rows, ids = append(rows, r), append(ids, r.ID)
	}
	f.commit(0, store.Changes{Refunds: fresh(rows...)})
	slices.Reverse(rows)
	found := 0
	for range 200 {
		q := store.RefundQuery{
			Page: searchPage(d, ids), UserID: maybe(d, f.user(0, 1), f.user(0, 2)),
			Payment: maybe(d, parents[0].ID, parents[1].ID), Status: maybe(d, searchOperations...),
			Currency: string(maybe(d, searchCurrencies...)), CreatedGTE: maybe(d, f.when(d)),
			CreatedLT: maybe(d, f.when(d)), AmountGTE: maybe[int64](d, 1, 5, 20), AmountLTE: maybe[int64](d, 1, 10, 20),
		}
		want := pageOf(slices.DeleteFunc(slices.Clone(rows), func(r payment.Refund) bool {
			return q.UserID != 0 && r.UserID != q.UserID || !q.Payment.IsZero() && r.Payment != q.Payment ||
				q.Status != "" && r.Status != q.Status || q.Currency != "" && string(r.Amount.Currency) != q.Currency ||
				!between(r.ID.Time(), q.CreatedGTE, q.CreatedLT) || !within(r.Amount.Minor, q.AmountGTE, q.AmountLTE)
		}), q.Page, func(r payment.Refund) ident.ID { return r.ID })
		got, err := f.store.Refunds(f.ctx, 0, q)
		f.check(err)
		f.Logf("%+v", q)
		same(f, got, want)
		found += len(got)
	}
	if found < searchRows {
		f.Errorf("%d were found in all: the queries find too little", found)
	}
}
