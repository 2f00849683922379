package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/ident"
	"florin/ledger"
	"florin/store"
)

// The rows of a month that go: $1 is its end, $2 are the transactions that stay.
const (
	goneEntries      = `ledger_entries WHERE id < $1 AND transaction_id <> ALL($2::uuid[])`
	goneTransactions = `ledger_transactions WHERE id < $1 AND id <> ALL($2::uuid[])`
)

const (
	sumGone = `SELECT a.currency, sum(e.amount)::text FROM (SELECT account, amount FROM ` + goneEntries + `) AS e
		JOIN accounts AS a ON a.id = e.account GROUP BY a.currency HAVING sum(e.amount) <> 0 LIMIT 1`
	// checkAccounts adds to the checkpoints the entries whose turn it is: each seq
	// follows the one before.
	checkAccounts = `WITH gone AS (
			SELECT account, seq, amount FROM ` + goneEntries + `
			UNION ALL SELECT account, seq, amount FROM early_entries),
		placed AS (
			SELECT g.account, g.seq, g.amount, coalesce(c.seq, 0) AS before,
				row_number() OVER (PARTITION BY g.account ORDER BY g.seq) AS place
			FROM gone AS g LEFT JOIN account_checkpoints AS c ON c.account = g.account)
		INSERT INTO account_checkpoints AS c (account, balance, seq)
		SELECT account, coalesce(sum(amount) FILTER (WHERE seq = before + place), 0),
			before + count(*) FILTER (WHERE seq = before + place)
		FROM placed GROUP BY account, before
		ON CONFLICT (account) DO UPDATE SET balance = c.balance + excluded.balance, seq = excluded.seq`
	// The others are early.
	dropEarly = `DELETE FROM early_entries AS e USING account_checkpoints AS c
		WHERE c.account = e.account AND e.seq <= c.seq`
	keepEarly = `INSERT INTO early_entries (id, account, amount, seq, balance)
		SELECT e.id, e.account, e.amount, e.seq, e.balance FROM (SELECT * FROM ` + goneEntries + `) AS e
			JOIN account_checkpoints AS c ON c.account = e.account WHERE e.seq > c.seq`
	countEvents = `INSERT INTO event_checkpoints AS c (object, kind, user_id, events)
		SELECT object, kind, user_id, count(*) FROM events WHERE position >= $1 AND position < $2
		GROUP BY object, kind, user_id
		ON CONFLICT (object) DO UPDATE SET events = c.events + excluded.events`
)

// addsUp refuses to close a month whose books are wrong: they are still to be
// looked into.
func (t *closingTx) addsUp(ctx context.Context) error {
	var currency, sum string
	err := t.QueryRow(ctx, sumGone, [16]byte(t.end), t.stay).Scan(&currency, &sum)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: the entries of %s make %s %s, not zero: run florin audit", store.ErrRefused,
		t.closing.Month, sum, currency)
}

// checkAccounts writes the accounts' checkpoints.
func (t *closingTx) checkAccounts(ctx context.Context) (err error) {
	if t.closing.Accounts, err = t.run(ctx, checkAccounts); err != nil {
		return err
	}
	if _, err = t.Exec(ctx, dropEarly); err != nil {
		return err
	}
	if _, err = t.run(ctx, keepEarly); err != nil {
		return err
	}
	err = t.QueryRow(ctx, `SELECT count(*) FROM `+goneEntries, [16]byte(t.end), t.stay).Scan(&t.closing.Entries)
	if err != nil {
		return err
	}
	return t.QueryRow(ctx, `SELECT count(*) FROM `+goneTransactions, [16]byte(t.end), t.stay).
		Scan(&t.closing.Transactions)
}

// countEvents writes the objects' checkpoints, and that the month is closed.
func (t *closingTx) countEvents(ctx context.Context, position int64) error {
	tag, err := t.Exec(ctx, countEvents, t.before.position, position)
	if err != nil {
		return err
	}
	t.closing.Objects = tag.RowsAffected()
	_, err = t.Exec(ctx, `INSERT INTO closings (month, until_id, position) VALUES ($1::text::date, $2, $3)`,
		t.of.from.Format(time.DateOnly), [16]byte(t.end), position)
	return err
}

