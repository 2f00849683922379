//go:build services

package postgres_test

import (
	"errors"
	"testing"

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
