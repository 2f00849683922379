package audit

import (
	"fmt"
	"slices"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
)

// history is an account's entries as far as they were read.
type history struct {
	sum     money.Sum
	stated  money.Sum // by the last entry
	seq     int64
	entries int64
	// early are entries that came before their turn, by seq: several processes
	// may write to one account, and ids are not ordered between them.
	early map[int64]ledger.Entry
	row   bool // the account's own row was seen
}

// transaction takes a ledger transaction with its entries.
func (s *shard) transaction(t ledger.Transaction) error {
	s.row(t.ID)
	s.totals.Transactions++
	s.totals.Entries += int64(len(t.Entries))
	s.placed(ident.Transaction, t.ID, t.UserID)
	s.check(Balanced)
	broken := t.Check()
	if broken != nil {
		s.fail(Balanced, ident.Transaction, t.ID, "%v", broken)
	}
	for i := range t.Entries {
		s.placeEntry(t, t.Entries[i])
		s.entry(t.Entries[i])
		s.clear(t.Entries[i])
	}
	if !s.bookTransfer(t, broken == nil) {
		s.book(t, broken == nil)
	}
	return nil
}

// placeEntry checks that an entry's account lies on the shard.
func (s *shard) placeEntry(t ledger.Transaction, e ledger.Entry) {
	s.check(Placed)
	user, ok := e.Account.Name.UserID()
	switch {
	case ok && ident.Shard(user, s.shards) != s.number:
		s.fail(Placed, ident.Entry, e.ID, "is of %s, on shard %d", e.Account.Name, s.number)
	case e.ID.Bucket() != ident.Bucket(t.UserID):
		s.fail(Placed, ident.Entry, e.ID, "is user %d's and has the bucket %d in its id", t.UserID, e.ID.Bucket())
	}
}

// entry adds an entry to its account's history.
func (s *shard) entry(e ledger.Entry) {
	h := s.accounts[e.Account]
	if h == nil {
		h = &history{}
		s.accounts[e.Account] = h
	}
	if e.Seq > h.seq+1 {
		if h.early == nil {
			h.early = map[int64]ledger.Entry{}
		}
		if _, twice := h.early[e.Seq]; !twice {
			h.early[e.Seq] = e
			return
		}
	}
	if e.Seq != h.seq+1 {
		s.fail(Balanced, ident.Entry, e.ID, "is number %d of %s a second time", e.Seq, e.Account.Name)
		h.take(e)
		return
	}
	s.next(h, e)
	for len(h.early) > 0 {
		e, ok := h.early[h.seq+1]
		if !ok {
			return
		}
		delete(h.early, e.Seq)
		s.next(h, e)
	}
}

// next takes the entry whose turn it is. Its balance follows from the one before
// it or from all before it, so that one fault is told once.
func (s *shard) next(h *history, e ledger.Entry) {
	stated, err := h.stated.Add(e.Minor)
	before := h.sum
	h.take(e)
	if err != nil || e.Balance != stated && e.Balance != h.sum {
		s.fail(Balanced, ident.Entry, e.ID, "leaves %s on %s, where %d on %s make %s",
			e.Balance, e.Account.Name, e.Minor, before, h.sum)
	}
	h.stated, h.seq = e.Balance, e.Seq
}

// take counts an entry. A sum beyond its type stays, and is found to be wrong.
func (h *history) take(e ledger.Entry) {
	h.entries++
	if sum, err := h.sum.Add(e.Minor); err == nil {
		h.sum = sum
	}
}

// book finds the capture, refund or dispute that a transaction books.
func (s *shard) book(t ledger.Transaction, proper bool) {
	s.check(Booked)
	if s.move(t, proper) {
		return
	}
	b := s.bookings.one(&s.bookingAt, t.Object)
	switch {
	case b == nil || t.Kind.Books() != kinds[b.kind]:
		s.fail(Booked, ident.Transaction, t.ID, "is a %s of nothing that the store has", t.Kind)
	case b.found&postOf(t.Kind) != 0:
		s.fail(Booked, ident.Transaction, t.ID, "books %s a second time", t.Object.Text(kinds[b.kind]))
	case b.due&postOf(t.Kind) == 0:
		s.fail(Booked, ident.Transaction, t.ID, "books the %s of %s, which does not say so", t.Kind,
			t.Object.Text(kinds[b.kind]))
	case t.Payment != b.payment:
		s.fail(Booked, ident.Transaction, t.ID, "names another payment than %s", b.payment.Text(ident.Payment))
	case t.UserID != b.user:
		s.fail(Booked, ident.Transaction, t.ID, "is user %d's, and %s user %d's", t.UserID,
			t.Object.Text(kinds[b.kind]), b.user)
	case proper:
		if wrong := s.misbooked(t, b); wrong != "" {
			s.fail(Booked, ident.Transaction, t.ID, "%s", wrong)
		}
	}
	if b != nil {
		b.found |= postOf(t.Kind)
	}
}

// misbooked says what is wrong with a transaction's entries; "" when nothing is.
func (s *shard) misbooked(t ledger.Transaction, b *booking) string {
	postings := s.postings(t.Kind, b)
	if len(postings) == 1 && len(t.Entries) == 2 && code(t.Entries[0].Account.Currency) == b.currency {
		p, first, second := postings[0], t.Entries[0], t.Entries[1]
		if first.Account.Name != p.Debit {
			first, second = second, first
		}
		if first.Account.Name == p.Debit && second.Account.Name == p.Credit && second.Minor == p.Amount.Minor {
			return "" // nearly all of them
		}
	}
	return otherwise(t, postings...)
}

