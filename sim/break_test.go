package sim_test

import (
	"testing"

	"florin/sim"
)

func TestBreaks(t *testing.T) {
	for _, b := range []sim.Break{sim.AckBeforeCommit, sim.LoseCommit, sim.ForgetEvent, sim.ForgetClaim, sim.ForgetReservation, sim.WrongBalance, sim.ChargeTwice, sim.TrustErrors, sim.ForgetVoid, sim.SkipInquiry, sim.ForgetNotice} {
		t.Run(string(b), func(t *testing.T) {
			for seed := range uint64(60) {
				_, err := sim.Run(sim.Config{Seed: seed, Break: b})
				if err != nil {
					t.Logf("seed %d: %.300s", seed, err)
					return
				}
			}
			t.Error("not noticed")
		})
	}
}
