//go:build services

package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
)

// TestSnapshotOfMany visits more rows than are read at a time, some without a
// parent, at the beginning, between chunks and at the end.
func TestSnapshotOfMany(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	s.Fill(t, 0, filling...)
	lost := []int64{1, 999, 1000, 1001, 3000, 4999, 5000}
	for _, n := range lost {
		s.Fill(t, 0, fmt.Sprintf("DELETE FROM payments WHERE id = uuid7(%d, 1, %d)", n, 1+n%50),
			fmt.Sprintf("DELETE FROM ledger_transactions WHERE id = uuid7(%d, 6, %d)", n, 1+n%50))
	}
	// An entry far from its transaction's others.
	s.Fill(t, 0, "UPDATE ledger_entries SET id = uuid7(4500, 99, 1) WHERE id = uuid7(50, 7, 1)")
	v, err := s.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Close() }()

	expectPayments(t, v, lost)
	expectTransactions(t, v, lost)
	expectOthers(t, v)
}

// expectPayments visits payments that were filled in, those that are lost as
// orphans of which only children are left.
func expectPayments(t *testing.T, v store.Snapshot, lost []int64) {
	t.Helper()
	n := int64(0)
	err := v.Payments(t.Context(), func(p payment.Payment) error {
		n++
		orphan := slices.Contains(lost, n)
		switch {
		case p.ID != fillID(n, 1):
			return fmt.Errorf("the %dth payment is %s", n, p.ID.Text(ident.Payment))
		case len(p.Attempts) != 1 || len(p.Captures) != 1 || len(p.Refunds) != 1 || len(p.Disputes) != 1:
			return fmt.Errorf("the %dth payment lacks children: %+v", n, p)
		case orphan != (p.Version == 0):
			return fmt.Errorf("the %dth payment: orphan %v, %+v", n, orphan, p)
		case p.Attempts[0].ID != fillID(n, 2) || p.Disputes[0].ID != fillID(n, 5):
			return fmt.Errorf("the %dth payment has another's children", n)
		}
		return nil
	})
	if err != nil || n != 5_000 {
		t.Errorf("%d payments, %v", n, err)
	}
}

// expectTransactions visits transactions, then the entries of those that are lost
// and the one that is elsewhere.
func expectTransactions(t *testing.T, v store.Snapshot, lost []int64) {
	t.Helper()
	whole, strays := 0, map[ident.ID]int{}
	err := v.Transactions(t.Context(), func(tx ledger.Transaction) error {
		switch {
		case tx.UserID == 0:
			strays[tx.ID] += len(tx.Entries)
		case len(strays) > 0:
			return errors.New("a transaction comes after entries without one")
		case tx.ID == fillID(50, 6):
			if len(tx.Entries) != 1 {
				return fmt.Errorf("the transaction with an entry elsewhere has %d", len(tx.Entries))
			}
		case len(tx.Entries) != 2 || tx.Entries[0].Account.Name != ledger.Wallet(tx.UserID) ||
			tx.Entries[1].Account.Name != ledger.Sales:
			return fmt.Errorf("a transaction with entries %+v", tx.Entries)
		default:
			whole++
		}
		return nil
	})
	want := map[ident.ID]int{fillID(50, 6): 1}
	for _, n := range lost {
		want[fillID(n, 6)] = 2
	}
	if err != nil || whole != 5_000-len(lost)-1 || fmt.Sprint(strays) != fmt.Sprint(want) {
		t.Errorf("%d transactions, strays %v, want %v; %v", whole, strays, want, err)
	}
}

func expectOthers(t *testing.T, v store.Snapshot) {
	t.Helper()
	var last event.Position
	events := 0
	err := v.Events(t.Context(), func(e event.Stored) error {
		if e.Position <= last {
			return fmt.Errorf("position %d after %d", e.Position, last)
		}
		last = e.Position
		events++
		return nil
	})
	if err != nil || events != 5_000 {
		t.Errorf("%d events, %v", events, err)
	}
	accounts := 0
	err = v.Accounts(t.Context(), func(ledger.Account) error { accounts++; return nil })
	if err != nil || accounts != 51 {
		t.Errorf("%d accounts, %v", accounts, err)
	}
}

// TestSnapshotOfAMissingAccount tells of an entry whose account is not there,
// rather than leaving it out.
func TestSnapshotOfAMissingAccount(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	s.Fill(t, 0, filling...)
	s.Fill(t, 0, "DELETE FROM accounts WHERE id = 7")
	v, err := s.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	err = v.Transactions(t.Context(), func(ledger.Transaction) error { return nil })
	if err == nil || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
}
