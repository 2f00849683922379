package storetest

import (
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

var dueCases = map[string]func(*fixture){"order": dueOrder, "others": dueOthers, "expiring": dueExpiring}

func dueOrder(f *fixture) {
	p := f.payment(f.user(0, 1))
	at := func(seconds int) payment.Inquiry {
		return payment.Inquiry{At: f.now.Add(time.Duration(seconds) * time.Second)}
	}
	var attempts []payment.Attempt
	for _, seconds := range []int{30, 10, 50} {
		a := f.attempt(p)
		a.Inquiry = at(seconds)
		attempts = append(attempts, a)
	}
	settled := f.attempt(p)
	settled.Inquiry = payment.Inquiry{Count: 2}
	refund := f.refund(p, attempts[0], 1)
	refund.Inquiry = at(20)
	f.commit(0, store.Changes{
		Payments: fresh(p), Attempts: fresh(append(attempts, settled)...), Refunds: fresh(refund),
	})
	ofAttempt := func(a payment.Attempt) store.Due {
		return store.Due{Payment: p.ID, Operation: a.ID, Kind: ident.Attempt, At: a.Inquiry.At}
	}
	ofRefund := store.Due{Payment: p.ID, Operation: refund.ID, Kind: ident.Refund, At: refund.Inquiry.At}
	expect := func(seconds, limit int, count int64, want ...store.Due) {
		f.Helper()
		got, err := f.store.Due(f.ctx, 0, at(seconds).At, limit)
		f.check(err)
		same(f, got, want)
		n, err := f.store.OpenCount(f.ctx, 0)
		f.check(err)
		same(f, n, count)
	}
	expect(9, 10, 4)
	expect(30, 10, 4, ofAttempt(attempts[1]), ofRefund, ofAttempt(attempts[0]))
	expect(100, 2, 4, ofAttempt(attempts[1]), ofRefund)

	attempts[1].Inquiry, refund.Inquiry = payment.Inquiry{}, payment.Inquiry{}
	attempts[0].Inquiry = payment.Inquiry{At: at(60).At, Count: 1}
	f.commit(0, store.Changes{Attempts: update(attempts[0], attempts[1]), Refunds: update(refund)})
	expect(100, 10, 2, ofAttempt(attempts[2]), ofAttempt(attempts[0]))
}
