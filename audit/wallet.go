package audit

import (
	"strings"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/wallet"
)

// move is what is kept of a hold, a payout or a top-up's refund: the kinds of
// transactions that the ledger must have of it, and those that were seen.
type move struct {
	user, minor, captured int64
	currency              [3]byte
	kind                  kind
	due, found            moves
	payment               ident.ID
}

// moves is a set of kinds of transactions, a bit each.
type moves uint8

var moveBits = map[ledger.Kind]moves{
	ledger.KindHoldPlaced: 1, ledger.KindHoldCaptured: 2, ledger.KindHoldReleased: 4, ledger.KindPayout: 8,
	ledger.KindRefundReserved: 16, ledger.KindRefundReleased: 32,
}

// heldSum is what a held account must have.
type heldSum struct {
	sum  money.Sum
	seen bool
}

// hold takes a hold.
func (s *shard) hold(h wallet.Hold) error {
	s.row(h.ID)
	s.placed(ident.Hold, h.ID, h.UserID)
	s.check(Consistent)
	err := h.Check()
	s.objects.add(h.ID, object{
		user: h.UserID, version: int32(h.Version), kind: holdKind, last: holdTypes[h.Status].unlessBroken(err),
	})
	if err != nil {
		s.fail(Consistent, ident.Hold, h.ID, "%v", err)
	}
	due := moveBits[ledger.KindHoldPlaced]
	switch h.Status {
	case wallet.HoldActive:
		s.hasHeld(h.UserID, h.Amount)
	case wallet.HoldCaptured:
		due |= moveBits[ledger.KindHoldCaptured]
	case wallet.HoldReleased, wallet.HoldExpired:
		due |= moveBits[ledger.KindHoldReleased]
	}
	s.moves.add(h.ID, move{
		user: h.UserID, minor: h.Amount.Minor, captured: h.CapturedMinor, currency: code(h.Amount.Currency),
		kind: holdKind, due: due,
	})
	return nil
}

// payout takes a payout.
func (s *shard) payout(p wallet.Payout) error {
	s.row(p.ID)
	s.placed(ident.Payout, p.ID, p.UserID)
	s.objects.add(p.ID, object{user: p.UserID, version: int32(p.Version), kind: payoutKind, last: everyType})
	s.check(Consistent)
	if err := p.Check(); err != nil {
		s.fail(Consistent, ident.Payout, p.ID, "%v", err)
	}
	s.moves.add(p.ID, move{
		user: p.UserID, minor: p.Amount.Minor, currency: code(p.Amount.Currency), kind: payoutKind,
		due: moveBits[ledger.KindPayout],
	})
	return nil
}

// keepTopUpRefund remembers what a top-up's refund has set aside.
func (s *shard) keepTopUpRefund(p payment.Payment, r payment.Refund) {
	if p.Purpose != payment.WalletTopUp {
		return
	}
	due := moveBits[ledger.KindRefundReserved]
	switch r.Status {
	case payment.OperationPending:
		s.hasHeld(p.UserID, r.Amount)
	case payment.OperationFailed:
		if !r.FailedLater() {
			due |= moveBits[ledger.KindRefundReleased]
		}
	case payment.OperationSucceeded:
	}
	s.moves.add(r.ID, move{
		user: p.UserID, minor: r.Amount.Minor, currency: code(r.Amount.Currency), kind: refundKind, due: due,
		payment: p.ID,
	})
}

// hasHeld adds to what a user's held account must have.
func (s *shard) hasHeld(userID int64, amount money.Amount) {
	key := ledger.Key{Name: ledger.Held(userID), Currency: amount.Currency}
	h := s.held[key]
	if h == nil {
		h = &heldSum{}
		s.held[key] = h
	}
	if sum, err := h.sum.Add(amount.Minor); err == nil {
		h.sum = sum
	}
}

// move finds what a transaction of a wallet books, and tells whether it is one.
func (s *shard) move(t ledger.Transaction, proper bool) bool {
	switch t.Kind {
	case ledger.KindAdjustment:
		s.adjustment(t, proper)
		return true
	case ledger.KindSettlement:
		s.settlement(t)
		return true
	default: // it books an object, which has a row
	}
	bit := moveBits[t.Kind]
	if bit == 0 {
		return false
	}
	m := s.moves.one(&s.moveAt, t.Object)
	if m == nil || t.Kind.Books() != kinds[m.kind] {
		s.fail(Booked, ident.Transaction, t.ID, "is a %s of nothing that the store has", t.Kind)
		return true
	}
	name := t.Object.Text(kinds[m.kind])
	switch {
	case m.found&bit != 0:
		s.fail(Booked, ident.Transaction, t.ID, "is the second %s of %s", t.Kind, name)
	case m.due&bit == 0:
		s.fail(Booked, ident.Transaction, t.ID, "is a %s of %s, which was none", t.Kind, name)
	case t.Payment != m.payment:
		s.fail(Booked, ident.Transaction, t.ID, "names another payment than %s does", name)
	case t.UserID != m.user:
		s.fail(Booked, ident.Transaction, t.ID, "is user %d's, and %s user %d's", t.UserID, name, m.user)
	case proper:
		if wrong := otherwise(t, m.postings(t.Kind)...); wrong != "" {
			s.fail(Booked, ident.Transaction, t.ID, "%s", wrong)
		}
	}
	m.found |= bit
	return true
}

