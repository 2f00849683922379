package sim_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"florin/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// seeds returns how many seeds TestSeeds runs: 50, or what SIM_SEEDS says.
func seeds(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("SIM_SEEDS")
	if text == "" {
		return 50
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("SIM_SEEDS: %v", err)
	}
	return n
}

func TestSeeds(t *testing.T) {
	t.Parallel()
	for seed := range seeds(t) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			report, err := sim.Run(sim.Config{Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if report.Payments == 0 || report.Answers == 0 || report.Groups == 0 {
				t.Errorf("nothing happened: %+v", report)
			}
		})
	}
}

// TestSeedDecides runs a seed twice, beside other runs, and compares every line.
func TestSeedDecides(t *testing.T) {
	t.Parallel()
	hashes := map[string]uint64{}
	for seed := range uint64(4) {
		var first, second bytes.Buffer
		a, errA := sim.Run(sim.Config{Seed: 1000 + seed, Trace: &first})
		b, errB := sim.Run(sim.Config{Seed: 1000 + seed, Trace: &second})
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) || a.Hash != b.Hash {
			t.Errorf("seed %d has two runs:\n%s", seed, parting(first.String(), second.String()))
		}
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("seed %d has two reports: %+v and %+v", seed, a, b)
		}
		if other, twice := hashes[a.Hash]; twice {
			t.Errorf("seeds %d and %d run alike", seed, other)
		}
		hashes[a.Hash] = seed
	}
}

// parting returns the lines at which two traces part.
func parting(first, second string) string {
	a, b := strings.Split(first, "\n"), strings.Split(second, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d:\n%s\n%s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(a), len(b))
}

// TestAuditorNotices breaks things on purpose: each must be noticed within few
// seeds, and the failure must say how to see it again.
func TestAuditorNotices(t *testing.T) {
	t.Parallel()
	for _, b := range sim.Breaks() {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(20) {
				_, err := sim.Run(sim.Config{Seed: seed, Break: b})
				if err == nil {
					continue
				}
				text := err.Error()
				if !strings.Contains(text, fmt.Sprintf("seed %d,", seed)) || strings.Count(text, "\n") < 20 {
					t.Errorf("a failure without its seed or its trace: %s", text)
				}
				what, _, _ := strings.Cut(text, "\n")
				t.Log(what)
				return
			}
			t.Error("nobody noticed")
		})
	}
}

// count runs some seeds and counts what they have seen.
func count(t *testing.T, seen map[string]int, first, n uint64) {
	t.Helper()
	for seed := first; seed < first+n; seed++ {
		report, err := sim.Run(sim.Config{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for what, times := range report.Counts {
			seen[what] += times
		}
	}
}

// TestWorldGoesWrong checks that a number of seeds sees every kind of fault and
// of answer: a workload that never meets a case proves nothing about it.
func TestWorldGoesWrong(t *testing.T) {
	t.Parallel()
	const parts, each = 4, 60
	var all [parts]map[string]int
	t.Run("seeds", func(t *testing.T) {
		for part := range uint64(parts) {
			all[part] = map[string]int{}
			t.Run(strconv.FormatUint(part, 10), func(t *testing.T) {
				t.Parallel()
				count(t, all[part], 9000+each*part, each)
			})
		}
	})
	seen := map[string]int{}
	for _, counts := range all {
		for what, n := range counts {
			seen[what] += n
		}
	}
	for _, what := range []string{
		"kill", "stop", "store restart", "gateway outage", "shard outage", "hung up", "hung up at once", "landed late",
		"gateway not sent", "gateway an error before", "gateway an error after", "gateway an error, later",
		"gateway hangs, lost", "gateway hangs, done", "gateway hangs, later", "gateway pending", "gateway unknown",
		"told succeeded", "told declined", "told processing", "told canceled", "told requires_confirmation",
		"told requires_capture", "told capture succeeded", "told capture pending", "told capture failed",
		"told over_capture",
		"told refund succeeded", "told refund pending", "told refund failed", "told method", "told list",
		"told adjustment", "told adjustment again", "told insufficient_funds", "told wallet",
		"told transfer succeeded", "told transfer pending", "told transfer failed", "told wallet_full",
		"a transfer left to itself", "transfers", "clock set back",
		"away: transfer", "away: pending transfers", "away: hold", "away: due holds", "away: accounts",
		"payment from a short wallet", "payment from the wallet", "top-up",
		"told refund to the wallet", "told refund of a top-up", "refund of a top-up failed",
		"told hold active", "told hold captured", "told hold released", "hold expired",
		"kill before a transfer's second step", "kill before a transfer's third step", "transfer refused by its receiver",
		"told wrong_state", "told over_refund", "told not_found", "told invalid_parameter", "told unavailable",
		"told idempotency_in_progress", "told idempotency_key_reuse", "told gateway_unavailable", "told overloaded",
		"alert: a gateway approved late; the charge is being reversed",
		"told requires_action", "challenge passed", "challenge failed", "challenge passed after its payment was canceled",
		"gateway pending there", "refund failed later", "refund of a top-up failed later",
		"dispute", "dispute after a refund", "dispute of a top-up", "dispute of a top-up that was spent",
		"dispute of more than was left", "dispute under_review", "dispute won", "dispute lost",
		"told evidence", "told evidence again", "told payout", "told payout again",
		"told settlement", "told settlement again", "leap", "leap while a capture is under way",
		"authorization expired", "rest of an authorization expired", "expiry put off by a capture",
		"told batch processing", "told batch again", "batch completed", "kill amid a stored batch",
		"item succeeded", "item declined", "item failed", "payment method deleted under a payment",
		"away: expiring", "away: due batches", "away: batch", "away: batch items", "away: dispute",
	} {
		if seen[what] == 0 {
			t.Errorf("no run has seen: %s", what)
		}
	}
}
