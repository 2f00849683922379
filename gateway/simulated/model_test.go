package simulated_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/internal/clock"
)

// TestModel holds random sequences of operations of two processes that come and
// go against a model of one charge after the other.
func TestModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		cfg := simulated.Config{Dir: dir, Name: "model" + strconv.Itoa(run)}
		cfg.Chance, cfg.Clock = seeded(1), clock.NewManual(start)
		openOne := func() *simulated.Gateway {
			g, err := simulated.Open(cfg)
			if err != nil {
				rt.Fatal(err)
			}
			return g
		}
		peers := []*simulated.Gateway{openOne(), openOne()}
		defer func() {
			for _, g := range peers {
				_ = g.Close()
			}
		}()
		type charge struct {
			gateway.Charge
			left int64
		}
		var charges []*charge
		check := func(name string, approved bool) func(gateway.Outcome, error) {
			return func(got gateway.Outcome, err error) {
				if err != nil || (got.Status == gateway.Approved) != approved {
					rt.Fatalf("%s: %+v, %v; want approved: %t", name, got, err, approved)
				}
			}
		}
		pick := func() *charge {
			if len(charges) == 0 {
				rt.Skip("no charge yet")
			}
			return rapid.SampledFrom(charges).Draw(rt, "charge")
		}
		peer := func() *simulated.Gateway { return peers[rapid.IntRange(0, 1).Draw(rt, "peer")] }
		ctx := rt.Context()
		rt.Repeat(map[string]func(*rapid.T){
			"charge": func(*rapid.T) {
				c := &charge{Charge: newCharge(rapid.Int64Range(0, 20).Draw(rt, "amount"))}
				c.left = c.Amount.Minor
				check("charge", c.left > 0)(peer().Charge(ctx, c.Charge))
				charges = append(charges, c)
			},
			"again": func(*rapid.T) {
				c := pick()
				check("again", c.Amount.Minor > 0)(peer().Charge(ctx, c.Charge))
			},
			"refund": func(*rapid.T) {
				c, minor := pick(), rapid.Int64Range(0, 20).Draw(rt, "amount")
				fits := minor > 0 && minor <= c.left
				check("refund", fits)(peer().Refund(ctx, newRefund(c.Charge, minor)))
				if fits {
					c.left -= minor
				}
			},
			"void": func(*rapid.T) {
				c := pick()
				check("void", c.Amount.Minor > 0)(peer().Void(ctx, newVoid(c.Charge)))
				c.left = 0
			},
			"reopen": func(*rapid.T) {
				i := rapid.IntRange(0, 1).Draw(rt, "which")
				if err := peers[i].Close(); err != nil {
					rt.Fatal(err)
				}
				peers[i] = openOne()
			},
		})
		left := map[string]int64{}
		for _, e := range entries(t, peers[0].Entries) {
			id := e.Charge
			switch {
			case e.Outcome.Status != gateway.Approved:
			case e.Kind == simulated.KindCharge:
				left[e.Operation.Text("")] += e.Amount.Minor
			default:
				left[id.Text("")] -= e.Amount.Minor
			}
		}
		expected := map[string]int64{}
		for _, c := range charges {
			if c.Amount.Minor > 0 {
				expected[c.Operation.Text("")] = c.left
			}
		}
		if diff := cmp.Diff(expected, left); diff != "" {
			rt.Fatalf("what is left of the charges (-model +gateway):\n%s", diff)
		}
	})
}
