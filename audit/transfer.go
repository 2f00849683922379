package audit

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// sent is what is kept of a transfer of a shard's senders.
type sent struct {
	from, to int64
	minor    int64
	details  uint32 // their hash
	currency [3]byte
	status   byte
	local    bool
	crossed  bool  // booked as one between shards, which its users' were before a copy to fewer
	booked   uint8 // transactions that took it out of the sender's wallet
	returned uint8 // and that put it back
}

// got is what is kept of a transfer that a shard received from another.
type got struct {
	from, to int64
	minor    int64
	details  uint32 // their hash
	currency [3]byte
	accepted bool
	booked   uint8
}

// The statuses in a byte; 0 is none of them.
const (
	isPending = 1 + iota
	isSucceeded
	isFailed
)

// clearing is all transfers between shards, both sides, and those of which the
// two do not agree.
type clearing struct {
	mu          sync.Mutex
	sent        index[sent]
	got         index[got]
	disagreeing []ident.ID
}

// transfers is what a shard's audit keeps of its transfers.
type transfers struct {
	sent   index[sent]
	got    index[got]
	sentAt finger
	gotAt  finger
	// cleared is what the clearing accounts hold by their entries, due what they
	// must by the transfers: what was sent to other shards and not given back,
	// less what was received.
	cleared, due map[money.Currency]money.Sum
}

func statusOf(t wallet.Transfer) byte {
	switch t.Status {
	case wallet.TransferPending:
		return isPending
	case wallet.TransferSucceeded:
		return isSucceeded
	case wallet.TransferFailed:
		return isFailed
	}
	return 0
}

// sentOf keeps a transfer as its sender's shard has it, one of so many.
func sentOf(t wallet.Transfer, shards int) sent {
	return sent{
		from: t.FromUserID, to: t.ToUserID, minor: t.Amount.Minor, currency: code(t.Amount.Currency),
		status: statusOf(t), details: hashDetails(t.Details),
		local: ident.Shard(t.ToUserID, shards) == ident.Shard(t.FromUserID, shards),
	}
}

// gotOf keeps a transfer as its receiver's shard has it.
func gotOf(t wallet.Transfer) got {
	return got{
		from: t.FromUserID, to: t.ToUserID, minor: t.Amount.Minor, currency: code(t.Amount.Currency),
		accepted: t.Status == wallet.TransferSucceeded, details: hashDetails(t.Details),
	}
}

// hashDetails hashes what the caller said of a transfer; 0 for nothing.
func hashDetails(d wallet.TransferDetails) uint32 {
	if d.IsZero() {
		return 0
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(d.Description))
	for _, key := range slices.Sorted(maps.Keys(d.Metadata)) {
		_, _ = fmt.Fprintf(hash, "\x00%s\x00%s", key, d.Metadata[key])
	}
	return hash.Sum32()
}

// transfer takes a transfer of the shard's senders.
func (s *shard) transfer(t wallet.Transfer) error {
	s.row(t.ID)
	s.totals.Transfers++
	s.placed(ident.Transfer, t.ID, t.FromUserID)
	v := sentOf(t, s.shards)
	s.transfers.sent.add(t.ID, v)
	s.check(Consistent)
	err := t.Check()
	s.objects.add(t.ID, object{
		user: t.FromUserID, version: int32(t.Version), kind: transferKind, last: transferTypes[t.Status].unlessBroken(err),
	})
	switch {
	case err != nil:
		s.fail(Consistent, ident.Transfer, t.ID, "%v", err)
	case v.status == isPending:
		s.open.Transfers++
	}
	if !v.local && v.status != isFailed {
		s.clearingDue(t.Amount.Currency, v.minor)
	}
	return nil
}

// receivedTransfer takes a transfer from another shard.
func (s *shard) receivedTransfer(t wallet.Transfer) error {
	s.check(Placed)
	if ident.Shard(t.ToUserID, s.shards) != s.number || t.ID.Bucket() != ident.Bucket(t.FromUserID) {
		s.fail(Placed, ident.Transfer, t.ID, "from user %d to %d was received by shard %d",
			t.FromUserID, t.ToUserID, s.number)
	}
	s.check(Consistent)
	if err := t.CheckReceived(); err != nil {
		s.fail(Consistent, ident.Transfer, t.ID, "was received, and is not as it must be: %v", err)
	}
	v := gotOf(t)
	s.transfers.got.add(t.ID, v)
	if v.accepted {
		s.clearingDue(t.Amount.Currency, -v.minor)
	}
	return nil
}

