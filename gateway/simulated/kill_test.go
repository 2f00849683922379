package simulated_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"testing"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
)

// The test's own program plays other processes: this variable says which, and
// dirVariable where.
const (
	roleVariable = "FLORIN_SIMULATED_TEST_ROLE"
	dirVariable  = "FLORIN_SIMULATED_TEST_DIR"
)

var roles = map[string]func(io.Writer) int{"charge": chargeForEver, "same": chargeTheSame}

// chargeForEver charges, and writes the operation of each approved charge once it
// has been answered.
func chargeForEver(w io.Writer) int {
	g, err := simulated.Open(simulated.Config{Name: "test", Dir: os.Getenv(dirVariable), Chance: seeded(1)})
	if err != nil {
		return 1
	}
	for {
		c := newCharge(100)
		got, err := g.Charge(context.Background(), c)
		if err != nil || got.Status != gateway.Approved {
			return 1
		}
		if _, err := io.WriteString(w, hex.EncodeToString(c.Operation[:])+"\n"); err != nil {
			return 1
		}
	}
}

// chargeTheSame makes 1000 charges that each process of this role makes, and 500
// refunds of its own that all go against the first charge.
func chargeTheSame(w io.Writer) int {
	ctx := context.Background()
	g, err := simulated.Open(simulated.Config{Name: "test", Dir: os.Getenv(dirVariable), Chance: seeded(1)})
	if err != nil {
		return 1
	}
	for i := range int64(1000) {
		c := gateway.Charge{
			Operation: ident.FromHalves(i+1, 1), Payment: ident.FromHalves(i+1, 2), Amount: euros(1000), Card: good,
			Capture: true,
		}
		if got, err := g.Charge(ctx, c); err != nil || got.Status != gateway.Approved {
			return 1
		}
		if i%2 == 0 {
			r := gateway.Refund{Operation: ids.New(int64(os.Getpid())), Charge: ident.FromHalves(1, 1), Amount: euros(1)}
			if _, err := g.Refund(ctx, r); err != nil {
				return 1
			}
		}
	}
	if _, err := io.WriteString(w, "done\n"); err != nil {
		return 1
	}
	return 0
}

// play starts the program in a role.
func play(t *testing.T, role, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, bufio.NewScanner(out)
}

// TestKill holds that what was answered outlives kill -9.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var answered []ident.ID
	for range 3 {
		cmd, lines := play(t, "charge", dir)
		count := 0
		for lines.Scan() {
			var id ident.ID
			if _, err := hex.Decode(id[:], lines.Bytes()); err != nil {
				break // a torn line of output
			}
			answered = append(answered, id)
			if count++; count == 1000 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		if count < 1000 {
			t.Fatalf("only %d charges", count)
		}
	}
	g := open(t, simulated.Config{Dir: dir})
	for _, id := range answered {
		want(t, gateway.Approved, "")(g.Resolve(t.Context(), id))
	}
	// Who was killed holds no lock any more.
	want(t, gateway.Approved, "")(g.Charge(t.Context(), newCharge(1)))
}

// TestSameOperations holds that processes that are given the same operations
// charge each once.
func TestSameOperations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	roles := []*bufio.Scanner{}
	for range 3 {
		_, lines := play(t, "same", dir)
		roles = append(roles, lines)
	}
	for _, lines := range roles {
		if !lines.Scan() || lines.Text() != "done" {
			t.Fatalf("a process ended with %q", lines.Text())
		}
	}
	seen := map[ident.ID]int{}
	var refunded int64
	for _, e := range journal(t, dir) {
		if seen[e.Operation]++; e.Kind == simulated.KindRefund && e.Outcome.Status == gateway.Approved {
			refunded += e.Amount.Minor
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%x stands %d times in the journals", id, n)
		}
	}
	if refunded != 1000 || len(seen) < 1000 {
		t.Errorf("%d operations, %d refunded of one charge of 1000", len(seen), refunded)
	}
}
