package storetest

import (
	"cmp"
	"math"
	"slices"
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/store"
)

var reportCases = map[string]func(*fixture){
	"figures": reportFigures,
	"empty": func(f *fixture) {
		rows, err := f.store.Reports(f.ctx, 0, store.ReportQuery{From: f.now.AddDate(0, 0, -1), To: f.now.AddDate(0, 0, 1)})
		f.check(err)
		same(f, rows, nil)
	},
}

// reported is what a report tells of some rows that are alike.
func reported(f *fixture, day int, row store.ReportRow, sum int64, more ...int64) store.ReportRow {
	row.Day = f.now.Truncate(24*time.Hour).AddDate(0, 0, day)
	row.Sum = money.NewSum(sum)
	for _, v := range more {
		var err error
		row.Sum, err = row.Sum.Add(v)
		f.check(err)
	}
	return row
}

// reportFigures holds a report against known figures, sums beyond 64 bits among
// them.
func reportFigures(f *fixture) {
	user := f.user(0, 1)
	midnight := f.now.Truncate(24 * time.Hour)
	const most = math.MaxInt64 / 2
	changes := store.Changes{}
	add := func(at time.Time, currency money.Currency, gateway string, state payment.State) payment.Payment {
		p := f.payment(user)
		p.ID = f.idAt(user, at)
		state.Version, state.Gateway = 1, gateway
		p.Amount, p.State = money.Amount{Minor: most, Currency: currency}, state
		changes.Payments = append(changes.Payments, fresh(p)...)
		return p
	}
	succeeded := payment.State{Status: payment.Succeeded, CapturedMinor: most}
	declined := payment.State{Status: payment.Declined, Reason: "generic_decline"}
	var paid payment.Payment
	for range 5 {
		paid = add(midnight, "EUR", "first", succeeded)
	}
	add(midnight.Add(-time.Millisecond), "EUR", "first", succeeded) // the day before
	add(midnight.Add(-2*24*time.Hour), "EUR", "first", succeeded)   // before the report
	add(midnight.Add(24*time.Hour), "EUR", "first", succeeded)      // behind it
	add(midnight.Add(time.Hour), "JPY", "first", succeeded)
	add(midnight.Add(time.Hour), "EUR", "second", declined)
	add(midnight.Add(time.Hour), "EUR", "second", declined)
	add(midnight.Add(time.Hour), "EUR", "", payment.State{Status: payment.Declined, Reason: "FRAUD_DETECTED"})
	for i, status := range []payment.OperationStatus{
		payment.OperationSucceeded, payment.OperationPending, payment.OperationFailed, payment.OperationSucceeded,
	} {
		r := f.refund(paid, payment.Attempt{ID: f.ids.New(user)}, most-int64(i))
		r.ID, r.Status = f.idAt(user, midnight.Add(time.Hour)), status
		changes.Refunds = append(changes.Refunds, fresh(r)...)
	}
	f.commit(0, changes)
	rows, err := f.store.Reports(f.ctx, 0, store.ReportQuery{
		From: midnight.AddDate(0, 0, -1), To: midnight.AddDate(0, 0, 1).Add(-time.Microsecond),
	})
	f.check(err)
	slices.SortFunc(rows, func(a, b store.ReportRow) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.Currency, b.Currency),
			cmp.Compare(a.Status, b.Status))
	})
	good := store.ReportRow{Gateway: "first", Currency: "EUR", Status: payment.Succeeded, Count: 1}
	five, yen, refunds := good, good, good
	five.Count, yen.Currency = 5, "JPY"
	refunds.Refunds, refunds.Status, refunds.Count, refunds.Gateway = true, "", 2, "simulated"
	same(f, rows, []store.ReportRow{
		reported(f, -1, good, most),
		reported(f, 0, store.ReportRow{
			Currency: "EUR", Status: payment.Declined, Reason: "FRAUD_DETECTED", Count: 1,
		}, 0),
		reported(f, 0, five, most, most, most, most, most),
		reported(f, 0, yen, most),
		reported(f, 0, store.ReportRow{
			Gateway: "second", Currency: "EUR", Status: payment.Declined, Reason: "generic_decline", Count: 2,
		}, 0),
		reported(f, 0, refunds, most, most-3),
	})
}

// idAt returns an id that was issued at a time.
func (f *fixture) idAt(userID int64, at time.Time) ident.ID {
	id := f.ids.New(userID)
	return ident.FromHalves(ident.First(at).High()|id.High()&0xfff, id.Low())
}
