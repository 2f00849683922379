//go:build services

package postgres_test

import (
	"errors"
	"testing"

	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/store/postgres"
)

func slotOf(t *testing.T, s store.Store) int {
	t.Helper()
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	return tx.Slot()
}

// TestSlots: stores on the same databases hold different slots, and the lowest
// free one is taken.
func TestSlots(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	first, third := open(t, cfg), open(t, cfg)
	second, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for want, s := range []store.Store{first, second, third, first} {
		if got := slotOf(t, s); got != want%3 {
			t.Errorf("the slot is %d, want %d", got, want%3)
		}
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if got := slotOf(t, open(t, cfg)); got != 1 {
		t.Errorf("the slot that was given back is 1; taken was %d", got)
	}
}

// TestSlotLost: a process whose slot another has taken notices before anything is
// written, and takes another.
func TestSlotLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]string{
		"taken":   "UPDATE slots SET holder = gen_random_uuid(), fence = fence + 1, seen_at = now() WHERE slot = 0",
		"expired": "UPDATE slots SET seen_at = now() - interval '61 s' WHERE slot = 0",
	} {
		cfg := fresh(t, 1)
		c, s := connect(t, cfg, 0), open(t, cfg)
		if slot := slotOf(t, s); slot != 0 {
			t.Fatalf("the slot is %d", slot)
		}
		exec(t, c, lose)
		want := 1
		if name == "expired" {
			if slot := slotOf(t, open(t, cfg)); slot != 0 {
				t.Errorf("an expired slot is not taken, but %d", slot)
			}
		}
		for _, step := range []string{"claim", "load", "commit"} {
			if name == "taken" {
				exec(t, c, `UPDATE slots SET holder = gen_random_uuid(), fence = fence + 1, seen_at = now()
					WHERE holder IS NOT NULL`)
			}
			p := newPayment(ids.New(4))
			err := writeAt(t, s, step, p)
			if step == "claim" || name == "taken" {
				if !errors.Is(err, store.ErrConflict) {
					t.Errorf("%s, %s: error is %v", name, step, err)
				}
				if _, err := s.Payment(t.Context(), p.ID); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s, %s: it was written: %v", name, step, err)
				}
				if got := slotOf(t, s); got != want {
					t.Errorf("%s, %s: the next slot is %d, want %d", name, step, got, want)
				}
				want++
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", name, step, err)
			}
		}
	}
}

// TestSlotsDoNotWait: while one process has a Tx open that posts to sales, another
// posts to sales too.
func TestSlotsDoNotWait(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	var open2 []store.Tx
	for _, s := range []store.Store{open(t, cfg), open(t, cfg)} {
		tx, err := s.Begin(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		key := ledger.Key{Name: ledger.Sales, Slot: tx.Slot(), Currency: money.Currency("EUR")}
		if _, err := tx.Load(t.Context(), store.Keys{Accounts: []ledger.Key{key}}); err != nil {
			t.Fatal(err)
		}
		open2 = append(open2, tx)
	}
	for _, tx := range open2 {
		if err := tx.Write(t.Context(), &store.Changes{Group: ids.New(0)}); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
