package sim

import (
	"fmt"

	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
)

// settlementScope is where a gateway's references are claimed.
const settlementScope = "settlements of "

// settlementValues are what a settlement may not differ in when it is told again.
type settlementValues struct {
	amount money.Amount
	fee    int64
}

// settlementRecord is what the auditor knows of a settlement.
type settlementRecord struct {
	id     ident.ID
	values settlementValues
	seq    int64 // of the commit that made it
}

// settlementName is what makes a settlement one.
type settlementName struct{ gateway, reference string }

func (v settlementValues) digest() [16]byte {
	digest := fakeVault{}.Digest(fmt.Appendf(nil, "%s less %d", v.amount, v.fee))
	return [16]byte(digest[:16])
}

// takeSettlement takes a settlement whose reference was claimed: one of those that
// were asked for under it. It returns what it must book.
func (a *auditor) takeSettlement(c store.Claim) *booking {
	name := settlementName{c.Scope[len(settlementScope):], c.Key}
	if a.settlements[name] != nil || c.UserID != 0 {
		a.fail("settlement %s of %s is booked twice", name.reference, name.gateway)
	}
	for _, v := range a.settling[name] {
		if v.digest() != c.Digest {
			continue
		}
		a.settlements[name] = &settlementRecord{id: c.Object, values: v, seq: a.seq}
		a.objects[c.Object] = ident.Transaction
		b := move(ledger.KindSettlement, 0, v.amount, ledger.Receivable(name.gateway), ledger.Bank)
		// The receivable is a debt to us: what was paid is credited to it.
		b.minor = map[ledger.Name]int64{ledger.Receivable(name.gateway): v.amount.Minor}
		if net := v.amount.Minor - v.fee; net > 0 {
			b.minor[ledger.Bank] = -net
		}
		if v.fee > 0 {
			b.minor[ledger.Fees(name.gateway)] = -v.fee
		}
		return b
	}
	a.fail("settlement %s of %s is none that anybody asked for", name.reference, name.gateway)
	return nil
}

// toldSettlement holds an answer against the books: there is one for a reference,
// and it is told alike.
func (a *auditor) toldSettlement(r *request, got ledger.Settlement, replayed bool) {
	record := a.settlements[r.settlement()]
	if record == nil {
		a.fail("%s is told of a settlement that is not durable", r)
		return
	}
	v := settlementValues{got.Amount, got.FeeMinor}
	if got.ID != record.id || got.Gateway != r.method || got.Reference != r.name || v != record.values ||
		v != r.settles() || got.NetMinor() != v.amount.Minor-v.fee {
		a.fail("%s is told %+v; it is %+v", r, got, *record)
	}
	a.w.count("told settlement")
	if replayed {
		a.w.count("told settlement again")
	}
}

func (r *request) settlement() settlementName { return settlementName{r.method, r.name} }

func (r *request) settles() settlementValues { return settlementValues{r.amount, r.minor} }

// resettled tells whether a settlement's reference was used with other values.
func (a *auditor) resettled(r *request) bool {
	record := a.settlements[r.settlement()]
	return r.kind == settle && record != nil && record.values != r.settles()
}

// unsettleable tells whether a field of a settlement is wrong.
func (r *request) unsettleable() bool {
	return r.method == nowhere || r.amount.Minor <= 0 || r.minor < 0 || r.minor > r.amount.Minor
}

// checkSettlements takes what a gateway has paid out from what it owes.
func (a *auditor) checkSettlements(p *provider, receivable map[money.Currency]int64) {
	for name, record := range a.settlements {
		if name.gateway == p.Name() {
			receivable[record.values.amount.Currency] -= record.values.amount.Minor
		}
	}
}

// nowhere is a gateway's name that is not configured.
const nowhere = "gamma"

// settle books what a gateway has paid out: some with an earlier reference, which
// may be another gateway's too.
func (l *workload) settle(r *request) {
	r.kind, r.user, r.scope = settle, 0, root+"settlements"
	r.method, r.name = pick(l.dice, "alpha", "beta"), "s"+r.description()
	r.amount = money.Amount{Minor: 1 + l.dice.Int64N(20_000), Currency: l.currency()}
	r.minor = pick(l.dice, 0, l.dice.Int64N(r.amount.Minor), r.amount.Minor)
	switch {
	case l.dice.hit(0.2):
		r.name = pick(l.dice, "one", "two", "three")
	case l.dice.hit(0.02):
		r.method = nowhere
	case l.dice.hit(0.02):
		r.minor = r.amount.Minor + 1
	}
	l.keyed(r)
	l.askedToSettle(r)
}

// askedToSettle lets the auditor know what is wanted under a reference.
func (l *workload) askedToSettle(r *request) {
	name := r.settlement()
	l.w.audit.settling[name] = append(l.w.audit.settling[name], r.settles())
}

func (r *request) settlingWith() flow.RecordSettlement {
	return flow.RecordSettlement{
		Gateway: r.method, Reference: r.name, Amount: r.amount, FeeMinor: r.minor, Idempotency: r.idempotency(),
	}
}
