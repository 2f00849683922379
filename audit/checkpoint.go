package audit

import (
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/store"
)

// aroundEnd is how much an object's id and those of its transactions may differ
// around the end of a month that was closed.
const aroundEnd = time.Minute

// checkpoint takes what closed months have left: an account's history begins
// there, and of an object's versions the first have had their events. Whether
// what is gone was right was for audits before it was closed.
func (s *shard) checkpoint(c store.Checkpoint) error {
	s.before = c.Before.Add(aroundEnd).UnixMilli()
	if c.Account != nil {
		s.beginAccount(c.Account)
	}
	if c.Object != nil {
		s.beginObject(c.Object)
	}
	return nil
}

// beginAccount begins an account's history.
func (s *shard) beginAccount(c *store.AccountCheckpoint) {
	s.accounts[c.Key] = &history{sum: c.Balance, stated: c.Balance, seq: c.Seq, entries: c.Seq}
	if c.Name == ledger.Transfers {
		if sum, err := s.transfers.cleared[c.Currency].Plus(c.Balance); err == nil {
			s.transfers.cleared[c.Currency] = sum
		}
	}
	for _, e := range c.Early {
		s.entry(e)
		s.clear(e)
	}
}

// beginObject counts an object's events of closed months, which may still be
// there.
func (s *shard) beginObject(c *store.ObjectCheckpoint) {
	s.check(Told)
	if c.Kind == ident.Transaction { // an adjustment, which may be gone itself
		s.adjusted[c.ID] = object{
			user: c.UserID, version: int32(c.Events), closed: int32(c.Events), kind: adjustmentKind,
		}
		return
	}
	o := s.objects.one(&s.objectAt, c.ID)
	switch {
	case o == nil || kinds[o.kind] != c.Kind:
		s.fail(Told, c.Kind, c.ID, "had %d events in closed months, and is not there", c.Events)
	case o.user != c.UserID:
		s.fail(Told, c.Kind, c.ID, "is user %d's, its events in closed months are user %d's", o.user, c.UserID)
	default:
		o.closed = int32(c.Events)
	}
}

// addAdjusted adds the adjustments whose transactions are gone.
func (s *shard) addAdjusted() {
	for id, o := range s.adjusted {
		o.last = everyType
		s.objects.add(id, o)
	}
}

// mayBeGone tells whether an object's transactions may stand in a month that was
// closed.
func (s *shard) mayBeGone(id ident.ID) bool { return id.Millis() < s.before }
