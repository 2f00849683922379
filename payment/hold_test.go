package payment_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/problem"
)

// decide runs a command and holds its decision.
func (tr *trial) decide(title string, s step) {
	tr.t.Helper()
	tr.t.Logf("%s", title)
	given, kept := clone(tr.p), clone(tr.p)
	changes, err := s(given)
	if diff := differ(kept, given); diff != "" {
		tr.t.Fatalf("the decision changed its input:\n%s", diff)
	}
	if err != nil {
		tr.holdRefusal(changes, err)
		return
	}
	tr.rival(given, changes.Payment)
	before := tr.p
	tr.p = changes.Payment
	if err := tr.p.Check(); err != nil {
		tr.t.Fatalf("%v", err)
	}
	tr.holdEvents(before, changes)
	tr.holdRows(before, changes)
	tr.holdLedger(changes)
	tr.holdSums()
	tr.holdStatus(before)
	tr.holdAnswer()
}

func (tr *trial) holdRefusal(changes payment.Changes, err error) {
	tr.t.Helper()
	var refusal *problem.Problem
	if !errors.As(err, &refusal) || refusal.Code.Status() == 500 || refusal.Detail == "" {
		tr.t.Fatalf("refused with %v", err)
	}
	if diff := differ(payment.Changes{}, changes); diff != "" {
		tr.t.Fatalf("refused with %v, and yet there are changes:\n%s", err, diff)
	}
}

// rival decides another command on the same input: what the first one returned
// must not be touched by it.
func (tr *trial) rival(given, first payment.Payment) {
	tr.t.Helper()
	kept := clone(first)
	title, s, _ := tr.draw()
	_, _ = s(given)
	if diff := differ(kept, first); diff != "" {
		tr.t.Fatalf("deciding %s on the same payment changed the first decision:\n%s", title, diff)
	}
}

// twice decides an outcome once more: only asking is counted twice.
func (tr *trial) twice(title string, s step) {
	tr.t.Helper()
	before := clone(tr.p)
	changes, err := s(tr.p)
	if err != nil {
		return // refused as it was before, for there is no such attempt
	}
	for i, a := range changes.Payment.Attempts {
		before.Attempts[i].Inquiry.Count = a.Inquiry.Count
	}
	for i, c := range changes.Payment.Captures {
		before.Captures[i].Inquiry.Count = c.Inquiry.Count
	}
	for i, r := range changes.Payment.Refunds {
		before.Refunds[i].Inquiry.Count = r.Inquiry.Count
	}
	if diff := differ(before, changes.Payment); diff != "" {
		tr.t.Fatalf("%s, decided twice, changes the payment:\n%s", title, diff)
	}
	if changes.Changed || len(changes.Events)+len(changes.Transactions) > 0 ||
		slices.ContainsFunc(changes.Captures, func(c payment.Change[payment.Capture]) bool { return c.New }) {
		tr.t.Fatalf("%s, decided twice, brings %v", title, inShort(changes, nil))
	}
}

// holdEvents: each version of each object has one event, and each event's data
// is fit to be published.
func (tr *trial) holdEvents(before payment.Payment, changes payment.Changes) {
	tr.t.Helper()
	version := before.Version
	for _, e := range changes.Events {
		key := fmt.Sprint(nameOf(e.Object), " v", e.Version)
		if tr.versions[key] {
			tr.t.Fatalf("%s has a second event, %s", key, e.Type)
		}
		tr.versions[key] = true
		tr.types[e.Type]++
		if e.Version > 1 && !tr.versions[fmt.Sprint(nameOf(e.Object), " v", e.Version-1)] {
			tr.t.Fatalf("%s has come before the version before it", key)
		}
		if e.Kind == ident.Payment {
			version++
		}
		if err := holdData(e, tr.p); err != nil {
			tr.t.Fatalf("%s: %v in %s", e.Type, err, e.Data)
		}
	}
	if tr.p.Version != version {
		tr.t.Fatalf("the payment went from v%d to v%d with %d events of its own",
			before.Version, tr.p.Version, version-before.Version)
	}
	for _, c := range tr.p.Captures {
		if !tr.versions[fmt.Sprint(nameOf(c.ID), " v", c.Version)] {
			tr.t.Fatalf("%s v%d has no event", nameOf(c.ID), c.Version)
		}
	}
	for _, r := range tr.p.Refunds {
		if !tr.versions[fmt.Sprint(nameOf(r.ID), " v", r.Version)] {
			tr.t.Fatalf("%s v%d has no event", nameOf(r.ID), r.Version)
		}
	}
	for _, d := range tr.p.Disputes {
		if !tr.versions[fmt.Sprint(nameOf(d.ID), " v", d.Version)] {
			tr.t.Fatalf("%s v%d has no event", nameOf(d.ID), d.Version)
		}
	}
}

