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

// An entry is found in one of two ways. Those of most accounts are indexed within
// generations, which ascend as ids do. Those of the crowded accounts are not
// indexed; but one of them is near any place of the table.

const postedColumns = `e.id, e.id_low, e.amount, e.seq, e.balance,
	t.id, t.id_low, t.user_id, t.kind, t.object, t.object_low, t.payment, t.payment_low`

const fromPosted = ` FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id
	WHERE `

var (
	entriesOlder = define(`SELECT ` + postedColumns + fromPosted + `e.generation = ? AND e.account = ? AND e.id < ?
		ORDER BY e.id DESC LIMIT ?`)
	entriesNewer = define(`SELECT ` + postedColumns + fromPosted + `e.generation = ? AND e.account = ? AND e.id > ?
		ORDER BY e.id LIMIT ?`)
	balanceOlder = define(`SELECT balance FROM ledger_entries
		WHERE generation = ? AND account = ? AND id < ? ORDER BY id DESC LIMIT 1`)
	generationOlder = define(`SELECT generation FROM ledger_entries
		WHERE id < ? AND generation IS NOT NULL ORDER BY id DESC LIMIT 1`)
	generationNewer = define(`SELECT generation FROM ledger_entries
		WHERE id > ? AND generation IS NOT NULL ORDER BY id LIMIT 1`)
	crowdedOlder = define(`SELECT ` + postedColumns + fromPosted + `e.account = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?`)
	crowdedNewer = define(`SELECT ` + postedColumns + fromPosted + `e.account = ? AND e.id > ? ORDER BY e.id LIMIT ?`)

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
func (c *conn) balanceBefore(a account, behind int64) (sum money.Sum, err error) {
	if a.id < 0 {
		return c.crowdedBefore(a, behind)
	}
	generation, err := c.generationAt(generationOlder, behind)
	for found := false; err == nil && !found && generation >= 0; generation-- {
		var s *stmt
		if s, err = c.query(balanceOlder); err != nil {
			break
		}
		s.bindInt(generation)
		s.bindInt(a.id)
		s.bindInt(behind)
		err = s.each(func(s *stmt) (err error) {
			found = true
			sum, err = s.sum()
			return err
		})
	}
	return sum, err
}

// generationAt returns the generation of the nearest indexed entry before or
// behind an id; -1 when there is none.
func (c *conn) generationAt(which query, id int64) (generation int64, err error) {
	s, err := c.query(which)
	if err != nil {
		return -1, err
	}
	s.bindInt(id)
	generation = -1
	err = s.each(func(s *stmt) error {
		generation = s.int()
		return nil
	})
	return generation, err
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
	if newer := !q.Before.IsZero(); newer {
		return c.postedFrom(a, crowdedNewer, entriesNewer, generationNewer, q.Before.High(), q.Limit)
	}
	bound := int64(math.MaxInt64)
	if !q.After.IsZero() {
		bound = q.After.High()
	}
	return c.postedFrom(a, crowdedOlder, entriesOlder, generationOlder, bound, q.Limit)
}

// postedFrom reads entries from an id on, in the direction of the queries: those
// of a crowded account, of the others, and of where their generations begin.
func (c *conn) postedFrom(
	a account, crowded, indexed, begin query, bound int64, limit int,
) (entries []store.Posted, err error) {
	read := func(s *stmt) (store.Posted, error) { return s.posted(a.Key) }
	if a.id < 0 {
		s, err := c.query(crowded)
		if err != nil {
			return nil, err
		}
		s.bindInt(a.id)
		s.bindInt(bound)
		s.bindInt(int64(limit))
		return collect(s, nil, read)
	}
	generation, err := c.generationAt(begin, bound)
	if err != nil || generation < 0 {
		return nil, err
	}
	end, step := int64(-1), int64(-1)
	if begin == generationNewer {
		last, err := c.number(countEntries)
		if err != nil {
			return nil, err
		}
		end, step = last+1, 1
	}
	for ; generation != end && len(entries) < limit; generation += step {
		s, err := c.query(indexed)
		if err != nil {
			return nil, err
		}
		s.bindInt(generation)
		s.bindInt(a.id)
		s.bindInt(bound)
		s.bindInt(int64(limit - len(entries)))
		if entries, err = collect(s, entries, read); err != nil {
			return nil, err
		}
	}
	return entries, nil
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
