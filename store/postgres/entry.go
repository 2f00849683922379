package postgres

import (
	"context"
	"errors"
	"math"
	"slices"

	"florin/ident"
	"florin/ledger"
	"florin/store"
)

// An entry is found in one of two ways. Those of most accounts are indexed by
// account and seq. Those of the crowded accounts, whose ids are below 0, are not;
// but one of them is near any place of the table.

// postedBy returns the query for the entries that inner finds, with their
// transactions.
func postedBy(inner, order string) string {
	return `SELECT e.id, e.account, e.amount, e.seq, e.balance::text, t.id, t.user_id, t.kind, t.object, t.payment
		FROM (` + inner + `) AS e JOIN ledger_transactions AS t ON t.id = e.transaction_id ORDER BY ` + order
}

var (
	// Of one account, by seq.
	entriesOlder = postedBy(`SELECT * FROM ledger_entries WHERE account = $1 AND account > 0 AND seq < $2
		ORDER BY seq DESC LIMIT $3`, `e.seq DESC`)
	entriesNewer = postedBy(`SELECT * FROM ledger_entries WHERE account = $1 AND account > 0 AND seq > $2
		ORDER BY seq LIMIT $3`, `e.seq`)
	// Of all slots of an account, by id. Within a slot ids ascend with seq.
	slotsOlder = postedBy(`SELECT s.* FROM unnest($1::bigint[]) AS a (id) CROSS JOIN LATERAL (
			SELECT * FROM ledger_entries WHERE account = a.id AND account > 0 AND id < $2 ORDER BY seq DESC LIMIT $3
		) AS s ORDER BY id DESC LIMIT $3`, `e.id DESC`)
	slotsNewer = postedBy(`SELECT s.* FROM unnest($1::bigint[]) AS a (id) CROSS JOIN LATERAL (
			SELECT * FROM ledger_entries WHERE account = a.id AND account > 0 AND id > $2 ORDER BY id LIMIT $3
		) AS s ORDER BY id LIMIT $3`, `e.id`)
	// The same of a crowded account.
	crowdedOlder = postedBy(`SELECT * FROM ledger_entries WHERE account = ANY($1) AND id < $2 ORDER BY id DESC LIMIT $3`,
		`e.id DESC`)
	crowdedNewer = postedBy(`SELECT * FROM ledger_entries WHERE account = ANY($1) AND id > $2 ORDER BY id LIMIT $3`,
		`e.id`)
)

const (
	selectSeq = `SELECT seq FROM ledger_entries WHERE id = $1 AND account = $2`
	// selectSeqBefore finds where an id would stand that no entry has.
	selectSeqBefore = `SELECT seq FROM ledger_entries WHERE account = $1 AND account > 0 AND id < $2
		ORDER BY seq DESC LIMIT 1`
)

// Entries lists an account's entries on a shard, newest first.
func (s *Store) Entries(ctx context.Context, shard int, q store.EntryQuery) (entries []store.Posted, err error) {
	err = s.shards[shard].readTx(ctx, func(c *reader) error {
		slots, err := c.slots(ctx, q.Name, q.Currency)
		if err != nil || len(slots) == 0 {
			return err
		}
		_, ofUser := q.Name.UserID()
		switch {
		case ofUser:
			entries, err = c.entriesOf(ctx, slots[0], q.Page)
		case slots[0].id < 0:
			entries, err = c.posted(ctx, slots, q.Page, crowdedOlder, crowdedNewer, idsOf(slots), boundOf(q.Page))
		default:
			entries, err = c.posted(ctx, slots, q.Page, slotsOlder, slotsNewer, idsOf(slots), boundOf(q.Page))
		}
		return err
	})
	return entries, err
}

// entriesOf lists one account's entries by their seq.
func (c *reader) entriesOf(ctx context.Context, a account, p store.Page) ([]store.Posted, error) {
	seq := int64(math.MaxInt64)
	if !p.After.IsZero() || !p.Before.IsZero() {
		var err error
		if seq, err = c.seqAt(ctx, a, boundOf(p), !p.Before.IsZero()); err != nil {
			return nil, err
		}
	}
	return c.posted(ctx, []account{a}, p, entriesOlder, entriesNewer, a.id, seq)
}

// seqAt returns the seq that a page of an account begins at, beyond that of an
// entry, or of where its id would stand.
func (c *reader) seqAt(ctx context.Context, a account, id ident.ID, newer bool) (int64, error) {
	seq, err := one(ctx, c, (*row).int, selectSeq, id, a.id)
	if !errors.Is(err, store.ErrNotFound) {
		return seq, err
	}
	seq, err = one(ctx, c, (*row).int, selectSeqBefore, a.id, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		seq, err = 0, nil
	case err != nil:
		return 0, err
	}
	if newer {
		return seq, nil
	}
	return seq + 1, nil
}

// boundOf returns the id that a page begins at, beyond it.
func boundOf(p store.Page) ident.ID {
	switch {
	case !p.Before.IsZero():
		return p.Before
	case !p.After.IsZero():
		return p.After
	}
	return ident.FromHalves(math.MaxInt64>>3, -1) // behind every id
}

// posted runs the query for a page, in its direction.
func (c *reader) posted(
	ctx context.Context, slots []account, p store.Page, older, newer string, accounts, bound any,
) (entries []store.Posted, err error) {
	keys := make(map[int64]ledger.Key, len(slots))
	for _, a := range slots {
		keys[a.id] = a.Key
	}
	sql := older
	if !p.Before.IsZero() {
		sql = newer
	}
	read := func(r *row) store.Posted { return r.posted(keys) }
	entries, err = all(ctx, c, read, sql, accounts, bound, int64(p.Limit))
	if !p.Before.IsZero() {
		slices.Reverse(entries)
	}
	return entries, err
}

// posted reads a row of postedBy.
func (r *row) posted(keys map[int64]ledger.Key) (p store.Posted) {
	p.ID = r.id()
	p.Account = keys[r.int()]
	p.Minor, p.Seq, p.Balance = r.int(), r.int(), r.sum()
	t := &p.Transaction
	t.ID, t.UserID, t.Kind, t.Object, t.Payment = r.id(), r.int(), ledger.Kind(r.text()), r.id(), r.id()
	return p
}
