package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

// A group that is void already fails here: see the schema.
var insertGroup = define(`INSERT INTO commits (group_id, last_high) VALUES ($1, $2)
	ON CONFLICT (group_id) DO UPDATE SET last_high = greatest(commits.last_high, excluded.last_high)`,
	pgtype.UUIDOID, pgtype.Int8OID)

const (
	// voidGroup makes a group void that is not there. It waits for a Tx that is just
	// writing it, and writes in any case: so that, with a synchronous standby, its
	// own commit waits until the standby has the group's too.
	voidGroup = `INSERT INTO commits (group_id, void) VALUES ($1, true)
		ON CONFLICT (group_id) DO UPDATE SET void = commits.void RETURNING NOT void`
	findGroup = `SELECT NOT void FROM commits WHERE group_id = $1`
	// Groups are issued in the order of their ids, but by clocks of several
	// processes.
	selectLastHigh = `SELECT greatest((SELECT last_high FROM meta), (SELECT max(last_high) FROM
		(SELECT last_high FROM commits ORDER BY group_id DESC LIMIT 2000) AS latest))`
)

// write queues all changes.
func (t *tx) write(changes *store.Changes) error {
	w := &t.writes
	payments.queue(w, changes.Payments)
	attempts.queue(w, changes.Attempts)
	captures.queue(w, changes.Captures)
	refunds.queue(w, changes.Refunds)
	disputes.queue(w, changes.Disputes)
	methods.queue(w, changes.Methods)
	apiKeys.queue(w, changes.APIKeys)
	transfers.queue(w, changes.Transfers)
	w.queueReceived(changes.Received)
	batches.queue(w, changes.Batches)
	batchItems.queue(w, changes.BatchItems)
	holds.queue(w, changes.Holds)
	payouts.queue(w, changes.Payouts)
	if err := t.writeTransactions(changes.Transactions); err != nil {
		return err
	}
	if err := t.writeAccounts(changes.Accounts); err != nil {
		return err
	}
	t.writeClaims(changes)
	if err := t.writeEvents(changes.Events); err != nil {
		return err
	}
	t.group = changes.Group
	w.queue(insertGroup, nil, idParam(changes.Group), intParam(t.high(changes)))
	return w.err
}

// doubt remembers a group of which nobody knows whether it was committed.
func (sh *shard) doubt(group ident.ID) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.doubtful[group] = struct{}{}
}

// Committed tells whether a group was committed. Of one whose Commit has answered
// ErrCommitUnknown the answer is final: it will not be committed later either.
func (s *Store) Committed(ctx context.Context, shard int, group ident.ID) (committed bool, err error) {
	sh := s.shards[shard]
	sh.mu.Lock()
	_, doubtful := sh.doubtful[group]
	sh.mu.Unlock()
	if doubtful {
		committed, err = sh.settle(ctx, group)
	} else {
		committed, err = sh.find(ctx, group)
	}
	if err != nil {
		return false, fmt.Errorf("store/postgres: look up a group on shard %d: %w", shard, errorOf(err))
	}
	return committed, nil
}

// find reads whether a group is there.
func (sh *shard) find(ctx context.Context, group ident.ID) (bool, error) {
	list, err := readAll(ctx, sh, (*row).bool, findGroup, group)
	return len(list) == 1 && list[0], err
}

