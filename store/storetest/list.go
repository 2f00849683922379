package storetest

import (
	"slices"
	"strconv"
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// several commits n payments of a user, a second apart, and returns them newest
// first.
func (f *fixture) several(userID int64, n int, change func(i int, p *payment.Payment)) []payment.Payment {
	f.Helper()
	var list []payment.Payment
	base := f.now
	for i := range n {
		f.ids.Advance(base.Add(time.Duration(i)*time.Second).UnixMilli() << 12)
		p := f.payment(userID)
		if change != nil {
			change(i, &p)
		}
		list = append(list, p)
	}
	f.commit(f.shardOf(userID), all(list...))
	slices.Reverse(list)
	return list
}

func paymentPages(f *fixture) {
	userID := f.user(0, 1)
	list := f.several(userID, 7, nil)
	f.commit(0, all(f.payment(f.user(0, 2))))
	for _, c := range []struct {
		name          string
		limit         int
		after, before ident.ID
		want          []payment.Payment
	}{
		{"the newest", 3, ident.ID{}, ident.ID{}, list[:3]},
		{"all", 100, ident.ID{}, ident.ID{}, list},
		{"the next page", 3, list[2].ID, ident.ID{}, list[3:6]},
		{"the last page", 3, list[5].ID, ident.ID{}, list[6:]},
		{"behind the last", 3, list[6].ID, ident.ID{}, nil},
		{"the page before", 3, ident.ID{}, list[5].ID, list[2:5]},
		{"before the second", 3, ident.ID{}, list[1].ID, list[:1]},
		{"before the first", 3, ident.ID{}, list[0].ID, nil},
	} {
		got, err := f.store.Payments(f.ctx, 0, store.PaymentQuery{
			UserID: userID, Page: store.Page{Limit: c.limit, After: c.after, Before: c.before},
		})
		f.check(err)
		f.Log(c.name)
		same(f, got, c.want)
	}
}

func paymentFilters(f *fixture) {
	statuses := []payment.Status{payment.Succeeded, payment.Declined, payment.Canceled}
	list := f.several(f.user(0, 1), 9, func(i int, p *payment.Payment) {
		p.Status = statuses[i%3]
		p.Amount = money.Amount{Minor: int64(100 * (i + 1)), Currency: []money.Currency{"EUR", "USD"}[i%2]}
		if i > 0 {
			p.Details.Metadata = map[string]string{"order": strconv.Itoa(i), "we\"ird.key$": "x"}
		}
	})
	list = append(f.several(f.user(0, 2), 1, nil), list...)
	for i, c := range []struct {
		q    store.PaymentQuery
		keep func(payment.Payment) bool
	}{
		{store.PaymentQuery{}, func(payment.Payment) bool { return true }},
		{
			store.PaymentQuery{UserID: f.user(0, 2)},
			func(p payment.Payment) bool { return p.UserID == f.user(0, 2) },
		},
		{store.PaymentQuery{UserID: f.user(0, 3)}, func(payment.Payment) bool { return false }},
		{
			store.PaymentQuery{Status: payment.Declined},
			func(p payment.Payment) bool { return p.Status == payment.Declined },
		},
		{store.PaymentQuery{Currency: "USD"}, func(p payment.Payment) bool { return p.Amount.Currency == "USD" }},
		{
			store.PaymentQuery{AmountGTE: 400, AmountLTE: 700},
			func(p payment.Payment) bool { return p.Amount.Minor >= 400 && p.Amount.Minor <= 700 },
		},
		{
			store.PaymentQuery{CreatedGTE: list[6].ID.Time(), CreatedLT: list[3].ID.Time()},
			func(p payment.Payment) bool {
				return !p.ID.Time().Before(list[6].ID.Time()) && p.ID.Time().Before(list[3].ID.Time())
			},
		},
		{
			store.PaymentQuery{MetadataKey: "order", MetaValue: "4"},
			func(p payment.Payment) bool { return p.Details.Metadata["order"] == "4" },
		},
		{
			store.PaymentQuery{MetadataKey: "we\"ird.key$", MetaValue: "x"},
			func(p payment.Payment) bool { return p.Details.Metadata != nil },
		},
		{
			store.PaymentQuery{UserID: f.user(0, 1), Status: payment.Succeeded, Currency: "EUR", AmountGTE: 200},
			func(p payment.Payment) bool {
				return p.UserID == f.user(0, 1) && p.Status == payment.Succeeded &&
					p.Amount.Currency == "EUR" && p.Amount.Minor >= 200
			},
		},
	} {
		c.q.Limit = 100
		got, err := f.store.Payments(f.ctx, 0, c.q)
		f.check(err)
		var want []payment.Payment
		for _, p := range list {
			if c.keep(p) {
				want = append(want, p)
			}
		}
		f.Logf("filter %d: %+v", i, c.q)
		same(f, got, want)
	}
}
