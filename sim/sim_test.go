package sim_test

import (
	"flag"
	"testing"

	"florin/sim"
)

var (
	seeds = flag.Uint64("seeds", 50, "")
	first = flag.Uint64("first", 0, "")
	steps = flag.Int("steps", 0, "")
)

func TestSeeds(t *testing.T) {
	t.Parallel()
	bad := 0
	counts := map[string]int{}
	for seed := range *seeds {
		report, err := sim.Run(sim.Config{Seed: *first + seed, Steps: *steps})
		if err != nil {
			t.Error(err)
			if bad++; bad > 300 {
				break
			}
		}
		for k, v := range report.Counts {
			counts[k] += v
		}
		counts["requests"] += report.Requests
		counts["payments"] += report.Payments
		counts["reversals"] += report.Reversals
		counts["refunds"] += report.Refunds
		counts["groups"] += report.Groups
		counts["commands"] += report.Commands
		counts["inquiries"] += report.Inquiries
	}
	for k, v := range counts {
		t.Logf("%s: %d", k, v)
	}
}