// otherwise says how a transaction's entries are others than those of postings,
// in whatever order; "" when they are the same.
func otherwise(t ledger.Transaction, postings ...ledger.Posting) string {
	want := ledger.NewTransaction(t.Kind, t.UserID, t.Object, t.Payment, postings...).Entries
	if len(t.Entries) != len(want) {
		return fmt.Sprintf("has %d entries where this %s has %d", len(t.Entries), t.Kind, len(want))
	}
	for _, e := range t.Entries {
		e.Account.Slot = 0
		i := slices.IndexFunc(want, func(w ledger.Entry) bool { return w.Account == e.Account && w.Minor == e.Minor })
		if i < 0 {
			return fmt.Sprintf("books %d %s to %s, which this %s does not", e.Minor, e.Account.Currency,
				e.Account.Name, t.Kind)
		}
		want = slices.Delete(want, i, i+1)
	}
	return ""
}

// postings are what a kind of transaction must book.
func (s *shard) postings(kind ledger.Kind, b *booking) []ledger.Posting {
	source, proceeds := s.receivables[b.gateway], ledger.Sales
	if source == ledger.Receivable(payment.Wallet) {
		source = ledger.Wallet(b.user)
	}
	if b.topUp {
		proceeds = ledger.Wallet(b.user)
	}
	post := func(debit, credit ledger.Name, minor int64) ledger.Posting {
		return ledger.Posting{
			Debit: debit, Credit: credit, Amount: money.Amount{Minor: minor, Currency: money.Currency(b.currency[:])},
		}
	}
	var postings []ledger.Posting
	switch {
	case kind == ledger.KindCapture, kind == ledger.KindRefundFailed:
		return append(postings, post(source, proceeds, b.minor))
	case kind == ledger.KindRefund && b.topUp: // what was set aside goes through the wallet
		postings = append(postings, post(ledger.Held(b.user), proceeds, b.minor))
		return append(postings, post(proceeds, source, b.minor))
	case kind == ledger.KindRefund:
		return append(postings, post(proceeds, source, b.minor))
	case kind == ledger.KindDisputeOpened && b.topUp:
		postings = []ledger.Posting{post(proceeds, source, b.part), post(ledger.Losses, source, b.minor-b.part)}
	case kind == ledger.KindDisputeOpened:
		return append(postings, post(ledger.Disputes, source, b.minor))
	case kind == ledger.KindDisputeWon && b.topUp:
		postings = []ledger.Posting{post(source, proceeds, b.part), post(source, ledger.Losses, b.minor-b.part)}
	case kind == ledger.KindDisputeWon:
		return append(postings, post(source, ledger.Disputes, b.minor))
	default:
		return append(postings, post(ledger.Losses, ledger.Disputes, b.minor))
	}
	return slices.DeleteFunc(postings, func(p ledger.Posting) bool { return p.Amount.Minor == 0 })
}

// unbooked names the captures, refunds and disputes that the ledger does not hold.
func (s *shard) unbooked() {
	s.bookings.all(func(id ident.ID, b *booking) {
		if s.mayBeGone(id) {
			return
		}
		for i, kind := range postKinds {
			if missing := b.due &^ b.found; missing&(1<<i) != 0 {
				s.fail(Booked, kinds[b.kind], id, "its %s is not in the ledger", kind)
			}
		}
	})
}

// account takes an account's own row.
func (s *shard) account(a ledger.Account) error {
	s.totals.Accounts++
	s.check(Summed)
	name := fmt.Sprintf("%s %s, slot %d", a.Name, a.Currency, a.Slot)
	user, isUsers := a.Name.UserID()
	if isUsers {
		s.check(Placed)
		s.check(NotNegative)
		if ident.Shard(user, s.shards) != s.number {
			s.failNamed(Placed, name, "is user %d's and lies on shard %d", user, s.number)
		}
	}
	h := s.accounts[a.Key]
	if h == nil {
		h = &history{}
		s.accounts[a.Key] = h
	}
	h.row = true
	s.checkHeld(a, name)
	switch {
	case isUsers && a.Balance.Negative():
		s.failNamed(NotNegative, name, "is %s", a.Balance)
	case len(h.early) > 0: // a gap, which unaccounted tells
	case a.Balance != h.sum:
		s.failNamed(Summed, name, "is %s, its entries make %s", a.Balance, h.sum)
	case a.Seq != h.entries:
		s.failNamed(Summed, name, "has seq %d and %d entries", a.Seq, h.entries)
	}
	return nil
}

// unaccounted names the accounts that have entries and no row, and those whose
// history has gaps.
func (s *shard) unaccounted() {
	for key, h := range s.accounts {
		name := fmt.Sprintf("%s %s, slot %d", key.Name, key.Currency, key.Slot)
		if !h.row {
			s.failNamed(Summed, name, "has entries and no balance")
		}
		if len(h.early) > 0 {
			s.failNamed(Balanced, name, "has no entry number %d, but %d later ones", h.seq+1, len(h.early))
		}
	}
}
