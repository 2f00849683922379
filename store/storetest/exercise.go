package storetest

import (
	"testing"

	"florin/store"
)

// Exercise runs the suite. open returns a fresh and empty store, and closes it
// by t.Cleanup; every case opens one of its own.
func Exercise(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	groups := []struct {
		name  string
		cases map[string]func(*fixture)
	}{
		{"payment", paymentCases},
		{"refund", refundCases},
		{"search", searchCases},
		{"dispute", disputeCases},
		{"method", methodCases},
		{"transfer", transferCases},
		{"batch", batchCases},
		{"claim", claimCases},
		{"ledger", ledgerCases},
		{"event", eventCases},
		{"due", dueCases},
		{"access", accessCases},
		{"tx", txCases},
		{"snapshot", snapshotCases},
		{"wallet", walletCases},
		{"report", reportCases},
	}
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for name, run := range group.cases {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					run(newFixture(t, open(t)))
				})
			}
		})
	}
}
