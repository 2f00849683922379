package flow_test

import (
	"testing"

	"florin/audit"
	"florin/gateway/simulated"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/ledger"
	"florin/store"
)

// audited checks every invariant of the store against the gateways.
func (w *world) audited(t testing.TB) audit.Report {
	t.Helper()
	journals := map[string]audit.Journal{}
	for _, g := range w.gateways {
		journals[g.Name()] = simulated.Audit(g.Entries)
	}
	report, err := audit.Run(t.Context(), audit.Config{
		Store: w.store, Journals: journals, Clock: clock.System{}, Each: loop.Each, Again: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, invariant := range report.Invariants {
		for _, row := range invariant.Rows {
			t.Errorf("%s: %s %s", invariant.Name, row.ID, row.What)
		}
	}
	return report
}

// balance sums a USD account over all shards.
func (w *world) balance(t testing.TB, name ledger.Name) (sum int64) {
	t.Helper()
	for shard := range w.store.Shards() {
		snapshot, err := w.store.Snapshot(t.Context(), shard)
		if err != nil {
			t.Fatal(err)
		}
		sum += balanceIn(t, snapshot, name)
		if err := snapshot.Close(); err != nil {
			t.Error(err)
		}
	}
	return sum
}

func balanceIn(t testing.TB, snapshot store.Snapshot, name ledger.Name) (sum int64) {
	t.Helper()
	err := snapshot.Accounts(t.Context(), func(a ledger.Account) error {
		if minor, ok := a.Balance.Int64(); ok && a.Name == name && a.Currency == "USD" {
			sum += minor
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// wantBalances holds some accounts against what they should be.
func (w *world) wantBalances(t testing.TB, want map[ledger.Name]int64) {
	t.Helper()
	for name, minor := range want {
		if got := w.balance(t, name); got != minor {
			t.Errorf("%s is %d, want %d", name, got, minor)
		}
	}
}
