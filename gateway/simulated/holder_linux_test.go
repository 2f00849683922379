package simulated_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"florin/gateway"
	"florin/gateway/simulated"
)

// hold makes NAME.lock say that the process of that number decides and appends.
func hold(t *testing.T, dir string, number uint64) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "test.lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteAt(binary.NativeEndian.AppendUint64(nil, number), 0); err != nil {
		t.Fatal(err)
	}
}

// TestDeadHolder holds that nobody waits for a process that died in its turn,
// whether it left a journal or not.
func TestDeadHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	g := open(t, simulated.Config{Dir: dir})
	want(t, gateway.Approved, "")(g.Charge(t.Context(), newCharge(1)))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for _, number := range []uint64{1, 77} {
		hold(t, dir, number)
		g := open(t, simulated.Config{Dir: dir})
		want(t, gateway.Approved, "")(g.Charge(t.Context(), newCharge(1)))
	}
	if n := len(journal(t, dir)); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

// TestStoppedHolder holds that a call that waits for a living process ends with
// its context, and that Resolve does not wait.
func TestStoppedHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := open(t, simulated.Config{Dir: dir}), open(t, simulated.Config{Dir: dir})
	c := newCharge(1)
	want(t, gateway.Approved, "")(first.Charge(t.Context(), c))
	hold(t, dir, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := second.Charge(ctx, newCharge(1))
	if !errors.Is(err, gateway.ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	want(t, gateway.Approved, "")(second.Resolve(t.Context(), c.Operation))
	hold(t, dir, 0)
	want(t, gateway.Approved, "")(second.Charge(t.Context(), newCharge(1)))
}
