package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
)

const (
	// selectBalances adds up what indexed accounts had before an id. Their entries'
	// ids ascend with seq, but for the clocks of several processes. One that has no
	// entry any more has what closed months have left it.
	selectBalances = `SELECT coalesce(sum(coalesce(e.balance, c.balance)), 0)::text
		FROM unnest($1::bigint[]) AS a (id) LEFT JOIN LATERAL (
			SELECT balance FROM ledger_entries WHERE account = a.id AND account > 0 AND id < $2
			ORDER BY seq DESC LIMIT 1
		) AS e ON true LEFT JOIN account_checkpoints AS c ON c.account = a.id`
	selectCheckpoints = `SELECT coalesce(sum(balance), 0)::text FROM account_checkpoints WHERE account = ANY($1)`
	// stretchOlder and stretchNewer look at so many entries of all accounts, on one
	// side of an id; they return those of some accounts, nearest first, and the end
	// of the stretch as one of account 0.
	stretchOlder = `WITH stretch AS MATERIALIZED (
			SELECT id, account, amount, balance FROM ledger_entries WHERE id < $1 ORDER BY id DESC LIMIT $2
		) SELECT id, account, amount, balance::text FROM stretch WHERE account = ANY($3)
		UNION ALL (SELECT id, 0, 0, '0' FROM stretch ORDER BY id LIMIT 1) ORDER BY id DESC`
	stretchNewer = `WITH stretch AS MATERIALIZED (
			SELECT id, account, amount, balance FROM ledger_entries WHERE id >= $1 ORDER BY id LIMIT $2
		) SELECT id, account, amount, balance::text FROM stretch WHERE account = ANY($3)
		UNION ALL (SELECT id, 0, 0, '0' FROM stretch ORDER BY id DESC LIMIT 1) ORDER BY id`
)

// A stretch begins small, since a crowded account's next entry is mostly near, and
// grows.
const (
	firstStretch = 64
	maxStretch   = 1 << 14
)

// BalanceAt returns an account's balance as it was at a time.
func (s *Store) BalanceAt(
	ctx context.Context, shard int, name ledger.Name, currency money.Currency, at time.Time,
) (sum money.Sum, err error) {
	behind := ident.First(at.Truncate(time.Millisecond).Add(time.Millisecond))
	var early *store.ClosedError
	err = s.shards[shard].readTx(ctx, func(c *reader) error {
		closed, err := closedUntil(ctx, c)
		if err != nil {
			return err
		}
		if behind.Compare(closed.until) < 0 {
			early = &store.ClosedError{Before: closed.until.Time()}
			return nil
		}
		slots, err := c.slots(ctx, name, currency)
		switch {
		case err != nil || len(slots) == 0:
		case slots[0].id < 0:
			sum, err = c.crowdedBefore(ctx, slots, behind)
		default:
			sum, err = one(ctx, c, (*row).sum, selectBalances, idsOf(slots), behind)
		}
		return err
	})
	if err == nil && early != nil {
		return sum, early
	}
	return sum, err
}

// idsOf returns the ids of accounts' rows.
func idsOf(accounts []account) []int64 {
	ids := make([]int64, 0, len(accounts))
	for _, a := range accounts {
		ids = append(ids, a.id)
	}
	return ids
}

// passed is an entry of a stretch.
type passed struct {
	id      ident.ID
	account int64
	minor   int64
	balance money.Sum
}

func (r *row) passed() passed { return passed{r.id(), r.int(), r.int(), r.sum()} }

// crowdedBefore adds up what the slots of a crowded account had before an id. It
// looks for each slot's nearest entry, on both sides of the id at the same pace.
func (c *reader) crowdedBefore(ctx context.Context, slots []account, behind ident.ID) (total money.Sum, err error) {
	wanted := make(map[int64]money.Sum, len(slots)) // with the balances of now
	for _, a := range slots {
		wanted[a.id] = a.Balance
	}
	older, newer := behind, behind
	for size := int64(firstStretch); len(wanted) > 0; size = min(4*size, maxStretch) {
		end, err := c.stretch(ctx, stretchOlder, older, size, wanted, func(p passed) error {
			total, err = total.Plus(p.balance)
			return err
		})
		if err != nil {
			return total, err
		}
		if end.IsZero() { // the others have no entry before
			return c.plusCheckpoints(ctx, total, wanted)
		}
		if len(wanted) == 0 {
			break
		}
		older = end
		end, err = c.stretch(ctx, stretchNewer, newer, size, wanted, func(p passed) error {
			balance, err := p.balance.Minus(p.minor)
			if err == nil {
				total, err = total.Plus(balance)
			}
			return err
		})
		if err != nil {
			return total, err
		}
		if end.IsZero() { // the others have no entry since
			for _, balance := range wanted {
				if total, err = total.Plus(balance); err != nil {
					return total, err
				}
			}
			return total, nil
		}
		newer = successor(end)
	}
	return total, nil
}

// plusCheckpoints adds what closed months have left the accounts.
func (c *reader) plusCheckpoints(
	ctx context.Context, total money.Sum, accounts map[int64]money.Sum,
) (money.Sum, error) {
	left, err := one(ctx, c, (*row).sum, selectCheckpoints, slices.Collect(maps.Keys(accounts)))
	if err != nil {
		return total, err
	}
	return total.Plus(left)
}

// stretch reads one, and visits the nearest entry of each account that is still
// wanted. It returns the stretch's end, zero when there is nothing there.
func (c *reader) stretch(
	ctx context.Context, sql string, from ident.ID, size int64, wanted map[int64]money.Sum, visit func(passed) error,
) (end ident.ID, err error) {
	ids := make([]int64, 0, len(wanted))
	for id := range wanted {
		ids = append(ids, id)
	}
	err = each(ctx, c, (*row).passed, func(p passed) error {
		if p.account == 0 {
			end = p.id
			return nil
		}
		if _, ok := wanted[p.account]; !ok {
			return nil
		}
		delete(wanted, p.account)
		return visit(p)
	}, sql, from, size, ids)
	return end, err
}

// successor returns the next id in the database's order.
func successor(id ident.ID) ident.ID {
	for i := len(id) - 1; i >= 0; i-- {
		id[i]++
		if id[i] != 0 {
			break
		}
	}
	return id
}
