package sqlite

import (
	"context"
	"math"
	"slices"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
)

// An entry is found in one of two ways. Those of most accounts are indexed by
// their seq, and since ids ascend with it, also by time: by halving. Those of the
// crowded accounts are not indexed; but one of them is near any place of the
// table.

const postedColumns = `e.id, e.id_low, e.amount, e.seq, e.balance,
	t.id, t.id_low, t.user_id, t.kind, t.object, t.object_low, t.payment, t.payment_low`

const fromPosted = ` FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
	WHERE e.account = ? AND `

var (
	entrySeq     = define(`SELECT seq FROM ledger_entries WHERE id = ? AND account = ?`)
	entryAt      = define(`SELECT id, balance FROM ledger_entries WHERE account = ? AND seq = ? AND account > 0`)
	entriesOlder = define(`SELECT ` + postedColumns + fromPosted + `e.account > 0 AND e.seq < ?
		ORDER BY e.seq DESC LIMIT ?`)
	entriesNewer = define(`SELECT ` + postedColumns + fromPosted + `e.account > 0 AND e.seq > ?
		ORDER BY e.seq LIMIT ?`)
	crowdedOlder = define(`SELECT ` + postedColumns + fromPosted + `e.id < ? ORDER BY e.id DESC LIMIT ?`)
	crowdedNewer = define(`SELECT ` + postedColumns + fromPosted + `e.id > ? ORDER BY e.id LIMIT ?`)

	allOlder = define(`SELECT account, balance, amount FROM ledger_entries WHERE id < ? ORDER BY id DESC`)
	allNewer = define(`SELECT account, balance, amount FROM ledger_entries WHERE id >= ? ORDER BY id`)
)

