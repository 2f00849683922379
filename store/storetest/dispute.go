package storetest

import (
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

var disputeCases = map[string]func(*fixture){
	"roundtrip": disputeRoundtrip,
	"later":     disputeLater,
	"lists":     disputeLists,
	"none":      disputeNone,
}

func disputeRoundtrip(f *fixture) {
	p := f.full(f.user(0, 1))
	f.commit(0, all(p))
	for _, d := range p.Disputes {
		got, err := f.store.Dispute(f.ctx, d.ID)
		f.check(err)
		same(f, got, d)
	}
}

// disputeLater adds disputes to a payment that was written, and read, before.
func disputeLater(f *fixture) {
	p := f.full(f.user(0, 1))
	p.Disputes = nil
	f.commit(0, all(p))
	keys := store.Keys{Payments: []ident.ID{p.ID}}
	same(f, f.load(0, keys).Payments[p.ID], p)
	p.Disputes = []payment.Dispute{f.dispute(p, p.Attempts[1], 3)}
	f.commit(0, store.Changes{Disputes: fresh(p.Disputes...)})
	same(f, f.load(0, keys).Payments[p.ID], p)
	p.Disputes[0].Status, p.Disputes[0].Version = payment.DisputeWon, 2
	f.commit(0, store.Changes{Disputes: update(p.Disputes...)})
	same(f, f.load(0, keys).Payments[p.ID], p)
	got, err := f.store.Payment(f.ctx, p.ID)
	f.check(err)
	same(f, got, p)
}

func disputeLists(f *fixture) {
	first, second, third := f.full(f.user(0, 1)), f.full(f.user(0, 1)), f.full(f.user(0, 2))
	f.commit(0, all(first, second, third))
	everything := slices.Concat(first.Disputes, second.Disputes, third.Disputes)
	slices.Reverse(everything)
	for _, c := range []struct {
		q    store.DisputeQuery
		keep func(payment.Dispute) bool
	}{
		{store.DisputeQuery{}, func(payment.Dispute) bool { return true }},
		{store.DisputeQuery{UserID: first.UserID}, func(d payment.Dispute) bool { return d.UserID == first.UserID }},
		{store.DisputeQuery{Payment: second.ID}, func(d payment.Dispute) bool { return d.Payment == second.ID }},
		{
			store.DisputeQuery{Status: payment.DisputeUnderReview},
			func(d payment.Dispute) bool { return d.Status == payment.DisputeUnderReview },
		},
		{store.DisputeQuery{UserID: third.UserID, Payment: second.ID}, func(payment.Dispute) bool { return false }},
		{
			store.DisputeQuery{Page: store.Page{After: second.Disputes[1].ID}},
			func(d payment.Dispute) bool { return d.ID.Compare(second.Disputes[1].ID) < 0 },
		},
		{
			store.DisputeQuery{Page: store.Page{Before: second.Disputes[0].ID}},
			func(d payment.Dispute) bool { return d.ID.Compare(second.Disputes[0].ID) > 0 },
		},
	} {
		c.q.Limit = 100
		got, err := f.store.Disputes(f.ctx, 0, c.q)
		f.check(err)
		want := slices.DeleteFunc(slices.Clone(everything), func(d payment.Dispute) bool { return !c.keep(d) })
		f.Logf("%+v", c.q)
		same(f, got, want)
	}
}

func disputeNone(f *fixture) {
	_, err := f.store.Dispute(f.ctx, f.ids.New(f.user(0, 1)))
	f.want(err, store.ErrNotFound)
}

// dueOthers are captures and evidence beside attempts and refunds.
func dueOthers(f *fixture) {
	p := f.payment(f.user(0, 1))
	at := func(seconds int) time.Time { return f.now.Add(time.Duration(seconds) * time.Second) }
	a := f.attempt(p)
	a.Inquiry.At = at(20)
	captured, disputed := f.capture(p, a, 1), f.dispute(p, a, 1)
	captured.Inquiry.At, disputed.Inquiry.At = at(30), at(10)
	f.commit(0, store.Changes{
		Payments: fresh(p), Attempts: fresh(a), Captures: fresh(captured, f.capture(p, a, 1)), Disputes: fresh(disputed),
	})
	got, err := f.store.Due(f.ctx, 0, at(60), 10)
	f.check(err)
	same(f, got, []store.Due{
		{Payment: p.ID, Operation: disputed.ID, Kind: ident.Dispute, At: at(10)},
		{Payment: p.ID, Operation: a.ID, Kind: ident.Attempt, At: at(20)},
		{Payment: p.ID, Operation: captured.ID, Kind: ident.Capture, At: at(30)},
	})
	n, err := f.store.OpenCount(f.ctx, 0)
	f.check(err)
	same(f, n, 3)
	of, err := f.store.PaymentOf(f.ctx, captured.ID)
	f.check(err)
	same(f, of, p.ID)
}

// dueExpiring are authorizations that nobody has captured in time.
func dueExpiring(f *fixture) {
	p := f.payment(f.user(0, 1))
	at := func(seconds int) time.Time { return f.now.Add(time.Duration(seconds) * time.Second) }
	var attempts []payment.Attempt
	for _, seconds := range []int{30, 10, 50} {
		a := f.attempt(p)
		a.Inquiry, a.ExpiresAt = payment.Inquiry{}, at(seconds)
		attempts = append(attempts, a)
	}
	f.commit(0, store.Changes{Payments: fresh(p), Attempts: fresh(append(attempts, f.attempt(p))...)})
	expect := func(seconds, limit int, want ...int) {
		f.Helper()
		got, err := f.store.Expiring(f.ctx, 0, at(seconds), limit)
		f.check(err)
		var due []store.Due
		for _, i := range want {
			a := attempts[i]
			due = append(due, store.Due{Payment: p.ID, Operation: a.ID, Kind: ident.Attempt, At: a.ExpiresAt})
		}
		same(f, got, due)
	}
	expect(9, 10)
	expect(30, 10, 1, 0)
	expect(99, 2, 1, 0)
	attempts[1].ExpiresAt = time.Time{}
	f.commit(0, store.Changes{Attempts: update(attempts[1])})
	expect(99, 10, 0, 2)
}
