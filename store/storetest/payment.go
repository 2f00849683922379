package storetest

import (
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

var paymentCases = map[string]func(*fixture){
	"roundtrip":        paymentRoundtrip,
	"least":            paymentLeast,
	"update":           paymentUpdate,
	"right after":      paymentRightAfter,
	"loaded is a copy": paymentLoadedIsACopy,
	"not found":        paymentNotFound,
	"update of none":   paymentUpdateOfNone,
	"duplicate":        paymentDuplicate,
	"of another shard": paymentOfAnotherShard,
	"pages":            paymentPages,
	"filters":          paymentFilters,
	"payment of":       paymentOf,
}

// full returns a payment with every field set, and its children.
func (f *fixture) full(userID int64) payment.Payment {
	p := f.payment(userID)
	p.Amount = money.Amount{Minor: 999_999_999_999_999, Currency: "JPY"}
	p.CaptureMethod, p.Purpose = payment.CaptureManual, payment.WalletTopUp
	p.Details = payment.Details{
		Description: "Ein 'Buch' \\ 本 und mehr", ReturnURL: "https://example.com/?a=b&c", OffSession: true,
		Metadata: map[string]string{"order": "17", "": "empty", "a.b\"c": "<&>"},
		Customer: &payment.Customer{Email: "a@example.com", Name: "Ä"},
		Risk: &payment.Risk{
			IP: "192.0.2.1", Device: "d", Terminal: "t", BillingCountry: "DE", OccurredAt: f.now.Add(-time.Hour),
		},
	}
	first, second := f.attempt(p), f.attempt(p)
	first.Outcome, first.Reason = payment.OutcomeDeclined, problem.GenericDecline
	first.AnsweredAt, first.Inquiry = f.now.Add(time.Second), payment.Inquiry{Count: 3}
	second.Outcome, second.Reference = payment.OutcomeApproved, "ch_123"
	second.AnsweredAt = f.now.Add(2 * time.Second)
	second.Reversal = &payment.Reversal{ID: f.ids.New(userID), Status: payment.OperationPending, Rest: true}
	second.ExpiresAt = f.now.Add(6 * 24 * time.Hour)
	p.State = payment.State{
		Status: payment.Succeeded, Reason: problem.LostCard, Version: 5, PaymentMethod: "pm_card_visa",
		Attempt: second.ID, Gateway: "simulated", ActionURL: "https://example.com/challenge?a=b&c",
		AuthorizedMinor: 1, CapturePendingMinor: 2, CapturedMinor: 3,
		RefundPendingMinor: 4, RefundedMinor: 5, DisputedMinor: 6,
	}
	answered := p.State
	answered.Status, answered.Version = payment.Processing, 2
	p.AnsweredVersion, p.Answered = 2, &answered
	refund := f.refund(p, second, 5)
	refund.Status, refund.Reason, refund.Reference = payment.OperationFailed, problem.ExpiredCard, "re_1"
	refund.AnsweredAt, refund.Version, refund.Inquiry = f.now.Add(time.Minute), 2, payment.Inquiry{Count: 1}
	second.Root = first.ID
	p.Attempts = []payment.Attempt{first, second}
	p.Captures = []payment.Capture{f.capture(p, second, 1), f.capture(p, second, 2)}
	p.Captures[1].Told = &payment.State{Status: payment.RequiresCapture, Version: 2, CapturedMinor: 2}
	c := &p.Captures[1]
	c.Final, c.Status, c.Reason, c.Reference = true, payment.OperationFailed, problem.ProcessingError, "ca_1"
	c.AnsweredAt, c.Version, c.Inquiry = f.now.Add(time.Minute), 2, payment.Inquiry{At: f.now.Add(time.Hour), Count: 2}
	p.Disputes = []payment.Dispute{f.dispute(p, second, 4), f.dispute(p, second, 5)}
	d := &p.Disputes[1]
	d.Status, d.Evidence, d.Submission = payment.DisputeUnderReview, "Ein \"Beleg\"\n本", f.ids.New(userID)
	d.WalletMinor, d.Exceeds, d.Version = 3, true, 2
	d.Inquiry = payment.Inquiry{At: f.now.Add(time.Hour), Count: 7}
	p.Refunds = []payment.Refund{refund, f.refund(p, second, 4)}
	return p
}

// all returns the changes that write payments with their children.
func all(payments ...payment.Payment) store.Changes {
	var c store.Changes
	for _, p := range payments {
		c.Attempts = append(c.Attempts, fresh(p.Attempts...)...)
		c.Captures = append(c.Captures, fresh(p.Captures...)...)
		c.Refunds = append(c.Refunds, fresh(p.Refunds...)...)
		c.Disputes = append(c.Disputes, fresh(p.Disputes...)...)
	}
	c.Payments = fresh(payments...)
	return c
}

func paymentRoundtrip(f *fixture) {
	p := f.full(f.user(0, 1))
	f.commit(0, all(p, f.full(f.user(0, 2))))
	got, err := f.store.Payment(f.ctx, p.ID)
	f.check(err)
	same(f, got, p)
	same(f, f.load(0, store.Keys{Payments: []ident.ID{p.ID}}).Payments[p.ID], p)
	for _, at := range []time.Time{
		got.Attempts[0].AnsweredAt, got.Attempts[1].Inquiry.At, got.Refunds[0].AnsweredAt, got.Refunds[1].Inquiry.At,
	} {
		if at.Location() != time.UTC || at.Nanosecond()%1e6 != 0 {
			f.Errorf("%v is not in UTC or no whole millisecond", at)
		}
	}
}

func paymentLeast(f *fixture) {
	p := f.payment(f.user(0, 1))
	p.Details.Metadata = map[string]string{}
	f.commit(0, all(p))
	got, err := f.store.Payment(f.ctx, p.ID)
	f.check(err)
	same(f, got, p)
	if got.Answered != nil || got.Details.Customer != nil || !got.Attempt.IsZero() {
		f.Errorf("what was not there came back: %+v", got)
	}
}

func paymentUpdate(f *fixture) {
	p := f.full(f.user(0, 1))
	f.commit(0, all(p))
	p.State = payment.State{Status: payment.Canceled, Version: 6}
	p.AnsweredVersion, p.Answered = 6, nil
	a := &p.Attempts[1]
	a.Outcome, a.Reason, a.Reference = payment.OutcomeUnknown, problem.ProcessingError, "ch_9"
	a.AnsweredAt, a.Inquiry = time.Time{}, payment.Inquiry{At: f.now.Add(time.Hour), Count: 9}
	a.Reversal = &payment.Reversal{ID: a.Reversal.ID, Status: payment.OperationSucceeded}
	a.ExpiresAt = time.Time{}
	c := &p.Captures[0]
	c.Status, c.Version, c.Reason, c.Reference = payment.OperationFailed, 2, problem.GenericDecline, "ca_2"
	c.AnsweredAt, c.Inquiry = f.now, payment.Inquiry{At: f.now.Add(time.Hour), Count: 1}
	d := &p.Disputes[0]
	d.Status, d.Evidence, d.Submission, d.Version = payment.DisputeLost, "none", f.ids.New(p.UserID), 3
	d.Inquiry = payment.Inquiry{At: f.now.Add(time.Hour), Count: 1}
	r := &p.Refunds[1]
	r.Status, r.Reference, r.AnsweredAt = payment.OperationSucceeded, "re_2", f.now
	r.Version, r.Inquiry = 2, payment.Inquiry{}
	f.commit(0, store.Changes{
		Payments: update(p), Attempts: update(*a), Captures: update(*c), Refunds: update(*r), Disputes: update(*d),
	})
	got, err := f.store.Payment(f.ctx, p.ID)
	f.check(err)
	same(f, got, p)
	same(f, f.load(0, store.Keys{Payments: []ident.ID{p.ID}}).Payments[p.ID], p)
}

// paymentRightAfter goes a payment's usual way, one Tx upon the other.
func paymentRightAfter(f *fixture) {
	p := f.payment(f.user(0, 1))
	p.Attempts = []payment.Attempt{f.attempt(p)}
	f.commit(0, all(p))
	keys := store.Keys{Payments: []ident.ID{p.ID}}
	same(f, f.load(0, keys).Payments[p.ID], p)

	p.Status, p.Version, p.CapturedMinor = payment.Succeeded, 2, p.Amount.Minor
	p.Attempts[0].Outcome = payment.OutcomeApproved
	p.Captures = []payment.Capture{f.capture(p, p.Attempts[0], p.Amount.Minor)}
	f.commit(0, store.Changes{
		Payments: update(p), Attempts: update(p.Attempts...), Captures: fresh(p.Captures...),
	})
	same(f, f.load(0, keys).Payments[p.ID], p)

	refund := f.refund(p, p.Attempts[0], 50)
	f.commit(0, store.Changes{Refunds: fresh(refund)})
	p.Refunds = []payment.Refund{refund}
	same(f, f.load(0, keys).Payments[p.ID], p)

	tx := f.begin(0)
	lost := p
	lost.Status = payment.Canceled
	f.check(tx.Write(f.ctx, &store.Changes{Group: f.ids.New(0), Payments: update(lost)}))
	tx.Rollback()
	same(f, f.load(0, keys).Payments[p.ID], p)
}

func paymentLoadedIsACopy(f *fixture) {
	p := f.full(f.user(0, 1))
	f.commit(0, all(p))
	keys := store.Keys{Payments: []ident.ID{p.ID}}
	for range 2 {
		loaded := f.load(0, keys).Payments[p.ID]
		same(f, loaded, p)
		loaded.Attempts[1].Outcome = payment.OutcomeUnknown
		loaded.Attempts[1].Reversal.Status = payment.OperationFailed
		loaded.Captures[0].Minor, loaded.Refunds[0].Version = 77, 77
		loaded.Answered.Version = 77
	}
}

func paymentNotFound(f *fixture) {
	p := f.payment(f.user(0, 1))
	f.commit(0, all(p))
	other := ident.FromHalves(p.ID.High(), p.ID.Low()^1<<20) // alike but for its chance
	for _, id := range []ident.ID{f.ids.New(p.UserID), other} {
		_, err := f.store.Payment(f.ctx, id)
		f.want(err, store.ErrNotFound)
		_, err = f.store.Refund(f.ctx, id)
		f.want(err, store.ErrNotFound)
		_, err = f.store.Method(f.ctx, id)
		f.want(err, store.ErrNotFound)
		_, err = f.store.PaymentOf(f.ctx, id)
		f.want(err, store.ErrNotFound)
		state := f.load(0, store.Keys{
			Payments: []ident.ID{id}, Methods: []ident.ID{id}, APIKeys: []ident.ID{id},
		})
		if len(state.Payments)+len(state.Methods)+len(state.APIKeys) != 0 {
			f.Errorf("loaded what does not exist: %+v", state)
		}
	}
}

func paymentUpdateOfNone(f *fixture) {
	f.want(f.try(0, store.Changes{Payments: update(f.payment(f.user(0, 1)))}), store.ErrRefused)
	f.works(0)
}

func paymentDuplicate(f *fixture) {
	p := f.full(f.user(0, 1))
	f.commit(0, all(p))
	again := p
	again.Amount.Minor = 1
	for name, changes := range map[string]store.Changes{
		"payment": {Payments: fresh(again)},
		"attempt": {Attempts: fresh(p.Attempts[0])},
		"capture": {Captures: fresh(p.Captures[0])},
		"refund":  {Refunds: fresh(p.Refunds[0])},
	} {
		other := f.payment(p.UserID)
		changes.Payments = append(fresh(other), changes.Payments...)
		if err := f.try(0, changes); err == nil {
			f.Errorf("a second %s of one id was taken", name)
		} else {
			f.want(err, store.ErrRefused)
		}
		_, err := f.store.Payment(f.ctx, other.ID)
		f.want(err, store.ErrNotFound)
	}
	got, err := f.store.Payment(f.ctx, p.ID)
	f.check(err)
	same(f, got, p)
	f.works(0)
}

func paymentOfAnotherShard(f *fixture) {
	f.twoShards()
	p := f.payment(f.user(1, 1))
	f.want(f.try(0, all(p)), store.ErrRefused)
	f.works(0)
	f.works(1)
}

func paymentOf(f *fixture) {
	p := f.full(f.user(0, 1))
	f.commit(0, all(p))
	for _, operation := range []ident.ID{
		p.Attempts[0].ID, p.Attempts[1].ID, p.Refunds[1].ID, p.Attempts[1].Reversal.ID,
	} {
		got, err := f.store.PaymentOf(f.ctx, operation)
		f.check(err)
		same(f, got, p.ID)
	}
}
