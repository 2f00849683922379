package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/money"
	"florin/store"
	"florin/store/memory"
	"florin/wallet"
	"florin/worker"
)

// driver notes what it is handed, and fails when told to.
type driver struct {
	driven []wallet.Transfer
	err    error
}

func (d *driver) DriveTransfers(_ context.Context, transfers []wallet.Transfer) error {
	d.driven = append(d.driven, transfers...)
	return d.err
}

// TestTransferStep: what is old enough is driven, a bounded number at a time; who
// cannot be driven holds nobody up, and has another turn.
func TestTransferStep(t *testing.T) {
	t.Parallel()
	s, err := memory.New(2)
	if err != nil {
		t.Fatal(err)
	}
	now := clock.NewManual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	ids := ident.NewSource(0, now.Now, func() uint64 { return 1 })
	changes := store.Changes{Group: ids.New(0)}
	var made []ident.ID
	for range 5 {
		t := wallet.Transfer{
			ID: ids.New(2), FromUserID: 2, ToUserID: 1, Amount: money.Amount{Minor: 1, Currency: "EUR"},
			Status: wallet.TransferPending, Version: 1,
		}
		made = append(made, t.ID)
		changes.Transfers = append(changes.Transfers, store.Change[wallet.Transfer]{Value: t, New: true})
	}
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Load(t.Context(), store.Keys{})
	if err := errors.Join(err, tx.Write(t.Context(), &changes), tx.Commit(t.Context())); err != nil {
		t.Fatal(err)
	}
	d := &driver{err: errors.New("the receiver's shard is away")}
	w := worker.NewTransfer(worker.TransferConfig{Shard: 0, Store: s, Flow: d, Clock: now, Limit: 2})
	if p, err := w.Step(t.Context()); err != nil || p.Asked != 0 {
		t.Fatalf("what was made just now is driven: %+v, %v", p, err)
	}
	now.Advance(11 * time.Second)
	for _, want := range []struct {
		asked int
		more  bool
		err   error // of all steps since the first, told by the last
	}{{2, true, nil}, {2, true, nil}, {1, false, d.err}, {2, true, nil}} {
		p, err := w.Step(t.Context())
		if !errors.Is(err, want.err) || p.Asked != want.asked || p.More != want.more {
			t.Fatalf("%+v, %v, want %+v", p, err, want)
		}
	}
	for i, got := range d.driven {
		if got.ID != made[i%5] {
			t.Errorf("number %d is %x, want %x", i, got.ID, made[i%5])
		}
	}
	if len(d.driven) != 7 {
		t.Errorf("%d were driven, want 7", len(d.driven))
	}
}
