package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAuditWithoutTheJournals says where it has looked, and nothing of the books.
func TestAuditWithoutTheJournals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, dir, false)
	audited := func() result { return florin(t, "audit", "--data", dir) }
	r.stop()
	journals := filepath.Join(dir, "gateway")
	remove := func() {
		if err := os.RemoveAll(journals); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	if got := audited(); got.code != 0 || !strings.Contains(got.out, "the books are right") {
		t.Errorf("where nothing was charged: %+v", got)
	}
	r = start(t, dir, false)
	r.pay(r.key())
	r.stop()
	remove()
	got := audited()
	for _, want := range []string{"the journal of gateway simulated is not there", journals, "--data"} {
		if got.code != 1 || !strings.Contains(got.err, want) || strings.Contains(strings.ToLower(got.out), "books are") {
			t.Errorf("want %q, got %+v", want, got)
		}
	}
}