// BalanceAt returns an account's balance as it was at a time.
func (s *Store) BalanceAt(
	ctx context.Context, shard int, name ledger.Name, currency money.Currency, at time.Time,
) (sum money.Sum, err error) {
	behind := ident.First(at.Truncate(time.Millisecond).Add(time.Millisecond)).High()
	err = s.shards[shard].read(ctx, func(c *conn) error {
		return c.inReadTx(func() error {
			slots, err := c.slots(name, currency)
			if err != nil {
				return err
			}
			for _, a := range slots {
				balance, err := c.balanceBefore(a, behind)
				if err != nil {
					return err
				}
				if sum, err = sum.Plus(balance); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return sum, err
}

// balanceBefore returns the balance that the last entry before an id left.
func (c *conn) balanceBefore(a account, behind int64) (money.Sum, error) {
	if a.id < 0 {
		return c.crowdedBefore(a, behind)
	}
	seq, err := c.seqBefore(a, behind)
	if err != nil || seq == 0 {
		return money.Sum{}, err
	}
	_, balance, err := c.entryAt(a.id, seq)
	return balance, err
}

// seqBefore returns the seq of the last entry of an indexed account that comes
// before an id; 0 for none.
func (c *conn) seqBefore(a account, behind int64) (int64, error) {
	low, high := int64(0), a.Seq // the entry low comes before it, high+1 does not
	for low < high {
		middle := low + (high-low+1)/2
		id, _, err := c.entryAt(a.id, middle)
		if err != nil {
			return 0, err
		}
		if id < behind {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, nil
}

func (c *conn) entryAt(account, seq int64) (id int64, balance money.Sum, err error) {
	s, err := c.query(entryAt)
	if err != nil {
		return 0, balance, err
	}
	s.bindInt(account)
	s.bindInt(seq)
	err = s.each(func(s *stmt) error {
		id = s.int()
		balance, err = s.sum()
		return err
	})
	return id, balance, err
}

// crowdedBefore looks for the nearest entry of a crowded account, on both sides
// of an id at the same pace.
func (c *conn) crowdedBefore(a account, behind int64) (balance money.Sum, err error) {
	older, err := c.query(allOlder)
	if err != nil {
		return balance, err
	}
	defer older.reset()
	older.bindInt(behind)
	newer, err := c.query(allNewer)
	if err != nil {
		return balance, err
	}
	defer newer.reset()
	newer.bindInt(behind)
	for {
		row, err := older.step()
		if err != nil || !row {
			return money.Sum{}, err // it has no entry before
		}
		if older.int() == a.id {
			return older.sum()
		}
		row, err = newer.step()
		if err != nil || !row {
			return a.Balance, err // it has no entry since
		}
		if newer.int() == a.id {
			after, err := newer.sum()
			if err != nil {
				return after, err
			}
			return after.Minus(newer.int())
		}
	}
}

// Entries lists an account's entries on a shard, newest first.
func (s *Store) Entries(ctx context.Context, shard int, q store.EntryQuery) (entries []store.Posted, err error) {
	err = s.shards[shard].read(ctx, func(c *conn) error {
		return c.inReadTx(func() error {
			slots, err := c.slots(q.Name, q.Currency)
			if err != nil {
				return err
			}
			for _, a := range slots {
				some, err := c.posted(a, q)
				if err != nil {
					return err
				}
				entries = append(entries, some...)
			}
			if len(slots) > 1 || !q.Before.IsZero() {
				entries = nearest(entries, q.Page)
			}
			return nil
		})
	})
	return entries, err
}

// nearest sorts slots' entries by id and cuts the page out of them.
func nearest(entries []store.Posted, p store.Page) []store.Posted {
	slices.SortStableFunc(entries, func(a, b store.Posted) int {
		if a.Account == b.Account {
			return int(b.Seq - a.Seq)
		}
		return b.ID.Compare(a.ID)
	})
	if n := len(entries) - p.Limit; n > 0 && !p.Before.IsZero() {
		return entries[n:]
	}
	return entries[:min(len(entries), p.Limit)]
}

// posted reads the entries of one row of balances, those nearest to where the
// page begins.
func (c *conn) posted(a account, q store.EntryQuery) ([]store.Posted, error) {
	which, bound := entriesOlder, int64(math.MaxInt64)
	cursor, newer := q.After, !q.Before.IsZero()
	if newer {
		which, cursor = entriesNewer, q.Before
	}
	var err error
	switch {
	case a.id < 0 && newer:
		which, bound = crowdedNewer, cursor.High()
	case a.id < 0:
		which = crowdedOlder
		if !cursor.IsZero() {
			bound = cursor.High()
		}
	case !cursor.IsZero():
		if bound, err = c.seqOf(a, cursor.High(), newer); err != nil {
			return nil, err
		}
	}
	s, err := c.query(which)
	if err != nil {
		return nil, err
	}
	s.bindInt(a.id)
	s.bindInt(bound)
	s.bindInt(int64(q.Limit))
	return collect(s, nil, func(s *stmt) (store.Posted, error) { return s.posted(a.Key) })
}

// seqOf returns the seq that stands for an id: its own entry's, or, when that is
// another slot's, one between which the page may be cut.
func (c *conn) seqOf(a account, id int64, newer bool) (seq int64, err error) {
	s, err := c.query(entrySeq)
	if err != nil {
		return 0, err
	}
	s.bindInt(id)
	s.bindInt(a.id)
	err = s.each(func(s *stmt) error { seq = s.int(); return nil })
	if err != nil || seq != 0 {
		return seq, err
	}
	if seq, err = c.seqBefore(a, id); !newer {
		seq++
	}
	return seq, err
}

// posted reads a row of postedColumns.
func (s *stmt) posted(key ledger.Key) (p store.Posted, err error) {
	p.Account = key
	p.ID, p.Minor, p.Seq = s.id(), s.int(), s.int()
	if p.Balance, err = s.sum(); err != nil {
		return p, err
	}
	t := &p.Transaction
	t.ID, t.UserID, t.Kind = s.id(), s.int(), ledger.Kind(s.text())
	t.Object, t.Payment = s.id(), s.id()
	return p, nil
}
