package sim_test

import (
	"os"
	"testing"

	"florin/sim"
)

func TestOne(t *testing.T) {
	out := os.Getenv("SIM_OUT")
	if out == "" {
		t.Skip()
	}
	f, _ := os.Create(out)
	_, err := sim.Run(sim.Config{Seed: *first, Steps: *steps, Trace: f})
	t.Log(err != nil)
}
