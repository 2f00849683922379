package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"florin/ident"
	"florin/ledger"
	"florin/store"
)

// tx is a shard's writing transaction. It sends nothing before it must: BEGIN goes
// with the first statements, COMMIT with the last.
type tx struct {
	sh    *shard
	c     *conn // nil once the Tx has ended
	held  held
	begun bool // BEGIN was sent

	unwatch func() // ends the watch over c

	won      map[ident.ID]store.Claim // by identity
	accounts map[ledger.Key]int64     // ids of what was loaded
	fresh    []ledger.Key             // of those, what this process did not know
	writes   pipe
	group    ident.ID
}

var (
	beginTx  = define(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`)
	commitTx = define(`COMMIT`)
	// setTx is for connections that have no settings of their own.
	setTx = define(`SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true),
		set_config('idle_in_transaction_session_timeout', $3, true)`, pgtype.TextOID, pgtype.TextOID, pgtype.TextOID)
)

var errEnded = errors.New("store/postgres: the Tx has ended")

var _ store.OneTrip = (*tx)(nil)

// Begin opens a writing Tx on a shard.
func (s *Store) Begin(ctx context.Context, shard int) (store.Tx, error) {
	sh := s.shards[shard]
	t, err := sh.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("store/postgres: begin on shard %d: %w", shard, err)
	}
	return t, nil
}

func (sh *shard) begin(ctx context.Context) (*tx, error) {
	if sh.writers == nil {
		return nil, fmt.Errorf("%w: the store is open for reading only", store.ErrUnavailable)
	}
	c, err := sh.acquire(ctx, sh.writers)
	if err != nil {
		return nil, err
	}
	h, err := sh.slots.take(ctx, c)
	if err != nil {
		c.release()
		return nil, err
	}
	return &tx{sh: sh, c: c, unwatch: sh.gate.watch(c), held: h, accounts: map[ledger.Key]int64{}}, nil
}

// Slot returns the slot of system accounts that the Tx may write.
func (t *tx) Slot() int { return t.held.slot }

// opening is what a Tx's first round trip begins with.
func (t *tx) opening() (steps []step, check int) {
	var p pipe
	p.queue(beginTx, nil)
	if cfg := t.sh.own(); cfg.Unprepared {
		p.queue(setTx, nil, []byte(millis(lockTimeout)), []byte(millis(cfg.Pool.CommandTimeout)),
			[]byte(millis(idleTimeout)))
	}
	p.queue(checkSlot, nil, smallParam(t.held.slot), idParam(t.held.holder), intParam(t.held.fence))
	return p.steps, len(p.steps) - 1
}

// trip sends a pipe, behind the Tx's opening when it is the first, and reads the
// results. done counts the pipe's own steps, below 0 where the opening failed.
// final says that the COMMIT is in it.
func (t *tx) trip(ctx context.Context, p *pipe, final bool) (done int, tag string, err error) {
	limited, cancel := t.sh.within(ctx)
	defer cancel()
	keep := !t.sh.own().Unprepared
	if t.begun {
		done, tag, err = t.c.send(limited, p, keep)
		return done, tag, t.sh.failed(ctx, limited, err)
	}
	opening, check := t.opening()
	sent := pipe{steps: append(opening, p.steps...), err: p.err}
	t.begun = true
	done, tag, err = t.c.send(limited, &sent, keep)
	if done == 0 && isStale(limited, t.c, err) && (!final || isAnswer(err)) {
		// The pool's connection had been ended before: nothing has happened yet.
		if err := t.reconnect(ctx); err != nil {
			return -1, "", err
		}
		done, tag, err = t.c.send(limited, &sent, keep)
	}
	if done == check && stateOf(err) == stateNotThere {
		t.sh.slots.lose(t.held)
		err = fmt.Errorf("%w: the slot of system accounts was lost: %w", store.ErrConflict, err)
	}
	return done - len(opening), tag, t.sh.failed(ctx, limited, err)
}

// reconnect gives the Tx another connection, before it has begun.
func (t *tx) reconnect(ctx context.Context) error {
	t.unwatch()
	t.c.release()
	t.c = nil
	renew(t.sh.writers)
	c, err := t.sh.acquire(ctx, t.sh.writers)
	if err == nil {
		t.c, t.unwatch = c, t.sh.gate.watch(c)
	}
	return err
}

// do runs a step of the Tx; an error ends it.
func (t *tx) do(what string, step func() error) error {
	if t.c == nil {
		return errEnded
	}
	if err := step(); err != nil {
		t.Rollback()
		return fmt.Errorf("store/postgres: %s on shard %d: %w", what, t.sh.number, err)
	}
	return nil
}

// Claim claims unique keys.
func (t *tx) Claim(ctx context.Context, claims []store.Claim) (holders []*store.Claim, err error) {
	err = t.do("claim", func() error {
		var p pipe
		asked := p.queueClaims(claims)
		if len(claims) > 0 {
			if _, _, err := t.trip(ctx, &p, false); err != nil {
				return err
			}
		}
		holders, err = t.holders(ctx, asked)
		return err
	})
	return holders, err
}

// ClaimAndLoad implements store.OneTrip.
func (t *tx) ClaimAndLoad(
	ctx context.Context, claims []store.Claim, keys store.Keys,
) (holders []*store.Claim, state store.State, err error) {
	err = t.do("claim and load", func() error {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err())
		}
		var p pipe
		asked := p.queueClaims(claims)
		if state, err = t.load(ctx, &p, keys); err != nil {
			return err
		}
		holders, err = t.holders(ctx, asked)
		return err
	})
	return holders, state, err
}

// Load reads and locks what keys name; accounts are made.
func (t *tx) Load(ctx context.Context, keys store.Keys) (state store.State, err error) {
	err = t.do("load", func() error {
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err())
		}
		var p pipe
		state, err = t.load(ctx, &p, keys)
		return err
	})
	return state, err
}

// Write checks the changes and keeps them for Commit, which sends them.
func (t *tx) Write(_ context.Context, changes *store.Changes) error {
	return t.do("write", func() error { return t.write(changes) })
}

// Commit sends the writes and the COMMIT, and tells what became of them.
func (t *tx) Commit(ctx context.Context) error {
	if t.c == nil {
		return errEnded
	}
	if !t.begun && len(t.writes.steps) == 0 {
		t.end()
		return nil
	}
	if err := t.commit(ctx); err != nil {
		t.Rollback()
		return fmt.Errorf("store/postgres: commit on shard %d: %w", t.sh.number, err)
	}
	t.sh.learn(t.accounts, t.fresh)
	t.end()
	return nil
}

func (t *tx) commit(ctx context.Context) error {
	last := len(t.writes.steps)
	t.writes.queue(commitTx, nil)
	var place store.Place
	if len(t.sh.replicas) > 0 {
		t.writes.queue(placeAfter, func(r *row) error { place = r.place(); return nil })
	}
	empty := t.writes.err != nil
	t.c.takeWarning() // one of before, of its connecting even
	done, tag, err := t.trip(ctx, &t.writes, true)
	switch {
	case done > last && t.c.takeWarning(): // it may be committed on this server alone
		err = errLocally
	case done > last: // it was answered
		if tag == "COMMIT" {
			t.sh.committedAt(place)
			return nil
		}
		return fmt.Errorf("%w: the server answered %s", store.ErrConflict, tag)
	case empty || t.c == nil || pgconn.SafeToRetry(err):
		return err // nothing was sent
	case isAnswer(err) && (done < last || !isFatal(err)):
		return err // what comes behind an error is skipped, the COMMIT too
	}
	t.sh.doubt(t.group)
	return fmt.Errorf("%w: %w", store.ErrCommitUnknown, err)
}

// isAnswer tells whether the server answered with an error.
func isAnswer(err error) bool { return stateOf(err) != "" }

// isFatal tells whether the server ended the connection with it.
func isFatal(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && answer.SeverityUnlocalized != "ERROR"
}

// Rollback ends the Tx without a trace.
func (t *tx) Rollback() {
	if t.c == nil {
		return
	}
	if t.begun && !t.c.IsClosed() && t.c.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackPatience)
		defer cancel()
		_, _ = t.c.Exec(ctx, "ROLLBACK") // where it fails the pool closes the connection
	}
	t.end()
}

// rollbackPatience is how long the end of a Tx is waited for that leaves no trace.
const rollbackPatience = time.Second

func (t *tx) end() {
	t.unwatch()
	t.c.release()
	t.c = nil
}
