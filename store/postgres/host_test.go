//go:build services

package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"florin/event"
	"florin/store"
)

// TestOldPrimary: once a process knows that another server has taken over, it neither
// writes to the old one nor reads from it, through connections that it has either.
func TestOldPrimary(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	c, s := connect(t, cfg, 0), open(t, cfg)
	expectWorks(t, s)
	s.Supersede(0)
	p := newPayment(ids.New(4))
	if err := walk(t.Context(), s, p, ids.New(0), func(string) {}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a Tx on the old primary: %v", err)
	}
	if _, err := s.Payment(t.Context(), p.ID); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a read from the old primary: %v", err)
	}
	exec(t, c, "UPDATE meta SET epoch = epoch + 1, timeline = timeline + 1") // it is the new one now
	expectWorks(t, s)
	if isThere(t, s, p) {
		t.Error("the old primary was written to")
	}
}

// TestNewPrimary: two processes find at once that another server has become the
// primary, while a Tx of before ends there: the epoch rises once, both go on, and what
// is written from then on stands behind all that the old one may have had.
func TestNewPrimary(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	c := connect(t, cfg, 0)
	exec(t, c, "UPDATE meta SET timeline = 0")
	exec(t, c, insertEvent)
	slow := beginTx(t, cfg)
	if _, err := slow.Exec(t.Context(), insertEvent); err != nil {
		t.Fatal(err)
	}
	var opening sync.WaitGroup
	for range 2 {
		opening.Go(func() {
			s := open(t, cfg)
			if err := walkEvent(t, s); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	if err := slow.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	opening.Wait()
	var epoch, base int64
	if err := c.QueryRow(t.Context(), "SELECT epoch, base FROM meta").Scan(&epoch, &base); err != nil ||
		epoch != 2 || base != 1<<20 {
		t.Errorf("epoch %d, base %d, %v", epoch, base, err)
	}
	s := open(t, cfg)
	expectEvents(t, s, 4)
	events, err := s.Events(t.Context(), 0, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if skipped := events[2].Position - events[1].Position; skipped < event.Position(1<<40) {
		t.Errorf("between the primaries are %d positions", skipped)
	}
}
