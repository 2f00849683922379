package sqlite_test

import (
	"testing"
	"time"

	"florin/store/sqlite"
)

func TestRawInserts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	perSecond, err := sqlite.RawInserts(t.Context(), dir, 64, 200*time.Millisecond)
	if err != nil || perSecond <= 0 {
		t.Fatalf("%v, %v", perSecond, err)
	}
	s := open(t, sqlite.Config{Dir: dir})
	for shard := range s.Shards() {
		for _, table := range []string{"claims", "attempts", "captures", "ledger_transactions"} {
			missing, err := s.Query(shard, `SELECT (SELECT count(*) FROM payments) - count(*) FROM `+table)
			if err != nil || missing != 0 {
				t.Errorf("%s: %d missing, %v", table, missing, err)
			}
		}
		events, err := s.Query(shard, `SELECT 3 * (SELECT count(*) FROM payments) - count(*) FROM events`)
		if err != nil || events != 0 {
			t.Errorf("%d events are missing, %v", events, err)
		}
	}
}