func (s *shard) clearingDue(c money.Currency, minor int64) {
	if sum, err := s.transfers.due[c].Add(minor); err == nil {
		s.transfers.due[c] = sum
	}
}

// clear adds an entry of a clearing account.
func (s *shard) clear(e ledger.Entry) {
	if e.Account.Name != ledger.Transfers {
		return
	}
	if sum, err := s.transfers.cleared[e.Account.Currency].Add(e.Minor); err == nil {
		s.transfers.cleared[e.Account.Currency] = sum
	}
}

// bookTransfer finds the transfer that a transaction books; false when it books
// something else.
func (s *shard) bookTransfer(t ledger.Transaction, proper bool) bool {
	var debit, credit ledger.Name
	var minor, user int64
	var currency [3]byte
	var known bool
	switch t.Kind {
	case ledger.KindTransfer, ledger.KindTransferOut, ledger.KindTransferReturn:
		v := s.transfers.sent.one(&s.transfers.sentAt, t.Object)
		if known = v != nil && (v.local || t.Kind != ledger.KindTransfer); !known {
			break
		}
		if v.local && t.Kind == ledger.KindTransferOut && !v.crossed {
			v.crossed = true
			if v.status != isFailed {
				s.clearingDue(money.Currency(v.currency[:]), v.minor)
			}
		}
		minor, currency, user = v.minor, v.currency, v.from
		debit, credit = ledger.Wallet(user), ledger.Transfers
		if t.Kind == ledger.KindTransfer {
			credit = ledger.Wallet(v.to)
		}
		if t.Kind == ledger.KindTransferReturn {
			debit, credit = credit, debit
			v.returned = min(v.returned+1, 2)
		} else {
			v.booked = min(v.booked+1, 2)
		}
	case ledger.KindTransferIn:
		v := s.transfers.got.one(&s.transfers.gotAt, t.Object)
		if known = v != nil; !known {
			break
		}
		minor, currency, user = v.minor, v.currency, v.to
		debit, credit = ledger.Transfers, ledger.Wallet(user)
		v.booked = min(v.booked+1, 2)
	default:
		return false
	}
	s.check(Cleared)
	switch {
	case !known:
		s.fail(Cleared, ident.Transaction, t.ID, "is a %s of nothing that the store has", t.Kind)
	case t.UserID != user:
		s.fail(Cleared, ident.Transaction, t.ID, "is user %d's, and books what %s does to user %d's wallet", t.UserID,
			t.Object.Text(ident.Transfer), user)
	case proper && !movesAmount(t, debit, credit, minor, currency):
		s.fail(Cleared, ident.Transaction, t.ID, "does not move %d from %s to %s, as %s does", minor, debit, credit,
			t.Object.Text(ident.Transfer))
	}
	return true
}

// movesAmount tells whether a transaction moves an amount from one account to another,
// and nothing else.
func movesAmount(t ledger.Transaction, debit, credit ledger.Name, minor int64, currency [3]byte) bool {
	if len(t.Entries) != 2 || !t.Payment.IsZero() {
		return false
	}
	a, b := t.Entries[0], t.Entries[1]
	if a.Minor > 0 {
		a, b = b, a
	}
	return a.Account.Name == debit && b.Account.Name == credit && b.Minor == minor && code(a.Account.Currency) == currency
}

// uncleared names the transfers that are not in the ledger as they should be, and
// holds the clearing accounts against what is on its way.
func (s *shard) uncleared() {
	s.check(Cleared)
	s.transfers.sent.all(func(id ident.ID, v *sent) {
		if v.local && !v.crossed && v.status != isSucceeded {
			s.fail(Consistent, ident.Transfer, id, "is within a shard and did not succeed at once")
		}
		s.check(Cleared)
		returned := uint8(0)
		if v.status == isFailed {
			returned = 1
		}
		gone := s.mayBeGone(id) && v.booked <= 1 && v.returned <= returned
		if !gone && (v.booked != 1 || v.returned != returned) {
			s.fail(Cleared, ident.Transfer, id, "left its sender's wallet %s, and came back %s",
				times(v.booked), times(v.returned))
		}
	})
	s.transfers.got.all(func(id ident.ID, v *got) {
		if id.Shard(s.shards) == s.number {
			if o := s.transfers.sent.one(&s.transfers.sentAt, id); o != nil && !o.crossed {
				s.fail(Placed, ident.Transfer, id, "from user %d to %d was received by its own shard", v.from, v.to)
			}
		}
		s.check(Cleared)
		gone := s.mayBeGone(id) && v.booked == 0
		if !gone && (v.booked == 1) != v.accepted || v.booked > 1 {
			s.fail(Cleared, ident.Transfer, id, "reached its receiver's wallet %s, where accepted is %v",
				times(v.booked), v.accepted)
		}
	})
	for currency := range s.transfers.due {
		s.balanceClearing(currency)
	}
	for currency := range s.transfers.cleared {
		if _, done := s.transfers.due[currency]; !done {
			s.balanceClearing(currency)
		}
	}
}