// settle makes certain that a group that is not there will never be. It connects
// anew, to the server that is the primary now.
func (sh *shard) settle(ctx context.Context, group ident.ID) (committed bool, err error) {
	if err := sh.usable(); err != nil {
		return false, err
	}
	limited, cancel := sh.within(ctx)
	defer cancel()
	err = sh.connect(limited, func(ctx context.Context, c *conn) error {
		if committed, err = sh.void(ctx, c, group); err != nil || len(sh.replicas) == 0 {
			return err
		}
		place, err := one(ctx, &reader{c.Conn}, (*row).place, selectPlace)
		sh.written.note(place)
		return err
	})
	if stateOf(err) == stateLockTimeout {
		err = fmt.Errorf("%w: the Tx is still running: %w", store.ErrUnavailable, err)
	}
	if err != nil {
		return false, sh.failed(ctx, limited, err)
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	delete(sh.doubtful, group)
	return committed, nil
}

// void runs voidGroup in a Tx of its own, whose settings end with it.
func (sh *shard) void(ctx context.Context, c *conn, group ident.ID) (committed bool, err error) {
	c.takeWarning()
	err = pgx.BeginFunc(ctx, c.Conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = "+millis(lockTimeout)); err != nil {
			return err
		}
		committed, err = one(ctx, &reader{tx}, (*row).bool, voidGroup, group)
		return err
	})
	if err == nil && c.takeWarning() {
		err = errLocally
	}
	return committed, err
}

// LastHigh returns the greatest High of any id stored, on the shards that answer:
// a process may start while one is away. It fails when none does.
func (s *Store) LastHigh(ctx context.Context) (last int64, err error) {
	highs, errs := make([]int64, len(s.shards)), make([]error, len(s.shards))
	var asking sync.WaitGroup
	for i, sh := range s.shards {
		asking.Go(func() { highs[i], errs[i] = readOne(ctx, sh, (*row).int, selectLastHigh) })
	}
	asking.Wait()
	away := 0
	for _, err := range errs {
		switch {
		case errors.Is(err, store.ErrUnavailable) && ctx.Err() == nil:
			away++
		case err != nil:
			return 0, err
		}
	}
	if away == len(s.shards) {
		return 0, errors.Join(errs...)
	}
	return slices.Max(highs), nil
}

// high returns the greatest High among the ids of the changes.
func (t *tx) high(changes *store.Changes) int64 {
	var h highest
	h.note(changes.Group)
	for claim := range maps.Values(t.won) {
		h.note(claim.Object)
	}
	noteAll(&h, changes.Payments, func(v *payment.Payment) ident.ID { return v.ID })
	for i := range changes.Attempts {
		h.note(changes.Attempts[i].Value.ID)
		if r := changes.Attempts[i].Value.Reversal; r != nil {
			h.note(r.ID)
		}
	}
	noteAll(&h, changes.Captures, func(v *payment.Capture) ident.ID { return v.ID })
	noteAll(&h, changes.Refunds, func(v *payment.Refund) ident.ID { return v.ID })
	for i := range changes.Disputes {
		h.note(changes.Disputes[i].Value.ID)
		h.note(changes.Disputes[i].Value.Submission)
	}
	h.noteOthers(changes)
	return int64(h)
}

// highest is the greatest High that was noted.
type highest int64

func (h *highest) note(id ident.ID) {
	if !id.IsZero() {
		*h = max(*h, highest(id.High()))
	}
}

func (h *highest) noteOthers(changes *store.Changes) {
	for i := range changes.Methods {
		h.note(changes.Methods[i].Value.ID)
	}
	for i := range changes.APIKeys {
		h.note(changes.APIKeys[i].Value.ID)
	}
	for i := range changes.Transfers {
		h.note(changes.Transfers[i].Value.ID)
	}
	for i := range changes.Batches {
		h.note(changes.Batches[i].Value.ID)
	}
	for i := range changes.Holds {
		h.note(changes.Holds[i].Value.ID)
	}
	for i := range changes.Payouts {
		h.note(changes.Payouts[i].Value.ID)
	}
	for i := range changes.Events {
		h.note(changes.Events[i].ID)
	}
	for i := range changes.Transactions {
		h.note(changes.Transactions[i].ID)
		for j := range changes.Transactions[i].Entries {
			h.note(changes.Transactions[i].Entries[j].ID)
		}
	}
}

func noteAll[T any](h *highest, changes []store.Change[T], id func(*T) ident.ID) {
	for i := range changes {
		h.note(id(&changes[i].Value))
	}
}
