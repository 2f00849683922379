package memory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/store/memory"
	"florin/store/storetest"
)

func open(t *testing.T) store.Store {
	t.Helper()
	s, err := memory.New(4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, open)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	storetest.ExerciseGroups(t, open)
}

func TestShardsArePowerOfTwo(t *testing.T) {
	t.Parallel()
	for _, shards := range []int{-1, 0, 3, 6} {
		if _, err := memory.New(shards); err == nil {
			t.Errorf("%d shards were taken", shards)
		}
	}
}

// write writes a new payment of user 1 in a Tx, which it returns open.
func write(t *testing.T, s store.Store, ids *ident.Source) (store.Tx, ident.ID) {
	t.Helper()
	changes, err := payment.DecideCreate(payment.Create{
		ID: ids.New(1), UserID: 1, Amount: money.Amount{Minor: 100, Currency: "USD"},
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale,
	})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.Begin(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	err = tx.Write(t.Context(), &store.Changes{
		Group:    ids.New(1),
		Payments: []store.Change[payment.Payment]{{Value: changes.Payment, New: true}},
		Events:   changes.Events,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tx, changes.Payment.ID
}

func TestReopen(t *testing.T) {
	t.Parallel()
	s, err := memory.New(4)
	if err != nil {
		t.Fatal(err)
	}
	ids := ident.NewSource(0, time.Now, func() uint64 { return 0 })
	tx, kept := write(t, s, ids)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	tx, lost := write(t, s, ids)
	next := s.Reopen()

	if err := tx.Commit(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a Tx of a dead process commits with %v", err)
	}
	if _, err := s.Begin(t.Context(), 1); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a dead process begins with %v", err)
	}
	if _, err := s.Payment(t.Context(), kept); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a dead process reads with %v", err)
	}
	if _, err := next.Payment(t.Context(), kept); err != nil {
		t.Errorf("what was committed is read with %v", err)
	}
	if _, err := next.Payment(t.Context(), lost); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was not committed is read with %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tx, err = next.Begin(ctx, 1)
	if err != nil {
		t.Fatalf("the next process begins with %v", err)
	}
	tx.Rollback()
}
