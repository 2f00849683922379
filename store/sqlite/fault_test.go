package sqlite_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"florin/ident"
	"florin/store"
	"florin/store/sqlite"
)

func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := open(t, sqlite.Config{Shards: 2})
	w := newWorkload(s, 100)
	if err := w.group(t.Context(), 0, 100); err != nil {
		t.Fatal(err)
	}
	if err := s.LimitPages(0, 3); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.group(t.Context(), 0, 200); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("error is %v, want %v", err, store.ErrUnavailable)
		}
		if n := audit(t, s); n != 100 {
			t.Errorf("%d payments, want 100", n)
		}
	}
	if err := w.group(t.Context(), 1, 200); err != nil {
		t.Errorf("the other shard: %v", err)
	}
	if err := s.LimitPages(0, 100_000); err != nil {
		t.Fatal(err)
	}
	if err := w.group(t.Context(), 0, 200); err != nil {
		t.Fatalf("when there is room again: %v", err)
	}
	if n := audit(t, s); n != 500 {
		t.Errorf("%d payments, want 500", n)
	}
}

// TestCommitUnknown lets the log's sync fail: the answer is unknown, Committed
// tells, and the shard goes on with what was really committed.
func TestCommitUnknown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, sqlite.Config{Dir: dir, Shards: 1})
	w := newWorkload(s, 100)
	kept, lost := w.payment(1), w.payment(2)
	commit(t, s, 0, store.Changes{Group: w.ids.New(0), Payments: fresh(kept)})
	mended := s.FailSync(0)
	changes := store.Changes{Group: w.ids.New(0), Payments: fresh(lost)}
	if err := tryCommit(t, s, 0, changes); !errors.Is(err, store.ErrCommitUnknown) {
		t.Fatalf("error is %v, want %v", err, store.ErrCommitUnknown)
	}
	committed, err := s.Committed(t.Context(), 0, changes.Group)
	if err != nil || committed {
		t.Fatalf("committed is %v, %v", committed, err)
	}
	// Nor will it be, should the process die now.
	copied := open(t, sqlite.Config{Dir: copyStore(t, dir)})
	if _, err := copied.Payment(t.Context(), kept.ID); err != nil {
		t.Error(err)
	}
	if _, err := copied.Payment(t.Context(), lost.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after a crash the payment that was not committed is there: %v", err)
	}
	mended()
	commit(t, s, 0, changes) // the same again, as the committer does
	for _, p := range []ident.ID{kept.ID, lost.ID} {
		if _, err := s.Payment(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
	if err := w.group(t.Context(), 0, 50); err != nil {
		t.Error(err)
	}
	if n := audit(t, s); n != 50 {
		t.Errorf("%d payments, want 50", n)
	}
}

func TestCommittedForgets(t *testing.T) {
	t.Parallel()
	s := open(t, sqlite.Config{Shards: 1})
	ids := newWorkload(s, 10).ids
	first := ids.New(0)
	for group := first; ; group = ids.New(0) {
		commit(t, s, 0, store.Changes{Group: group})
		n, err := s.Query(0, `SELECT count(*) FROM commits`)
		if err != nil || n > sqlite.RingSize {
			t.Fatalf("%d groups are kept, %v", n, err)
		}
		known, err := s.Committed(t.Context(), 0, first)
		if err != nil {
			t.Fatal(err)
		}
		if !known {
			if n != sqlite.RingSize {
				t.Errorf("the first was forgotten when %d were kept", n)
			}
			return
		}
	}
}

// TestEveryCommitIsSynced: before a commit returns the system has synced the
// log, and nothing of it waits in memory.
func TestEveryCommitIsSynced(t *testing.T) {
	t.Parallel()
	s := open(t, sqlite.Config{Shards: 1})
	w := newWorkload(s, 100)
	commit(t, s, 0, store.Changes{Group: w.ids.New(0)})
	count, waiting := s.CountSyncs(0)
	for n := range 20 {
		before := count()
		commit(t, s, 0, store.Changes{Group: w.ids.New(0), Payments: fresh(w.payment(int64(1 + n)))})
		if count() == before {
			t.Fatal("a commit returned without a sync")
		}
		if left := waiting(); left != 0 {
			t.Fatalf("after a commit %d bytes of the log wait in memory", left)
		}
	}
}

// TestSearchesHoldNobodyUp: when all connections for searches are in use, what
// is asked by id is answered.
func TestSearchesHoldNobodyUp(t *testing.T) {
	t.Parallel()
	s := open(t, sqlite.Config{Shards: 1})
	w := newWorkload(s, 100)
	p := w.payment(1)
	commit(t, s, 0, store.Changes{Group: w.ids.New(0), Payments: fresh(p)})
	release := s.HoldScans(0)
	if _, err := s.Payment(t.Context(), p.ID); err != nil {
		t.Error(err)
	}
	if err := s.Ping(t.Context(), 0); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	query := store.PaymentQuery{Page: store.Page{Limit: 1}}
	if _, err := s.Payments(ctx, 0, query); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a search without a connection: %v", err)
	}
	release()
	if found, err := s.Payments(t.Context(), 0, query); err != nil || len(found) != 1 {
		t.Errorf("%d found, %v", len(found), err)
	}
}
