package sim

import (
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// adjustmentScope is where adjustments' own names are claimed.
const adjustmentScope = "wallet adjustments"

// adjustmentRecord is what the auditor knows of an adjustment.
type adjustmentRecord struct {
	id      ident.ID
	amount  money.Amount
	seq     int64 // of the commit that made it
	balance int64 // after it
}

// adjustmentName is what makes an adjustment one.
type adjustmentName struct {
	user int64
	name string
}

// amountDigest recognises the amount that a name was used with.
func amountDigest(amount money.Amount) [16]byte {
	digest := fakeVault{}.Digest([]byte(amount.String()))
	return [16]byte(digest[:16])
}

// takeAdjustment takes an adjustment whose name was claimed: one of those that
// clients asked for under it. It returns what it must book.
func (a *auditor) takeAdjustment(c store.Claim) *booking {
	name := adjustmentName{c.UserID, c.Key}
	if a.adjustments[name] != nil {
		a.fail("adjustment %s of user %d is made twice", c.Key, c.UserID)
	}
	for _, amount := range a.asked[name] {
		if amountDigest(amount) != c.Digest {
			continue
		}
		a.adjustments[name] = &adjustmentRecord{id: c.Object, amount: amount, seq: a.seq}
		a.objects[c.Object] = ident.Transaction
		return move(ledger.KindAdjustment, c.UserID, amount, ledger.Adjustments, ledger.Wallet(c.UserID))
	}
	a.fail("adjustment %s of user %d is none that anybody asked for", c.Key, c.UserID)
	return nil
}

// booked takes an adjustment's transaction, which has its id.
func (a *auditor) bookedAdjustment(shard int, c store.Claim) {
	record := a.adjustments[adjustmentName{c.UserID, c.Key}]
	if record == nil {
		return
	}
	key := accountKey{shard, ledger.Key{Name: ledger.Wallet(c.UserID), Currency: record.amount.Currency}}
	for _, m := range a.account(key).history {
		if m.value.object == record.id {
			record.balance = m.value.balance
		}
	}
	a.checkVersion(ident.Transaction, record.id, 1)
}

// toldAdjustment holds an answer against the books: however often it is asked
// for, there is one, and it is told alike.
func (a *auditor) toldAdjustment(r *request, got wallet.Adjustment, replayed bool) {
	record := a.adjustments[adjustmentName{r.user, r.name}]
	if record == nil {
		a.fail("%s is told of an adjustment that is not durable", r)
		return
	}
	balance, _ := got.Balance.Int64()
	if got.ID != record.id || got.UserID != r.user || got.Amount != r.amount || record.amount != r.amount ||
		got.TransactionID != r.name || balance != record.balance {
		a.fail("%s is told %+v; it is %+v", r, got, *record)
	}
	a.w.count("told adjustment")
	if replayed {
		a.w.count("told adjustment again")
	}
}

// renamed tells whether an adjustment's name was used with another amount.
func (a *auditor) renamed(r *request) bool {
	record := a.adjustments[adjustmentName{r.user, r.name}]
	return r.kind == adjust && record != nil && record.amount != r.amount
}

// adjust makes an adjustment: rather up than down, and some with an earlier name.
func (l *workload) adjust(r *request) {
	r.kind, r.name = adjust, "n"+r.description()
	r.amount = money.Amount{Minor: 1 + l.dice.Int64N(20_000), Currency: l.currency()}
	if l.dice.hit(0.35) {
		r.amount.Minor = -1 - l.dice.Int64N(10_000)
	} else if l.dice.hit(0.03) {
		r.amount.Minor = 0
	}
	if l.dice.hit(0.15) {
		r.name = pick(l.dice, "first", "second", "third")
	}
	r.scope = walletScope(r.user) + "/adjustments"
	l.keyed(r)
	l.asked(r)
}

// asked lets the auditor know what a client wants under an adjustment's name.
func (l *workload) asked(r *request) {
	name := adjustmentName{r.user, r.name}
	l.w.audit.asked[name] = append(l.w.audit.asked[name], r.amount)
}