func (s *shard) balanceClearing(currency money.Currency) {
	s.check(Cleared)
	if held, due := s.transfers.cleared[currency], s.transfers.due[currency]; held != due {
		s.failNamed(Cleared, fmt.Sprintf("%s %s, shard %d", ledger.Transfers, currency, s.number),
			"is %s, and %s is on its way", held, due)
	}
}

func times(n uint8) string {
	return [...]string{"never", "once", "more than once"}[n]
}

// add takes a shard's transfers to and from other shards.
func (c *clearing) add(t *transfers) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.sent.all(func(id ident.ID, v *sent) {
		if !v.local || v.crossed {
			c.sent.add(id, *v)
		}
	})
	t.got.all(func(id ident.ID, v *got) { c.got.add(id, *v) })
}

// match holds the two sides of every transfer against each other. The shards were
// not read in one moment, so that what does not agree is read again.
func (c *clearing) match() {
	c.sent.sort()
	c.got.sort()
	var sentAt, gotAt finger
	c.sent.all(func(id ident.ID, v *sent) {
		if sidesDisagree(v, c.got.one(&gotAt, id)) != "" {
			c.disagreeing = append(c.disagreeing, id)
		}
	})
	c.got.all(func(id ident.ID, _ *got) {
		if c.sent.one(&sentAt, id) == nil {
			c.disagreeing = append(c.disagreeing, id)
		}
	})
}

// sidesDisagree says in what the sides of a transfer differ; "" when they do not.
// A nil side is not there.
func sidesDisagree(s *sent, g *got) string {
	switch {
	case s == nil && g == nil:
		return ""
	case s == nil:
		return "was received, and never sent"
	case g == nil && s.status == isPending:
		return ""
	case g == nil:
		return "has ended, and its receiver's shard does not know it"
	case s.from != g.from || s.to != g.to || s.minor != g.minor || s.currency != g.currency:
		return fmt.Sprintf("sends %d %s from user %d to user %d, where user %d received %d %s from user %d",
			s.minor, s.currency[:], s.from, s.to, g.to, g.minor, g.currency[:], g.from)
	case s.details != g.details:
		return "has other details at its receiver's"
	case s.status == isSucceeded && !g.accepted:
		return "has succeeded, and its receiver's shard refused it"
	case s.status == isFailed && g.accepted:
		return "has failed, and its receiver's shard accepted it"
	}
	return ""
}

// clearAgain reads the transfers whose sides do not agree a second time: what
// still does not is broken.
func (a *audit) clearAgain(ctx context.Context) error {
	c := &a.clearing
	c.match()
	if len(c.disagreeing) == 0 {
		return nil
	}
	if err := a.cfg.Clock.Sleep(ctx, a.cfg.Again); err != nil {
		return err
	}
	var sentAt, gotAt finger
	for i, id := range c.disagreeing {
		first, second := c.sent.one(&sentAt, id), c.got.one(&gotAt, id)
		if i < maxLookups {
			var err error
			if first, second, err = a.bothSides(ctx, id, first, second); err != nil {
				return err
			}
		}
		if text := sidesDisagree(first, second); text != "" {
			a.sum.fail(Cleared, ident.Transfer, id, "%s", text)
		}
	}
	return nil
}

// bothSides reads a transfer as the store has it now.
func (a *audit) bothSides(ctx context.Context, id ident.ID, s *sent, g *got) (*sent, *got, error) {
	to := int64(0)
	if g != nil {
		to = g.to
	} else if s != nil {
		to = s.to
	}
	t, err := a.cfg.Store.Transfer(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		s = nil
	case err != nil:
		return nil, nil, err
	default:
		now := sentOf(t, a.cfg.Store.Shards())
		s = &now
	}
	t, err = a.cfg.Store.ReceivedTransfer(ctx, ident.Shard(to, a.cfg.Store.Shards()), id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		g = nil
	case err != nil:
		return nil, nil, err
	default:
		now := gotOf(t)
		g = &now
	}
	return s, g, nil
}
