package simulated_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
)

func init() { roles["full"] = chargeUntilFull }

// chargeUntilFull charges on a disk that is full after 10,000 bytes, which is in
// the middle of a line, and goes on when there is room again.
func chargeUntilFull(w io.Writer) int {
	signal.Ignore(syscall.SIGXFSZ)
	g, err := simulated.Open(simulated.Config{Name: "test", Dir: os.Getenv(dirVariable), Chance: seeded(1)})
	if err != nil {
		return 1
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return 1
	}
	limit.Cur = 10_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return 1
	}
	for i := range 200 {
		c := newCharge(100)
		_, err := g.Charge(context.Background(), c)
		got, errResolve := g.Resolve(context.Background(), c.Operation)
		fmt.Fprintf(w, "%x %t %t %s\n", c.Operation, err == nil, errors.Is(err, gateway.ErrNotSent), got.Status)
		if i == 100 {
			limit.Cur = limit.Max
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil || errResolve != nil {
				return 1
			}
		}
	}
	return 0
}

// TestFull holds that an operation that cannot be written has not happened, and
// leaves no part of a line that the next one would be glued to.
func TestFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, lines := play(t, "full", dir)
	approved := map[ident.ID]bool{}
	total := 0
	for lines.Scan() {
		var operation, status string
		var answered, notSent bool
		if _, err := fmt.Sscan(lines.Text(), &operation, &answered, &notSent, &status); err != nil {
			t.Fatal(err)
		}
		if answered == notSent || answered != (status == string(gateway.Approved)) {
			t.Fatalf("answered %t, not sent %t, then resolved to %s", answered, notSent, status)
		}
		var id ident.ID
		if _, err := hex.Decode(id[:], []byte(operation)); err != nil {
			t.Fatal(err)
		}
		if total++; answered {
			approved[id] = true
		}
	}
	if err := cmd.Wait(); err != nil || total != 200 || len(approved) < 110 || len(approved) > 190 {
		t.Fatalf("%d of %d charges approved, %v", len(approved), total, err)
	}
	for _, e := range journal(t, dir) {
		if !approved[e.Operation] {
			t.Errorf("%x is in the journal", e.Operation)
		}
		delete(approved, e.Operation)
	}
	if len(approved) != 0 {
		t.Errorf("%d are not in the journal", len(approved))
	}
}
