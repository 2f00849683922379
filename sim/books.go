package sim

import (
	"slices"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
)

// takeEvents checks that each version has one event, and takes the status of
// each payment in before to what its events make of it.
func (a *auditor) takeEvents(shard int, events []event.Event, before map[ident.ID]payment.Status) {
	for _, e := range events {
		name := e.Object.Text(e.Kind)
		if e.Version != a.versions[e.Object]+1 {
			a.fail("%s of %s has version %d after %d", e.Type, name, e.Version, a.versions[e.Object])
		}
		a.versions[e.Object] = e.Version
		a.events[shard] = append(a.events[shard], e)
		if e.Kind != ident.Payment {
			continue
		}
		if a.payments[e.Object] == nil {
			a.fail("%s of %s, which does not exist", e.Type, name)
			return
		}
		a.payments[e.Object].events = append(a.payments[e.Object].events, e)
		status := before[e.Object]
		step, known := eventSteps[e.Type]
		switch {
		case e.Type == event.PaymentCreated && status == "":
			before[e.Object] = a.payments[e.Object].states[0].value.Status
		case e.Type == event.PaymentSucceeded && a.payments[e.Object].row.PaymentMethod == payment.Wallet &&
			(status == "" || slices.Contains(waiting, status)): // at once
			before[e.Object] = step.to
		case !known || !slices.Contains(step.from, status):
			a.fail("%s of %s, which is %q", e.Type, name, status)
		case step.to != "":
			before[e.Object] = step.to
			a.checkChain(a.payments[e.Object], status, step.to)
		}
	}
}

// maxChain is how many attempts one request may make: at each of two gateways,
// and a few in the place of those that waited too long. A batch may make more,
// for maxPatience.
const (
	maxChain    = 5
	maxPatience = 11 * time.Minute
)

// checkChain counts the attempts that follow each other without being asked for, by
// when each was decided on: it may be long until that is committed.
func (a *auditor) checkChain(r *paymentRecord, from, to payment.Status) {
	if to != payment.Processing {
		return
	}
	at := r.row.Attempt.Time()
	if from != payment.Processing {
		r.chain, r.began = 0, at
	}
	waited := at.Sub(r.began)
	leapt := waited >= 24*time.Hour // nobody was there to give up
	if r.chain++; r.chain > maxChain && waited > maxPatience && !leapt {
		a.fail("%s is tried %d times for one request", r.row.ID.Text(ident.Payment), r.chain)
	}
}

func (a *auditor) checkVersion(kind ident.Kind, id ident.ID, version int64) {
	if a.versions[id] != version {
		a.fail("%s has version %d, and events up to %d", id.Text(kind), version, a.versions[id])
	}
}

// checkPayment holds a payment against its parts.
func (a *auditor) checkPayment(r *paymentRecord) {
	if r == nil {
		return
	}
	p := r.row
	name := p.ID.Text(ident.Payment)
	a.checkVersion(ident.Payment, p.ID, p.Version)
	a.checkAction(p)
	open, standing := 0, 0
	for _, n := range r.attempts {
		if n.Outcome.Open() {
			open++
		}
		if stands(n) {
			standing++
			if (p.Status == payment.RequiresCapture) == n.ExpiresAt.IsZero() {
				a.fail("%s is %s, and its authorization expires %v", name, p.Status, n.ExpiresAt)
			}
		}
		if n.Minor != p.Amount.Minor || n.UserID != p.UserID {
			a.fail("an attempt of %s is of another amount or user", name)
		}
	}
	var captured, capturing, pending, refunded int64
	for _, c := range r.captures {
		switch c.row.Status {
		case payment.OperationPending:
			capturing += c.row.Minor
		case payment.OperationSucceeded:
			captured += c.row.Minor
		case payment.OperationFailed:
		}
	}
	for _, f := range r.refunds {
		switch f.row.Status {
		case payment.OperationPending:
			pending += f.row.Amount.Minor
		case payment.OperationSucceeded:
			refunded += f.row.Amount.Minor
		case payment.OperationFailed:
		}
	}
	if disputed := r.disputedMinor(); disputed != p.DisputedMinor {
		a.fail("%s has disputes of %d, and says %d", name, disputed, p.DisputedMinor)
	}
	authorized := p.Status == payment.RequiresCapture
	succeeded := p.Status == payment.Succeeded || authorized
	switch {
	case open > 1 || (open == 1) != slices.Contains(underWay, p.Status):
		a.fail("%s is %s with %d open attempts", name, p.Status, open)
	case standing > 1 || (standing == 1) != succeeded:
		a.fail("%s is %s with %d standing charges", name, p.Status, standing)
	case p.CaptureMethod == payment.CaptureAutomatic && succeeded != (captured == p.Amount.Minor),
		captured != p.CapturedMinor || capturing != p.CapturePendingMinor || captured+capturing > p.Amount.Minor,
		!succeeded && captured+capturing > 0, authorized && captured == p.Amount.Minor,
		p.Status == payment.Succeeded && (captured == 0 || capturing > 0):
		a.fail("%s of %d has captured %d, and says %d", name, p.Amount.Minor, captured, p.CapturedMinor)
	case pending != p.RefundPendingMinor || refunded != p.RefundedMinor:
		a.fail("%s has refunds of %d and %d pending, and says %d and %d",
			name, refunded, pending, p.RefundedMinor, p.RefundPendingMinor)
	case pending+refunded > captured:
		a.fail("%s has captured %d and refunds %d", name, captured, pending+refunded)
	}
}

// takeTransactions checks that what was booked is what must be, that it balances,
// and that it continues its accounts.
func (a *auditor) takeTransactions(shard int, c *store.Changes, booked bookings) {
	touched := map[ledger.Key]bool{}
	for _, t := range c.Transactions {
		want := booked.take(t.Object)
		if want == nil {
			a.fail("a %s books %x, again or for nothing", t.Kind, t.Object)
			return
		}
		a.checkBooking(t, want)
		var sum int64
		for _, e := range t.Entries {
			sum += e.Minor
			key := accountKey{shard, e.Account}
			account := a.account(key)
			account.seq++
			account.balance += e.Minor
			if _, user := e.Account.Name.UserID(); user {
				account.history = append(account.history, moment[was]{a.seq, was{account.balance, t.Object}})
				if account.balance < 0 {
					a.fail("%s falls to %d", e.Account.Name, account.balance)
				}
			}
			if balance, _ := e.Balance.Int64(); e.Seq != account.seq || balance != account.balance {
				a.fail("entry %d of %s leaves %d; it should be %d with %d",
					e.Seq, e.Account.Name, balance, account.seq, account.balance)
			}
			touched[e.Account] = true
		}
		if sum != 0 {
			a.fail("a transaction of %x sums to %d", t.Object, sum)
		}
	}
	if len(booked) > 0 {
		a.fail("%d things are not booked that must be", len(booked))
	}
	for _, account := range c.Accounts {
		want := a.accounts[accountKey{shard, account.Key}]
		balance, _ := account.Balance.Int64()
		if want == nil || account.Seq != want.seq || balance != want.balance {
			a.fail("account %s is written with %d", account.Name, balance)
		}
		delete(touched, account.Key)
	}
	if len(touched) > 0 {
		a.fail("%d accounts have entries and were not written", len(touched))
	}
}
