package sqlite

import (
	"context"
	"errors"
	"fmt"

	"florin/access"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// tx is a shard's writing transaction. There is one a shard, used again and
// again, while its holder has the writer's turn.
type tx struct {
	sh       *shard
	open     bool
	counters counters // as they will be after the commit
	// accounts are those loaded, made or written.
	accounts map[ledger.Key]account
	changed  []account // of the present Write
	// won are the claims to insert.
	won []store.Claim
	// changes are what was written, for the memory of recent payments.
	changes *store.Changes
}

// handle is what a caller holds: it does nothing once its Tx has ended.
type handle struct{ tx *tx }

// Begin opens the writing Tx of a shard.
func (s *Store) Begin(ctx context.Context, shard int) (store.Tx, error) {
	sh := s.shards[shard]
	if err := sh.take(ctx); err != nil {
		return nil, err
	}
	if err := sh.begin(); err != nil {
		sh.give()
		return nil, err
	}
	return &handle{&sh.tx}, nil
}

func (sh *shard) begin() error {
	err := sh.writer.run(beginImmediate)
	if err == nil {
		if err = sh.refresh(); err != nil {
			sh.rollback()
		}
	}
	if err != nil {
		return fmt.Errorf("store/sqlite: begin on shard %d: %w", sh.number, err)
	}
	t := &sh.tx
	t.open, t.counters, t.changes = true, sh.counters, nil
	t.won = t.won[:0]
	if t.accounts == nil {
		t.accounts = map[ledger.Key]account{}
	}
	clear(t.accounts)
	return nil
}

// rollback ends what the writer has begun.
func (sh *shard) rollback() {
	if sh.writer.inTx() {
		if err := sh.writer.run(rollbackTx); err != nil {
			sh.forget()
		}
	}
}

var errEnded = errors.New("store/sqlite: the Tx has ended")

// do runs a step of the Tx; an error ends it.
func (h *handle) do(ctx context.Context, what string, step func(*tx) error) error {
	if h.tx == nil {
		return errEnded
	}
	err := step(h.tx)
	if err == nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", store.ErrUnavailable, ctx.Err())
	}
	if err != nil {
		number := h.tx.sh.number
		h.Rollback()
		return fmt.Errorf("store/sqlite: %s on shard %d: %w", what, number, err)
	}
	return nil
}

// Rollback ends the Tx without a trace.
func (h *handle) Rollback() {
	if h.tx == nil {
		return
	}
	sh := h.tx.sh
	h.tx.open, h.tx = false, nil
	sh.rollback()
	sh.give()
}

// Slot returns the slot of system accounts: the files have one writer, and one
// slot.
func (h *handle) Slot() int { return 0 }

// Claim claims unique keys.
func (h *handle) Claim(ctx context.Context, claims []store.Claim) (holders []*store.Claim, err error) {
	err = h.do(ctx, "claim", func(t *tx) error {
		holders, err = t.claim(claims)
		return err
	})
	return holders, err
}

// Load reads what keys name; accounts are made.
func (h *handle) Load(ctx context.Context, keys store.Keys) (state store.State, err error) {
	err = h.do(ctx, "load", func(t *tx) error {
		state, err = t.load(keys)
		return err
	})
	return state, err
}

// Write writes the changes.
func (h *handle) Write(ctx context.Context, changes *store.Changes) error {
	return h.do(ctx, "write", func(t *tx) error { return t.write(changes) })
}

// Commit makes the Tx durable.
func (h *handle) Commit(context.Context) error {
	if h.tx == nil {
		return errEnded
	}
	t := h.tx
	h.tx = nil
	defer t.sh.give()
	return t.commit()
}

func (t *tx) load(keys store.Keys) (store.State, error) {
	state := store.State{
		Payments: make(map[ident.ID]payment.Payment, len(keys.Payments)),
		Methods:  make(map[ident.ID]vault.PaymentMethod, len(keys.Methods)),
		Accounts: make(map[ledger.Key]ledger.Account, len(keys.Accounts)),
		APIKeys:  make(map[ident.ID]access.APIKey, len(keys.APIKeys)),

		Transfers: make(map[ident.ID]wallet.Transfer, len(keys.Transfers)),
		Received:  make(map[ident.ID]wallet.Transfer, len(keys.Received)),
		Batches:   make(map[ident.ID]payment.Batch, len(keys.Batches)),
		Holds:     make(map[ident.ID]wallet.Hold, len(keys.Holds)),
	}
	if err := t.loadPayments(keys.Payments, state.Payments); err != nil {
		return state, err
	}
	if err := loadEach(keys.Methods, state.Methods, t.method); err != nil {
		return state, err
	}
	if err := loadEach(keys.APIKeys, state.APIKeys, t.sh.writer.apiKey); err != nil {
		return state, err
	}
	if err := loadEach(keys.Transfers, state.Transfers, t.sh.writer.transfer); err != nil {
		return state, err
	}
	if err := loadEach(keys.Received, state.Received, t.sh.writer.received); err != nil {
		return state, err
	}
	if err := loadEach(keys.Batches, state.Batches, t.sh.writer.batch); err != nil {
		return state, err
	}
	if err := loadEach(keys.Holds, state.Holds, t.sh.writer.hold); err != nil {
		return state, err
	}
	return state, t.loadAccounts(keys.Accounts, state.Accounts)
}

// loadEach reads the rows of ids, leaving out what does not exist.
func loadEach[T any](ids []ident.ID, into map[ident.ID]T, read func(ident.ID) (T, error)) error {
	for _, id := range ids {
		switch row, err := read(id); {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		default:
			into[id] = row
		}
	}
	return nil
}

func (t *tx) write(changes *store.Changes) error {
	t.changes = changes
	t.noteAll(changes)
	for _, step := range []func() error{
		func() error { return t.writeClaims(changes) },
		func() error { return payments.write(t, changes.Payments) },
		func() error { return attempts.write(t, changes.Attempts) },
		func() error { return captures.write(t, changes.Captures) },
		func() error { return refunds.write(t, changes.Refunds) },
		func() error { return disputes.write(t, changes.Disputes) },
		func() error { return methods.write(t, changes.Methods) },
		func() error { return apiKeys.write(t, changes.APIKeys) },
		func() error { return transfers.write(t, changes.Transfers) },
		func() error { return t.writeReceived(changes.Received) },
		func() error { return t.writeBatches(changes) },
		func() error { return holds.write(t, changes.Holds) },
		func() error { return payouts.write(t, changes.Payouts) },
		func() error { return t.writeTransactions(changes.Transactions) },
		func() error { return t.writeAccounts(changes.Accounts) },
		func() error { return t.writeEvents(changes.Events) },
		func() error { return t.writeGroup(changes.Group) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// commit commits and, when it is done, tells the shard what is known now.
func (t *tx) commit() error {
	sh := t.sh
	t.open = false
	err := sh.writer.run(commitTx)
	if err == nil {
		sh.counters = t.counters
		sh.learnAccounts(t.accounts)
		if t.changes != nil {
			sh.recent.apply(t.changes)
		}
		sh.check.notice()
		return nil
	}
	sh.rollback()
	sh.forget()
	var failure *driverError
	if errors.As(err, &failure) && failure.doubtful() {
		err = fmt.Errorf("%w: %w", store.ErrCommitUnknown, err)
	}
	return fmt.Errorf("store/sqlite: commit on shard %d: %w", sh.number, err)
}
