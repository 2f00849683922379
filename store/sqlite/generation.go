package sqlite

import (
	"cmp"
	"slices"

	"florin/payment"
)

// generationSize is how many rows, inserted one after the other, share a
// generation. More make a search shorter, and a group of inserts touch more
// pages: 512 rows are some 3 pages of an index, and 2.5 million in a shard are
// 4,900 generations to search, at about 3 µs each.
const generationSize = 512

var (
	countGenerations = define(`SELECT max(generation) FROM payments`)
	countInLast      = define(`SELECT count(*) FROM payments WHERE generation = (SELECT max(generation) FROM payments)`)
	generationFrom   = define(`SELECT generation FROM payments WHERE id >= ? ORDER BY id LIMIT 1`)
	generationTo     = define(`SELECT generation FROM payments WHERE id <= ? ORDER BY id DESC LIMIT 1`)
)

// countPayments returns what the next payment's generation follows from.
func (c *conn) countPayments() (int64, error) {
	generations, err := c.number(countGenerations)
	if err != nil {
		return 0, err
	}
	inLast, err := c.number(countInLast)
	return generations*generationSize + inLast, err
}

// paymentsOf reads a user's payments, going from generation to generation until
// the limit is reached. Generations follow the order of inserts, which that of
// ids resembles: a payment may stand one generation off, so that one more is
// searched at either end.
func (c *conn) paymentsOf(userID int64, q selection) ([]payment.Payment, error) {
	oldest, err := c.number(generationFrom, q.first)
	if err != nil {
		return nil, err
	}
	newest, err := c.number(generationTo, q.last)
	if err != nil {
		return nil, err
	}
	oldest--
	newest++
	at, step := newest, int64(-1)
	if q.ascending {
		at, step = oldest, 1
	}
	q.from += " INDEXED BY payments_user"
	q.and("user_id = ?", userID)
	q.and("generation = ?")
	s, err := q.prepare(c)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var rows []payment.Payment
	for full := false; at >= oldest && at <= newest && !full; at += step {
		full = len(rows) >= q.limit
		q.bind(s, at)
		if rows, err = collect(s, rows, (*stmt).payment); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, func(a, b payment.Payment) int { return int(step) * cmp.Compare(a.ID.High(), b.ID.High()) })
	return rows[:min(len(rows), q.limit)], nil
}
