package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"florin/access"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// locking is a statement that reads rows by their ids and locks them, in order.
func locking(columns, table string) *statement {
	return define(`SELECT `+columns+` FROM `+table+` WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE`,
		pgtype.UUIDArrayOID)
}

// following is a statement that reads payments' children, under the payments'
// locks.
func following(columns, table string) *statement {
	return define(`SELECT `+columns+` FROM `+table+` WHERE payment = ANY($1) ORDER BY payment, id`,
		pgtype.UUIDArrayOID)
}

var (
	loadPayments = locking(paymentColumns, "payments")
	loadAttempts = following(attemptColumns, "attempts")
	loadCaptures = following(captureColumns, "captures")
	loadRefunds  = following(refundColumns, "refunds")
	loadDisputes = following(disputeColumns, "disputes")
	// Payment methods are read without a lock: a charge changes none, and of two who
	// change one the second finds its version's event taken.
	loadMethods = define(`SELECT `+methodColumns+` FROM payment_methods WHERE id = ANY($1) ORDER BY id`,
		pgtype.UUIDArrayOID)
	loadAPIKeys   = locking(apiKeyColumns, "api_keys")
	loadTransfers = locking(transferColumns, "transfers")
	loadReceived  = locking(transferColumns, "received_transfers")
	loadBatches   = locking(batchColumns, "batches")
	loadHolds     = locking(holdColumns, "holds")
)

// load reads and locks what keys name, behind what is in the pipe.
func (t *tx) load(ctx context.Context, p *pipe, keys store.Keys) (store.State, error) {
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
	known, unknown := t.sh.known(keys.Accounts)
	p.makeAccounts(unknown)
	p.loadPayments(keys.Payments, state.Payments)
	loadInto(p, loadMethods, keys.Methods, state.Methods, func(r *row) (ident.ID, vault.PaymentMethod) {
		m := r.method()
		return m.ID, m
	})
	loadInto(p, loadAPIKeys, keys.APIKeys, state.APIKeys, func(r *row) (ident.ID, access.APIKey) {
		k := r.apiKey()
		return k.ID, k
	})
	transferByID := func(r *row) (ident.ID, wallet.Transfer) {
		v := r.transfer()
		return v.ID, v
	}
	loadInto(p, loadTransfers, keys.Transfers, state.Transfers, transferByID)
	loadInto(p, loadReceived, keys.Received, state.Received, transferByID)
	loadInto(p, loadBatches, keys.Batches, state.Batches, func(r *row) (ident.ID, payment.Batch) {
		b := r.batch()
		return b.ID, b
	})
	loadInto(p, loadHolds, keys.Holds, state.Holds, func(r *row) (ident.ID, wallet.Hold) {
		h := r.hold()
		return h.ID, h
	})
	t.fresh = unknown
	t.loadAccounts(p, known, unknown, state.Accounts)
	if len(p.steps) == 0 && p.err == nil {
		return state, nil
	}
	if _, _, err := t.trip(ctx, p, false); err != nil {
		return state, err
	}
	for _, finish := range p.after {
		finish()
	}
	for _, key := range keys.Accounts {
		if _, ok := state.Accounts[key]; !ok {
			t.sh.unlearn(keys.Accounts)
			return state, fmt.Errorf("%w: account %s is gone", store.ErrConflict, key.Name)
		}
	}
	return state, nil
}

// loadInto queues the reading of rows by their ids.
func loadInto[T any](
	p *pipe, s *statement, ids []ident.ID, into map[ident.ID]T, read func(*row) (ident.ID, T),
) {
	if len(ids) == 0 {
		return
	}
	p.queue(s, func(r *row) error {
		id, value := read(r)
		into[id] = value
		return nil
	}, idsParam(ids))
}

// loadPayments queues the reading of payments, and then of their children.
func (p *pipe) loadPayments(ids []ident.ID, into map[ident.ID]payment.Payment) {
	if len(ids) == 0 {
		return
	}
	param := idsParam(ids)
	found := make(map[ident.ID]*payment.Payment, len(ids))
	p.queue(loadPayments, func(r *row) error {
		v := r.payment()
		found[v.ID] = &v
		return nil
	}, param)
	for _, children := range []struct {
		*statement
		read func(*row)
	}{
		{loadAttempts, func(r *row) {
			if c := r.attempt(); found[c.Payment] != nil {
				found[c.Payment].Attempts = append(found[c.Payment].Attempts, c)
			}
		}},
		{loadCaptures, func(r *row) {
			if c := r.capture(); found[c.Payment] != nil {
				found[c.Payment].Captures = append(found[c.Payment].Captures, c)
			}
		}},
		{loadRefunds, func(r *row) {
			if c := r.refund(); found[c.Payment] != nil {
				found[c.Payment].Refunds = append(found[c.Payment].Refunds, c)
			}
		}},
		{loadDisputes, func(r *row) {
			if c := r.dispute(); found[c.Payment] != nil {
				found[c.Payment].Disputes = append(found[c.Payment].Disputes, c)
			}
		}},
	} {
		p.queue(children.statement, func(r *row) error {
			children.read(r)
			return nil
		}, param)
	}
	p.after = append(p.after, func() {
		for id, v := range found {
			into[id] = *v
		}
	})
}
