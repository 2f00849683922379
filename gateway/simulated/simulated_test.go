package simulated_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"florin/gateway"
	"florin/gateway/gatewaytest"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/clock"
	"florin/money"
	"florin/problem"
	"florin/vault"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(roles[role](os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

const user = 7

var (
	start = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	good  = card("4242424242424242")
)

func card(number string) vault.Card {
	return vault.Card{Number: number, ExpMonth: 12, ExpYear: 2070, CVC: "123"}
}

func euros(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func seeded(seed uint64) func() uint64 { return rand.New(rand.NewPCG(seed, 1)).Uint64 }

// open opens a gateway named test that the test closes.
func open(t testing.TB, cfg simulated.Config) *simulated.Gateway {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "test"
	}
	if cfg.Chance == nil {
		cfg.Chance = seeded(1)
	}
	g, err := simulated.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func set(t testing.TB, g *simulated.Gateway, s simulated.Settings) {
	t.Helper()
	if err := g.Set(s); err != nil {
		t.Fatal(err)
	}
}

var ids = ident.NewSource(0, time.Now, seeded(2))

func newCharge(minor int64) gateway.Charge {
	return gateway.Charge{
		Operation: ids.New(user), Payment: ids.New(user), Amount: euros(minor), Card: good, Capture: true,
	}
}

func newRefund(c gateway.Charge, minor int64) gateway.Refund {
	return gateway.Refund{Operation: ids.New(user), Charge: c.Operation, Amount: euros(minor)}
}

func newVoid(c gateway.Charge) gateway.Void {
	return gateway.Void{Operation: ids.New(user), Charge: c.Operation}
}

// want returns a check of an answer: that status, and that reason.
func want(t testing.TB, status gateway.Status, reason problem.Code) func(gateway.Outcome, error) {
	return func(got gateway.Outcome, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("an error: %v; want %s %s", err, status, reason)
		}
		if got.Status != status || got.Reason != reason {
			t.Fatalf("%s %s; want %s %s", got.Status, got.Reason, status, reason)
		}
	}
}

func entries(t rapid.TB, each func(func(simulated.Entry) error) error) []simulated.Entry {
	t.Helper()
	var list []simulated.Entry
	if err := each(func(e simulated.Entry) error {
		list = append(list, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func journal(t testing.TB, dir string) []simulated.Entry {
	t.Helper()
	return entries(t, func(visit func(simulated.Entry) error) error {
		return simulated.ReadJournal(dir, "test", visit)
	})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	declines := map[problem.Code]vault.Card{}
	for _, number := range []string{
		"4000000000000002", "4000000000009995", "4000000000009987", "4000000000009979", "4000000000000069",
		"4000000000000127", "4000000000000119", "4000000000006975", "4000002760003184",
	} {
		reason, declined := vault.TestBehaviour(number)
		if !declined {
			t.Fatalf("%s approves", number)
		}
		declines[reason] = card(number)
	}
	harness := func(g, peer *simulated.Gateway) gatewaytest.Harness {
		h := gatewaytest.Harness{Gateway: g, Amount: euros(1000), Approves: good, Declines: declines}
		if peer != nil {
			h.Peer = peer
		}
		h.Challenges = card("4000002760003184")
		h.Pass = func(t *testing.T, operation ident.ID, passes bool) {
			if err := g.EndChallenge(t.Context(), operation, passes); err != nil {
				t.Error(err)
			}
		}
		h.Charges = func(t *testing.T, payment ident.ID) (n int) {
			for _, e := range entries(t, g.Entries) {
				if e.Kind == simulated.KindCharge && e.Payment == payment && e.Outcome.Status == gateway.Approved {
					n++
				}
			}
			return n
		}
		return h
	}
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		gatewaytest.Exercise(t, func(t *testing.T) gatewaytest.Harness {
			return harness(open(t, simulated.Config{}), nil)
		})
	})
	t.Run("with journals, two processes", func(t *testing.T) {
		t.Parallel()
		gatewaytest.Exercise(t, func(t *testing.T) gatewaytest.Harness {
			dir := t.TempDir()
			h := harness(open(t, simulated.Config{Dir: dir}), open(t, simulated.Config{Dir: dir}))
			count := h.Charges
			h.Charges = func(t *testing.T, payment ident.ID) int {
				lines := 0
				for _, e := range journal(t, dir) {
					if e.Payment == payment && e.Kind == simulated.KindCharge {
						lines++
					}
				}
				if n := count(t, payment); n != lines {
					t.Errorf("%d charges in memory, %d in the journals", n, lines)
				}
				return lines
			}
			return h
		})
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, cfg := range []simulated.Config{
		{Chance: seeded(1)},
		{Chance: seeded(1), Name: "../up"},
		{Chance: seeded(1), Name: "a.b"},
		{Name: "test"},
		{Chance: seeded(1), Name: "test", Dir: os.Args[0]},
	} {
		if g, err := simulated.Open(cfg); err == nil {
			t.Errorf("%+v opens", cfg)
			_ = g.Close()
		}
	}
	g := open(t, simulated.Config{Name: "first", Settling: time.Minute})
	if c := g.Capabilities(); g.Name() != "first" || c.Settling != time.Minute || !c.Consistent || !c.Test {
		t.Errorf("%s %+v", g.Name(), c)
	}
	if c := open(t, simulated.Config{}).Capabilities(); c.Settling != 15*time.Second {
		t.Errorf("settling %s by default", c.Settling)
	}
}

// TestOnce holds what counts as the same operation.
func TestOnce(t *testing.T) {
	t.Parallel()
	g := open(t, simulated.Config{Clock: clock.NewManual(start)})
	ctx := context.Background()
	c := newCharge(500)
	want(t, gateway.Approved, "")(g.Charge(ctx, c))
	r := newRefund(c, 100)
	want(t, gateway.Approved, "")(g.Refund(ctx, r))
	v := newVoid(c)
	want(t, gateway.Approved, "")(g.Void(ctx, v))

	refused := func(name string, got gateway.Outcome, err error) {
		t.Helper()
		if problem.CodeOf(err) != problem.GatewayRejected || got != (gateway.Outcome{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	charge := func(name string, change func(*gateway.Charge)) {
		t.Helper()
		other := c
		change(&other)
		got, err := g.Charge(ctx, other)
		refused(name, got, err)
	}
	charge("another amount", func(c *gateway.Charge) { c.Amount.Minor = 501 })
	charge("another currency", func(c *gateway.Charge) { c.Amount.Currency = "USD" })
	charge("another card", func(c *gateway.Charge) { c.Card = card("5555555555554444") })
	charge("another payment", func(c *gateway.Charge) { c.Payment = ids.New(user) })
	charge("no id", func(c *gateway.Charge) { c.Operation = ident.ID{} })
	charge("no currency", func(c *gateway.Charge) { c.Operation, c.Amount.Currency = ids.New(user), `E"R` })

	got, err := g.Refund(ctx, gateway.Refund{Operation: r.Operation, Charge: c.Operation, Amount: euros(101)})
	refused("another refund", got, err)
	got, err = g.Void(ctx, gateway.Void{Operation: v.Operation, Charge: r.Operation})
	refused("another void", got, err)
	got, err = g.Void(ctx, gateway.Void{Operation: c.Operation, Charge: c.Operation})
	refused("a charge's id for a void", got, err)
	if n := len(entries(t, g.Entries)); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

// TestRefused holds what is declined as gateway_rejected.
func TestRefused(t *testing.T) {
	t.Parallel()
	g := open(t, simulated.Config{})
	ctx := context.Background()
	rejected := want(t, gateway.Declined, problem.GatewayRejected)
	rejected(g.Charge(ctx, newCharge(0)))
	rejected(g.Charge(ctx, newCharge(-1)))

	c := newCharge(500)
	want(t, gateway.Approved, "")(g.Charge(ctx, c))
	rejected(g.Refund(ctx, newRefund(c, 0)))
	rejected(g.Refund(ctx, newRefund(c, -1)))
	rejected(g.Refund(ctx, newRefund(c, 501)))
	dollars := newRefund(c, 1)
	dollars.Amount.Currency = "USD"
	rejected(g.Refund(ctx, dollars))
	misnamed := newRefund(c, 1)
	misnamed.Reference = simulated.Reference(misnamed.Operation)
	rejected(g.Refund(ctx, misnamed))

	r := newRefund(c, 500)
	want(t, gateway.Approved, "")(g.Refund(ctx, r))
	rejected(g.Refund(ctx, gateway.Refund{Operation: ids.New(user), Charge: r.Operation, Amount: euros(1)}))
	rejected(g.Void(ctx, newVoid(newCharge(1))))

	bad := newCharge(500)
	bad.Card = card("4000000000009995")
	want(t, gateway.Declined, problem.InsufficientFunds)(g.Charge(ctx, bad))
	rejected(g.Void(ctx, newVoid(bad)))
	rejected(g.Refund(ctx, newRefund(bad, 1)))

	// A void of a charge of which nothing is left takes back nothing.
	want(t, gateway.Approved, "")(g.Void(ctx, newVoid(c)))
	list := entries(t, g.Entries)
	if last := list[len(list)-1]; last.Amount.Minor != 0 && last.Kind == simulated.KindVoid {
		t.Errorf("it took back %v", last.Amount)
	}
}
