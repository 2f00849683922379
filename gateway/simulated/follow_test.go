package simulated_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/internal/clock"
	"florin/problem"
)

// listener keeps what it is told.
type listener struct {
	mu      sync.Mutex
	notices []gateway.Notice
}

func (l *listener) listen(_ context.Context, n gateway.Notice) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notices = append(l.notices, n)
	return nil
}

// take returns what was told since the last time.
func (l *listener) take() []gateway.Notice {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := l.notices
	l.notices = nil
	return told
}

// TestWhatFollows: what comes later comes, in the process that took the operation
// or in the one that opens the journals after it.
func TestWhatFollows(t *testing.T) {
	t.Parallel()
	for _, restarts := range []bool{false, true} {
		now := clock.NewManual(start)
		told := &listener{}
		cfg := simulated.Config{Name: "test", Dir: t.TempDir(), Clock: now, Chance: seeded(1), Listener: told.listen}
		g, err := simulated.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		charge := func(number string) gateway.Charge {
			c := newCharge(1000)
			c.Card = card(number)
			want(t, gateway.Approved, "")(g.Charge(t.Context(), c))
			return c
		}
		charge("4000000000000259")
		pends := newRefund(charge("4000000000007726"), 100)
		want(t, gateway.Pending, "")(g.Refund(t.Context(), pends))
		fails := newRefund(charge("4000000000005126"), 1000)
		want(t, gateway.Approved, "")(g.Refund(t.Context(), fails))
		set(t, g, simulated.Settings{PendingRate: 1})
		later := newCharge(5)
		want(t, gateway.Pending, "")(g.Charge(t.Context(), later))
		set(t, g, simulated.Settings{})
		if restarts {
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
			if g, err = simulated.Open(cfg); err != nil {
				t.Fatal(err)
			}
		}
		if early := told.take(); len(early) != 0 {
			t.Errorf("told at once: %+v", early)
		}
		now.Advance(2 * time.Second)
		var disputes, approved, declined int
		for _, n := range told.take() {
			switch {
			case n.Dispute != nil && n.Dispute.Status == gateway.DisputeNeedsResponse && n.Dispute.Amount == euros(1000):
				disputes++
			case n.Operation == fails.Operation && n.Outcome.Status == gateway.Declined:
				declined++
			case slices.Contains([]any{pends.Operation, later.Operation}, any(n.Operation)) &&
				n.Outcome.Status == gateway.Approved:
				approved++
			default:
				t.Errorf("told %+v", n)
			}
		}
		if disputes != 1 || approved != 2 || declined != 1 {
			t.Errorf("%d disputes, %d approvals, %d declines", disputes, approved, declined)
		}
		want(t, gateway.Approved, "")(g.Resolve(t.Context(), pends.Operation))
		want(t, gateway.Declined, problem.ExpiredCard)(g.Resolve(t.Context(), fails.Operation))
		want(t, gateway.Approved, "")(g.Refund(t.Context(), gateway.Refund{
			Operation: ids.New(user), Charge: fails.Charge, Amount: euros(1000),
		}))
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestEvidence decides a dispute by what it says.
func TestEvidence(t *testing.T) {
	t.Parallel()
	for text, status := range map[string]gateway.DisputeStatus{
		"winning_evidence": gateway.DisputeWon, "losing_evidence": gateway.DisputeLost, "something": "",
	} {
		now, told := clock.NewManual(start), &listener{}
		g := open(t, simulated.Config{Clock: now, Listener: told.listen})
		c := newCharge(1000)
		c.Card, c.Capture = card("4000000000002685"), false
		want(t, gateway.Approved, "")(g.Charge(t.Context(), c))
		now.Advance(2 * time.Second)
		if early := told.take(); len(early) != 0 {
			t.Fatalf("disputed before it was captured: %+v", early)
		}
		want(t, gateway.Approved, "")(g.Capture(t.Context(), gateway.Capture{
			Operation: ids.New(user), Charge: c.Operation, Amount: euros(300),
		}))
		now.Advance(2 * time.Second)
		opened := told.take()
		if len(opened) != 1 || opened[0].Operation != c.Operation || opened[0].Dispute.Amount != euros(300) ||
			opened[0].Dispute.Reason != "product_not_received" {
			t.Fatalf("told %+v", opened)
		}
		evidence := gateway.Evidence{
			Operation: ids.New(user), Charge: c.Operation, Dispute: opened[0].Dispute.Reference, Text: text,
		}
		for range 2 {
			want(t, gateway.Approved, "")(g.SubmitEvidence(t.Context(), evidence))
		}
		now.Advance(2 * time.Second)
		closed := told.take()
		if (status == "") != (len(closed) == 0) {
			t.Fatalf("%s: told %+v", text, closed)
		}
		if status != "" && (closed[0].Dispute.Status != status || closed[0].Operation != c.Operation ||
			closed[0].Dispute.Reference != opened[0].Dispute.Reference) {
			t.Errorf("%s: told %+v", text, closed[0].Dispute)
		}
		evidence.Operation, evidence.Dispute = ids.New(user), "dp_nobody"
		want(t, gateway.Declined, problem.GatewayRejected)(g.SubmitEvidence(t.Context(), evidence))
	}
}

// TestChallengeOutlivesItsProcess and ends in another one, or by itself.
func TestChallengeOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	now, told := clock.NewManual(start), &listener{}
	cfg := simulated.Config{Name: "test", Dir: t.TempDir(), Clock: now, Chance: seeded(1), Listener: told.listen}
	g := open(t, cfg)
	if err := g.ServeAt("https://pay.example"); err != nil {
		t.Fatal(err)
	}
	ask := func() gateway.Charge {
		c := newCharge(1000)
		c.Card, c.ReturnURL = card("4000008260003178"), `https://shop.example/"back"\`
		got, err := g.Charge(t.Context(), c)
		url := "https://pay.example" + simulated.ChallengePath("test", c.Operation)
		if err != nil || got.Status != gateway.RequiresAction || got.RedirectURL != url {
			t.Fatalf("%+v, %v", got, err)
		}
		return c
	}
	first, second := ask(), ask()
	peer := open(t, cfg)
	challenge, err := peer.Challenge(t.Context(), first.Operation)
	if err != nil || !challenge.Open || challenge.Amount != euros(1000) || challenge.Last4 != "3178" ||
		challenge.Payment != first.Payment || challenge.ReturnURL != "https://shop.example/%22back%22%5C" {
		t.Errorf("%+v, %v", challenge, err)
	}
	if err := peer.EndChallenge(t.Context(), first.Operation, true); err != nil {
		t.Fatal(err)
	}
	if got := told.take(); len(got) != 1 || got[0].Outcome.Reason != problem.InsufficientFunds {
		t.Errorf("told %+v", got)
	}
	want(t, gateway.Declined, problem.InsufficientFunds)(g.Resolve(t.Context(), first.Operation))
	if challenge, err = g.Challenge(t.Context(), first.Operation); err != nil || challenge.Open {
		t.Errorf("ended, and %+v, %v", challenge, err)
	}
	now.Advance(time.Hour)
	want(t, gateway.Declined, problem.AuthenticationFail)(peer.Resolve(t.Context(), second.Operation))
	want(t, gateway.Declined, problem.AuthenticationFail)(g.Resolve(t.Context(), second.Operation))
	if _, err := g.Challenge(t.Context(), newCharge(1).Operation); !problem.Is(err, problem.NotFound) {
		t.Errorf("a challenge of nothing: %v", err)
	}
}