// lock keeps everybody out of the ledger. Whoever comes meanwhile waits behind it,
// so that it does not wait long itself.
func (t *closingTx) lock(ctx context.Context) error {
	for range closingTries {
		err := pgx.BeginFunc(ctx, t.Tx, func(try pgx.Tx) error { // a savepoint
			if _, err := try.Exec(ctx, `SET LOCAL lock_timeout = '`+closingPatience+`'`); err != nil {
				return err
			}
			_, err := try.Exec(ctx, `LOCK TABLE ledger_transactions, ledger_entries IN ACCESS EXCLUSIVE MODE`)
			return err
		})
		if stateOf(err) != stateLockTimeout {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(closingPause):
		}
	}
	return waits("somebody else is reading the ledger, an audit it may be")
}

// detach takes the month's partitions out of the ledger. What came late goes with
// them, what stays stays.
func (t *closingTx) detach(ctx context.Context) error {
	for _, table := range partitioned {
		key := map[string]string{"ledger_transactions": "id", "ledger_entries": "transaction_id"}[table]
		name := t.of.name(table)
		if err := t.all(ctx, `ALTER TABLE `+table+` DETACH PARTITION `+name); err != nil {
			return err
		}
		statements := []string{
			`WITH late AS (DELETE FROM ` + table + `_default WHERE id < $1 AND ` + key + ` <> ALL($2::uuid[]) RETURNING *)
				INSERT INTO ` + name + ` SELECT * FROM late`,
		}
		if len(t.stay) > 0 {
			statements = append(statements, `WITH stays AS (
					DELETE FROM `+name+` WHERE id < $1 AND `+key+` = ANY($2::uuid[]) RETURNING *)
				INSERT INTO `+table+` SELECT * FROM stays`)
		}
		for _, sql := range statements {
			if _, err := t.run(ctx, sql); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	allEarly              = `SELECT ` + entryColumns + ` FROM early_entries AS e JOIN accounts AS a ON a.id = e.account`
	allAccountCheckpoints = `SELECT a.id, a.name, a.slot, a.currency, c.balance::text, c.seq
		FROM account_checkpoints AS c JOIN accounts AS a ON a.id = c.account
		WHERE c.account > $1 ORDER BY c.account LIMIT $2`
	allEventCheckpoints = `SELECT object, kind, user_id, events FROM event_checkpoints
		WHERE object > $1 ORDER BY object LIMIT $2`
)

func (r *row) objectCheckpoint() store.ObjectCheckpoint {
	return store.ObjectCheckpoint{ID: r.id(), Kind: ident.Kind(r.text()), UserID: r.int(), Events: r.int()}
}

// Checkpoints visits what closed months have left.
func (v *snapshot) Checkpoints(ctx context.Context, visit func(store.Checkpoint) error) error {
	until, err := closedUntil(ctx, v.r)
	if err != nil || until.until.IsZero() {
		return v.sh.wrap(err)
	}
	before := until.until.Time()
	if err := visit(store.Checkpoint{Before: before}); err != nil {
		return err
	}
	early := map[ledger.Key][]ledger.Entry{}
	list, err := rows(ctx, v, (*row).entry, allEarly)
	if err != nil {
		return err
	}
	for _, e := range list {
		early[e.Account] = append(early[e.Account], e)
	}
	err = visitAll(ctx, v, allAccountCheckpoints, (*row).account, int64(math.MinInt64),
		func(a *account) int64 { return a.id },
		func(a account) error {
			return visit(store.Checkpoint{
				Before: before, Account: &store.AccountCheckpoint{Account: a.Account, Early: early[a.Key]},
			})
		})
	if err != nil {
		return err
	}
	return visitAll(ctx, v, allEventCheckpoints, (*row).objectCheckpoint, ident.ID{},
		func(o *store.ObjectCheckpoint) ident.ID { return o.ID },
		func(o store.ObjectCheckpoint) error { return visit(store.Checkpoint{Before: before, Object: &o}) })
}