// postings returns what a transaction of a kind moves.
func (m *move) postings(kind ledger.Kind) []ledger.Posting {
	part := func(minor int64) money.Amount {
		return money.Amount{Minor: minor, Currency: money.Currency(m.currency[:])}
	}
	all, own, held := part(m.minor), ledger.Wallet(m.user), ledger.Held(m.user)
	switch kind {
	case ledger.KindHoldPlaced, ledger.KindRefundReserved:
		return []ledger.Posting{{Debit: own, Credit: held, Amount: all}}
	case ledger.KindHoldReleased, ledger.KindRefundReleased:
		return []ledger.Posting{{Debit: held, Credit: own, Amount: all}}
	case ledger.KindPayout:
		return []ledger.Posting{{Debit: own, Credit: ledger.Payouts, Amount: all}}
	default: // a hold's capture
	}
	captured := []ledger.Posting{{Debit: held, Credit: ledger.Sales, Amount: part(m.captured)}}
	if m.captured < m.minor {
		captured = append(captured, ledger.Posting{Debit: held, Credit: own, Amount: part(m.minor - m.captured)})
	}
	return captured
}

// adjustment takes an adjustment, which is its transaction: an object of one
// version, between the adjustments and its user's wallet.
func (s *shard) adjustment(t ledger.Transaction, proper bool) {
	o := object{user: t.UserID, version: 1, kind: adjustmentKind, last: everyType}
	if known, closed := s.adjusted[t.ID]; closed { // its event is gone, and it is not
		o.closed = known.closed
		delete(s.adjusted, t.ID)
	}
	s.objects.add(t.ID, o)
	switch {
	case t.Object != t.ID || !t.Payment.IsZero():
		s.fail(Booked, ident.Transaction, t.ID, "is an adjustment and books something else")
	case !proper:
	case len(t.Entries) != 2:
		s.fail(Booked, ident.Transaction, t.ID, "has %d entries where an adjustment has two", len(t.Entries))
	default:
		a, b := t.Entries[0].Account.Name, t.Entries[1].Account.Name
		if own := ledger.Wallet(t.UserID); (a != own || b != ledger.Adjustments) && (a != ledger.Adjustments || b != own) {
			s.fail(Booked, ident.Transaction, t.ID, "moves money between %s and %s", a, b)
		}
	}
}

// settlement takes a settlement, which is its transaction: from one gateway's
// receivable to the bank and that gateway's fees.
func (s *shard) settlement(t ledger.Transaction) {
	s.objects.add(t.ID, object{user: t.UserID, kind: settlementKind})
	if t.Object != t.ID || !t.Payment.IsZero() || t.UserID != 0 {
		s.fail(Booked, ident.Transaction, t.ID, "is a settlement and books something else")
	}
	gateway := ""
	for _, e := range t.Entries {
		if name, ok := strings.CutPrefix(string(e.Account.Name), "gateway:"); ok {
			gateway, _ = strings.CutSuffix(name, ":receivable")
		}
	}
	for _, e := range t.Entries {
		name, paid := e.Account.Name, e.Minor < 0
		if paid != (name == ledger.Bank || name == ledger.Fees(gateway)) || !paid && name != ledger.Receivable(gateway) {
			s.fail(Booked, ident.Transaction, t.ID, "is a settlement of %s and books %d to %s", gateway, e.Minor, name)
		}
	}
}

// unmoved names the holds, payouts and refunds that the ledger does not hold, and
// the held accounts that are missing.
func (s *shard) unmoved() {
	s.moves.all(func(id ident.ID, m *move) {
		if s.mayBeGone(id) {
			return
		}
		for kind, bit := range moveBits {
			if m.due&^m.found&bit != 0 {
				s.fail(Booked, kinds[m.kind], id, "has no %s in the ledger", kind)
			}
		}
	})
	for key, h := range s.held {
		if !h.seen {
			s.failNamed(Held, string(key.Name)+" "+string(key.Currency), "is missing, and must have %s", h.sum)
		}
	}
}

// checkHeld holds a held account against the holds and refunds.
func (s *shard) checkHeld(a ledger.Account, name string) {
	if _, ofUser := a.Name.UserID(); !ofUser || !strings.HasSuffix(string(a.Name), ":held") {
		return
	}
	s.check(Held)
	want := money.Sum{}
	if h := s.held[a.Key]; h != nil {
		h.seen = true
		want = h.sum
	}
	if a.Balance != want {
		s.failNamed(Held, name, "is %s, its holds and refunds under way make %s", a.Balance, want)
	}
}
