package storetest

import (
	"context"

	"florin/ident"
	"florin/store"
)

// faulty is a store whose next Txs fail as they are told to.
type faulty struct {
	store.Store
	begun  int
	before []error // of the next commits, before they take effect
	after  []error // of the next commits, after they took effect
	asks   []error // of the next calls of Committed
}

func pop(errs *[]error) error {
	if len(*errs) == 0 {
		return nil
	}
	err := (*errs)[0]
	*errs = (*errs)[1:]
	return err
}

func (f *faulty) Begin(ctx context.Context, shard int) (store.Tx, error) {
	f.begun++
	tx, err := f.Store.Begin(ctx, shard)
	if err != nil {
		return nil, err
	}
	return &faultyTx{Tx: tx, store: f}, nil
}

func (f *faulty) Committed(ctx context.Context, shard int, group ident.ID) (bool, error) {
	if err := pop(&f.asks); err != nil {
		return false, err
	}
	return f.Store.Committed(ctx, shard, group)
}

type faultyTx struct {
	store.Tx
	store *faulty
}

func (t *faultyTx) Commit(ctx context.Context) error {
	if err := pop(&t.store.before); err != nil {
		t.Rollback()
		return err
	}
	if err := t.Tx.Commit(ctx); err != nil {
		return err
	}
	return pop(&t.store.after)
}