// holdData tells what is wrong with an event of p.
func holdData(e event.Event, p payment.Payment) error {
	var data struct {
		ID, Object, Status, Payment, Currency string
		UserID                                int64 `json:"user_id"`
		Amount                                int64
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return err
	}
	objects := map[ident.Kind]string{
		ident.Payment: "payment", ident.Capture: "capture", ident.Refund: "refund",
		ident.Dispute: "dispute",
	}
	paymentID := p.ID.Text(ident.Payment)
	switch {
	case data.ID != e.Object.Text(e.Kind) || data.Object != objects[e.Kind] ||
		!strings.HasPrefix(string(e.Type), data.Object+"."):
		return fmt.Errorf("the object %s", e.Object.Text(e.Kind))
	case (e.Kind == ident.Payment) != (data.Payment == "") || (e.Kind != ident.Payment && data.Payment != paymentID):
		return fmt.Errorf("the payment %s", paymentID)
	case e.UserID != userID || data.UserID != userID:
		return fmt.Errorf("the user %d", e.UserID)
	case data.Amount <= 0 || data.Amount > p.Amount.Minor || data.Currency != string(p.Amount.Currency):
		return fmt.Errorf("the amount of %s", p.Amount)
	case data.Status == "" || e.Version < 1 || !e.ID.IsZero():
		return fmt.Errorf("the status %q, version %d or id", data.Status, e.Version)
	case strings.Contains(string(e.Data), marker) || strings.Contains(string(e.Data), "pm_card"):
		return fmt.Errorf("something personal")
	}
	return nil
}

// holdRows: what is written, and nothing else, makes the new payment.
func (tr *trial) holdRows(before payment.Payment, changes payment.Changes) {
	tr.t.Helper()
	rows := clone(tr.rows)
	switch {
	case changes.New:
		rows = clone(tr.p)
		rows.Attempts, rows.Captures, rows.Refunds, rows.Disputes = nil, nil, nil, nil
	case changes.Changed:
		rows.State, rows.Answered, rows.AnsweredVersion = tr.p.State, tr.p.Answered, tr.p.AnsweredVersion
	}
	write(tr, &rows.Attempts, changes.Attempts, func(a payment.Attempt) ident.ID { return a.ID })
	write(tr, &rows.Captures, changes.Captures, func(c payment.Capture) ident.ID { return c.ID })
	write(tr, &rows.Refunds, changes.Refunds, func(r payment.Refund) ident.ID { return r.ID })
	write(tr, &rows.Disputes, changes.Disputes, func(d payment.Dispute) ident.ID { return d.ID })
	if diff := differ(tr.p, rows); diff != "" {
		tr.t.Fatalf("the payment (-) and its rows (+) differ:\n%s", diff)
	}
	if changes.Changed && tr.p.State == before.State {
		tr.t.Fatalf("a row is written that did not change")
	}
	tr.rows = rows
}

func write[T any](tr *trial, rows *[]T, changes []payment.Change[T], idOf func(T) ident.ID) {
	tr.t.Helper()
	for _, c := range changes {
		i := slices.IndexFunc(*rows, func(row T) bool { return idOf(row) == idOf(c.Value) })
		switch {
		case c.New != (i < 0):
			tr.t.Fatalf("%s is written as new: %v", nameOf(idOf(c.Value)), c.New)
		case c.New:
			*rows = append(*rows, c.Value)
		default:
			(*rows)[i] = c.Value
		}
	}
}

// posting is what is booked once at most.
type posting struct {
	object ident.ID
	kind   ledger.Kind
}

// holdLedger: postings balance, book an object of this payment once, and their
// net is what was captured and not given back.
func (tr *trial) holdLedger(changes payment.Changes) {
	tr.t.Helper()
	for _, txn := range changes.Transactions {
		if err := txn.Check(); err != nil {
			tr.t.Fatalf("%s: %v", txn.Kind, err)
		}
		kind := txn.Kind
		if kind == ledger.KindDisputeWon { // instead of a loss
			kind = ledger.KindDisputeLost
		}
		posted := posting{txn.Object, kind}
		if txn.UserID != userID || txn.Payment != tr.p.ID || tr.posted[posted] || !txn.ID.IsZero() {
			tr.t.Fatalf("the transaction of %s is strange or the second one: %+v", nameOf(txn.Object), txn)
		}
		tr.booked[txn.Object] = kind != ledger.KindRefundFailed
		tr.posted[posted] = true
		for _, e := range txn.Entries {
			if e.Account.Currency != tr.p.Amount.Currency || e.Account.Slot != 0 {
				tr.t.Fatalf("%s has an entry in %+v", nameOf(txn.Object), e.Account)
			}
			tr.balances[e.Account.Name] += e.Minor
		}
	}
	net, owed, disputed, lost := tr.p.CapturedMinor-tr.p.RefundedMinor, int64(0), int64(0), int64(0)
	for _, d := range tr.p.Disputes {
		switch d.Status {
		case payment.DisputeNeedsResponse, payment.DisputeUnderReview:
			disputed += d.Amount.Minor
		case payment.DisputeLost:
			lost += d.Amount.Minor
		case payment.DisputeWon:
		}
	}
	for _, gateway := range gateways {
		owed -= tr.balances[ledger.Receivable(gateway)]
	}
	if tr.balances[ledger.Sales] != net || owed != net-disputed-lost || tr.balances[ledger.Disputes] != -disputed ||
		tr.balances[ledger.Losses] != -lost {
		tr.t.Fatalf("captured and not refunded %d, disputed %d, lost %d, the ledger says %v", net, disputed, lost,
			tr.balances)
	}
	if tr.p.DisputedMinor != disputed+lost {
		tr.t.Fatalf("%d disputed, its disputes say %d and %d lost", tr.p.DisputedMinor, disputed, lost)
	}
}
