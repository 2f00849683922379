package sim

import (
	"maps"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
)

// booking is what a transaction must be: the auditor's own table of postings.
type booking struct {
	kind     ledger.Kind
	user     int64
	payment  ident.ID // zero for none
	currency money.Currency
	minor    map[ledger.Name]int64 // what each account gets in all; negative: loses
}

// bookings are what must have a transaction now, each object's in order.
type bookings map[ident.ID][]*booking

// expect adds what an object must book, nil for nothing.
func (all bookings) expect(id ident.ID, some ...*booking) {
	for _, b := range some {
		if b != nil {
			all[id] = append(all[id], b)
		}
	}
}

// take removes an object's next booking; nil when there is none.
func (all bookings) take(id ident.ID) *booking {
	left := all[id]
	if len(left) == 0 {
		return nil
	}
	if all[id] = left[1:]; len(left) == 1 {
		delete(all, id)
	}
	return left[0]
}

// move is a booking of one amount from one account to another, of no payment.
func move(kind ledger.Kind, user int64, a money.Amount, from, to ledger.Name) *booking {
	return &booking{
		kind: kind, user: user, currency: a.Currency, minor: map[ledger.Name]int64{from: -a.Minor, to: a.Minor},
	}
}

// of makes it a payment's.
func (b *booking) of(p payment.Payment) *booking {
	b.payment = p.ID
	return b
}

// checkBooking holds a transaction against what must be booked of its object.
func (a *auditor) checkBooking(t ledger.Transaction, want *booking) {
	got := map[ledger.Name]int64{}
	for _, e := range t.Entries {
		got[e.Account.Name] += e.Minor
		if e.Account.Currency != want.currency {
			a.fail("a transaction of %x is in %s", t.Object, e.Account.Currency)
		}
	}
	maps.DeleteFunc(got, func(_ ledger.Name, minor int64) bool { return minor == 0 })
	switch {
	case t.Payment != want.payment || t.UserID != want.user || t.Kind != want.kind:
		a.fail("a transaction of %x is a %s of user %d, or of another payment", t.Object, t.Kind, t.UserID)
	case !maps.Equal(got, want.minor):
		a.fail("the %s of %x books %v; it should be %v", t.Kind, t.Object, got, want.minor)
	}
}
