package sim

import (
	"context"
	"reflect"
	"slices"

	"florin/event"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// check compares, at the end, the books, the store and the gateways.
func (w *world) check() {
	if w.err != nil {
		return
	}
	for shard := range w.cfg.Shards {
		snapshot, err := w.disk.Snapshot(background(), shard)
		if err != nil {
			w.fail("snapshot of shard %d: %v", shard, err)
			return
		}
		w.audit.checkShard(shard, snapshot)
	}
	for _, p := range w.providers {
		w.audit.checkGateway(p)
	}
	w.audit.checkOperations()
	w.audit.checkClearing()
	w.audit.checkHoldRows()
	w.audit.checkPayoutRows()
	w.audit.checkStored()
	w.audit.checkWallets()
	w.prove()
	w.report.Payments = len(w.audit.order)
}

// checkShard holds a shard, as it can be read, against the books.
func (a *auditor) checkShard(shard int, snapshot store.Snapshot) {
	payments, events := 0, a.events[shard]
	for _, r := range a.order {
		if r.row.ID.Shard(a.w.cfg.Shards) == shard {
			payments++
		}
	}
	check := func(err error) {
		if err != nil {
			a.fail("shard %d cannot be read: %v", shard, err)
		}
	}
	check(snapshot.Payments(background(), func(p payment.Payment) error {
		payments--
		a.checkRow(p)
		return nil
	}))
	check(snapshot.Events(background(), func(e event.Stored) error {
		at := int(e.Position) - 1
		if at < 0 || at >= len(events) || e.ID != events[at].ID || string(e.Data) != string(events[at].Data) {
			a.fail("event %d of shard %d is not the one that was committed", e.Position, shard)
		}
		return nil
	}))
	check(snapshot.Accounts(background(), func(account ledger.Account) error {
		known := a.accounts[accountKey{shard, account.Key}]
		balance, _ := account.Balance.Int64()
		if account.Seq != 0 && (known == nil || known.seq != account.Seq || known.balance != balance) {
			a.fail("account %s of shard %d has %d", account.Name, shard, balance)
		}
		return nil
	}))
	if payments != 0 {
		a.fail("shard %d has %d payments too few", shard, payments)
	}
	if latest, err := a.w.disk.LatestEvents(background(), shard, 1); err == nil {
		if len(latest) == 1 && int(latest[0].Position) != len(events) {
			a.fail("shard %d has %d events of %d", shard, latest[0].Position, len(events))
		}
	}
}

// checkRow holds a payment as it can be read against the books.
func (a *auditor) checkRow(p payment.Payment) {
	name := p.ID.Text(ident.Payment)
	r := a.payments[p.ID]
	if r == nil {
		a.fail("%s was never committed", name)
		return
	}
	byID := func(x, y payment.Attempt) int { return x.ID.Compare(y.ID) }
	attempts := slices.Clone(r.attempts)
	slices.SortFunc(attempts, byID)
	for i := range min(len(attempts), len(p.Attempts)) {
		attempts[i].AnsweredAt, attempts[i].Inquiry = p.Attempts[i].AnsweredAt, p.Attempts[i].Inquiry
	}
	switch {
	case p.State != r.row.State || p.AnsweredVersion != r.row.AnsweredVersion:
		a.fail("%s is read as %+v, and was committed as %+v", name, p.State, r.row.State)
	case !reflect.DeepEqual(p.Attempts, attempts) && len(attempts) > 0:
		a.fail("%s is read with other attempts", name)
	case len(p.Captures) != len(r.captures) || len(p.Refunds) != len(r.refunds) ||
		len(p.Disputes) != len(r.disputes):
		a.fail("%s is read with other captures, refunds or disputes", name)
	}
	for _, c := range p.Captures {
		if known := r.capture(c.ID); known == nil || captureStateOf(c) != captureStateOf(known.row) {
			a.fail("%s is read with another capture", name)
		}
	}
	for _, d := range p.Disputes {
		if known := a.disputes[d.ID]; known == nil || !reflect.DeepEqual(d, known.row) {
			a.fail("%s is read with another dispute", name)
		}
	}
	for _, f := range p.Refunds {
		if known := r.refund(f.ID); known == nil || stateOf(f) != stateOf(known.row) {
			a.fail("%s is read with another refund", name)
		}
	}
}

// atGateway is what a gateway's own entries say of a payment's charges.
type atGateway struct {
	charged, captured, returned map[ident.ID]int64 // by charge
}

// checkGateway holds a gateway's entries against the books: what the books say
// was done was done, and nothing else stands.
func (a *auditor) checkGateway(p *provider) {
	g := atGateway{map[ident.ID]int64{}, map[ident.ID]int64{}, map[ident.ID]int64{}}
	receivable := map[money.Currency]int64{}
	err := p.inner.Entries(func(e simulated.Entry) error {
		if e.Kind == simulated.KindEvidence {
			return nil
		}
		r := a.owner[e.Operation]
		if r == nil || r.row.ID != e.Payment {
			a.fail("%s has a %s %x, which is nobody's", p.Name(), e.Kind, e.Operation)
			return nil
		}
		approved := e.Outcome.Status == gateway.Approved
		if f := r.refund(e.Operation); f != nil && approved != (f.row.Status == payment.OperationSucceeded) {
			a.fail("%s has refund %x %s, and the books have it %s", p.Name(), e.Operation, e.Outcome.Status, f.row.Status)
		}
		if c := r.capture(e.Operation); c != nil && approved != (c.row.Status == payment.OperationSucceeded) {
			a.fail("%s has capture %x %s, and the books have it %s", p.Name(), e.Operation, e.Outcome.Status, c.row.Status)
		}
		if approved {
			g.take(e, r.row.CaptureMethod == payment.CaptureManual, receivable)
		}
		return nil
	})
	if err != nil {
		a.fail("%s cannot be read: %v", p.Name(), err)
	}
	for _, r := range a.order {
		for _, n := range r.attempts {
			if n.Gateway == p.Name() {
				a.checkCharge(g, r, n)
			}
		}
	}
	for key, account := range a.accounts {
		if key.Name == ledger.Receivable(p.Name()) {
			receivable[key.Currency] += account.balance
		}
	}
	a.checkCases(p, receivable)
	a.checkSettlements(p, receivable)
	if receivable["USD"] != 0 || receivable["JPY"] != 0 {
		a.fail("the books and %s differ by %d USD and %d JPY", p.Name(), receivable["USD"], receivable["JPY"])
	}
}

// take counts an approved operation. What is only authorized is owed by nobody:
// nor is it when that is voided.
func (g atGateway) take(e simulated.Entry, manual bool, receivable map[money.Currency]int64) {
	owed := e.Amount.Minor
	switch e.Kind {
	case simulated.KindCharge:
		g.charged[e.Operation] += e.Amount.Minor
		if manual {
			owed = 0
		}
	case simulated.KindCapture:
		g.captured[e.Charge] += e.Amount.Minor
	case simulated.KindVoid:
		g.returned[e.Charge] += e.Amount.Minor
		if owed = -owed; manual {
			owed = 0
		}
	default:
		g.returned[e.Charge] += e.Amount.Minor
		owed = -owed
	}
	receivable[e.Amount.Currency] += owed
}

// checkCharge holds a charge at its gateway against its attempt.
func (a *auditor) checkCharge(g atGateway, r *paymentRecord, n payment.Attempt) {
	name := n.ID.Text(ident.Attempt)
	left := g.charged[n.ID] - g.returned[n.ID]
	want := int64(0)
	if stands(n) {
		want = n.Minor - r.returned(n) - r.released(n)
		a.w.report.Charges++
	}
	if n.Reversal != nil {
		a.w.report.Reversals++
	}
	if r.row.CaptureMethod == payment.CaptureManual && stands(n) && g.captured[n.ID] != r.row.CapturedMinor {
		a.fail("%s has captured %d at its gateway; the books say %d", name, g.captured[n.ID], r.row.CapturedMinor)
	}
	if left != want || stands(n) && g.charged[n.ID] != n.Minor {
		a.fail("%s has %d of %d left at its gateway; the books say %d", name, left, g.charged[n.ID], want)
	}
}

// checkOperations checks that nothing is open any more.
func (a *auditor) checkOperations() {
	if open := a.open(); open != "" {
		a.fail("open at the end: %s", open)
	}
	for _, r := range a.order {
		a.checkPayment(r)
		a.w.report.Refunds += len(r.refunds)
	}
	for shard := range a.w.cfg.Shards {
		if n, err := a.w.disk.OpenCount(background(), shard); err != nil || n != 0 {
			a.fail("shard %d counts %d open operations: %v", shard, n, err)
		}
	}
}

// readBack reads all shards' rows of a kind, and expects as many as there must be.
func readBack[T any](
	a *auditor, what string, rows int, list func(store.Snapshot, context.Context, func(T) error) error, check func(T),
) {
	for shard := range a.w.cfg.Shards {
		snapshot, err := a.w.disk.Snapshot(background(), shard)
		if err == nil {
			err = list(snapshot, background(), func(row T) error { rows--; check(row); return nil })
		}
		if err != nil {
			a.fail("the %s of shard %d cannot be read: %v", what, shard, err)
		}
	}
	if rows != 0 {
		a.fail("%d %s cannot be read", rows, what)
	}
}
