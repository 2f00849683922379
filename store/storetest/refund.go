package storetest

import (
	"slices"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

var refundCases = map[string]func(*fixture){
	"roundtrip": refundRoundtrip,
	"lists":     refundLists,
}

func refundRoundtrip(f *fixture) {
	p := f.full(f.user(0, 1))
	f.commit(0, all(p))
	for _, r := range p.Refunds {
		got, err := f.store.Refund(f.ctx, r.ID)
		f.check(err)
		same(f, got, r)
	}
}

func refundLists(f *fixture) {
	first, second, third := f.full(f.user(0, 1)), f.full(f.user(0, 1)), f.full(f.user(0, 2))
	f.commit(0, all(first, second, third))
	everything := slices.Concat(first.Refunds, second.Refunds, third.Refunds)
	slices.Reverse(everything)
	for _, c := range []struct {
		q    store.RefundQuery
		keep func(payment.Refund) bool
	}{
		{store.RefundQuery{}, func(payment.Refund) bool { return true }},
		{store.RefundQuery{UserID: first.UserID}, func(r payment.Refund) bool { return r.UserID == first.UserID }},
		{store.RefundQuery{Payment: second.ID}, func(r payment.Refund) bool { return r.Payment == second.ID }},
		{
			store.RefundQuery{Status: payment.OperationFailed},
			func(r payment.Refund) bool { return r.Status == payment.OperationFailed },
		},
		{store.RefundQuery{UserID: third.UserID, Payment: second.ID}, func(payment.Refund) bool { return false }},
		{
			store.RefundQuery{Page: store.Page{After: second.Refunds[1].ID}},
			func(r payment.Refund) bool { return r.ID.Compare(second.Refunds[1].ID) < 0 },
		},
		{
			store.RefundQuery{Page: store.Page{Before: second.Refunds[0].ID}},
			func(r payment.Refund) bool { return r.ID.Compare(second.Refunds[0].ID) > 0 },
		},
	} {
		c.q.Limit = 100
		got, err := f.store.Refunds(f.ctx, 0, c.q)
		f.check(err)
		want := slices.DeleteFunc(slices.Clone(everything), func(r payment.Refund) bool { return !c.keep(r) })
		f.Logf("%+v", c.q)
		same(f, got, want)
	}
	got, err := f.store.Refunds(f.ctx, 0, store.RefundQuery{Page: store.Page{Limit: 1, Before: ident.ID{}}})
	f.check(err)
	same(f, got, everything[:1])
}
