package simulated_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/clock"
)

// model predicts what the gateway answers: a charge is money, which refunds and
// voids take from.
type model struct {
	*rapid.T
	cfg     simulated.Config
	peers   [2]*simulated.Gateway // processes that come and go
	charges []*modelCharge
}

type modelCharge struct {
	gateway.Charge
	left int64
}

// TestModel holds random sequences of operations of two processes against it.
func TestModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{T: rt, cfg: simulated.Config{
			Name: "model" + strconv.Itoa(run), Dir: dir, Chance: seeded(1), Clock: clock.NewManual(start),
		}}
		m.open(0)
		m.open(1)
		defer func() {
			for _, g := range m.peers {
				_ = g.Close()
			}
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"charge": m.charge, "again": m.again, "refund": m.refund, "void": m.void, "reopen": m.reopen,
		})
		for _, g := range m.peers {
			m.compare(g)
		}
	})
}

func (m *model) open(i int) {
	var err error
	if m.peers[i], err = simulated.Open(m.cfg); err != nil {
		m.Fatal(err)
	}
}

func (m *model) peer() *simulated.Gateway { return m.peers[rapid.IntRange(0, 1).Draw(m.T, "peer")] }

func (m *model) amount() int64 { return rapid.Int64Range(0, 20).Draw(m.T, "amount") }

func (m *model) pick() *modelCharge {
	if len(m.charges) == 0 {
		m.Skip("no charge yet")
	}
	return rapid.SampledFrom(m.charges).Draw(m.T, "charge")
}

func (m *model) want(approved bool) func(gateway.Outcome, error) {
	return func(got gateway.Outcome, err error) {
		if err != nil || (got.Status == gateway.Approved) != approved {
			m.Fatalf("%+v, %v; want approved: %t", got, err, approved)
		}
	}
}

func (m *model) charge(*rapid.T) {
	c := &modelCharge{Charge: newCharge(m.amount())}
	c.left = c.Amount.Minor
	m.want(c.left > 0)(m.peer().Charge(m.Context(), c.Charge))
	m.charges = append(m.charges, c)
}

func (m *model) again(*rapid.T) {
	c := m.pick()
	m.want(c.Amount.Minor > 0)(m.peer().Charge(m.Context(), c.Charge))
}

func (m *model) refund(*rapid.T) {
	c, minor := m.pick(), m.amount()
	fits := minor > 0 && minor <= c.left
	m.want(fits)(m.peer().Refund(m.Context(), newRefund(c.Charge, minor)))
	if fits {
		c.left -= minor
	}
}

func (m *model) void(*rapid.T) {
	c := m.pick()
	m.want(c.Amount.Minor > 0)(m.peer().Void(m.Context(), newVoid(c.Charge)))
	c.left = 0
}

func (m *model) reopen(*rapid.T) {
	i := rapid.IntRange(0, 1).Draw(m.T, "which")
	if err := m.peers[i].Close(); err != nil {
		m.Fatal(err)
	}
	m.open(i)
}

// compare holds what is left of each charge by the gateway's entries.
func (m *model) compare(g *simulated.Gateway) {
	got, expected := map[ident.ID]int64{}, map[ident.ID]int64{}
	for _, e := range entries(m.T, g.Entries) {
		switch {
		case e.Outcome.Status != gateway.Approved:
		case e.Kind == simulated.KindCharge:
			got[e.Operation] += e.Amount.Minor
		default:
			got[e.Charge] -= e.Amount.Minor
		}
	}
	for _, c := range m.charges {
		if c.Amount.Minor > 0 {
			expected[c.Operation] = c.left
		}
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		m.Fatalf("what is left of the charges (-model +gateway):\n%s", diff)
	}
}
