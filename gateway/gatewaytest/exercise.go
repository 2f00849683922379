// Package gatewaytest is the conformance suite of gateways: what every connector
// must do, whatever provider stands behind it.
package gatewaytest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/gateway"
	"florin/ident"
	"florin/money"
	"florin/problem"
	"florin/vault"
)

// Harness is a gateway under test, and what the suite must know of it.
type Harness struct {
	Gateway gateway.Gateway
	// Peer is the same provider as another process reaches it; nil when there is
	// no other way than Gateway.
	Peer gateway.Gateway
	// Amount is one that a charge takes: 100 minor units at least.
	Amount money.Amount
	// Approves is a card that can be charged, Declines one for each reason that
	// the provider can be made to give.
	Approves vault.Card
	Declines map[problem.Code]vault.Card
	// Challenges is a card whose holder must authenticate, and Pass has that done,
	// or fail; nil when nobody can.
	Challenges vault.Card
	Pass       func(t *testing.T, operation ident.ID, passes bool)
	// Charges counts the approved charges that the provider made for a payment;
	// nil when it cannot tell.
	Charges func(t *testing.T, payment ident.ID) int
}

// Exercise runs the suite. Each case calls open for a gateway of its own, which
// open closes with t.Cleanup.
func Exercise(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(*bench)
	}{
		{"a charge is approved, and can be resolved", approve},
		{"each bad card is declined for its reason", decline},
		{"an operation repeats its outcome", repeat},
		{"an operation is one charge, however many ask for it at once", repeatAtOnce},
		{"an operation with other contents is refused, and sends nothing", reuse},
		{"refunds are partial and several, and end with the charge", refund},
		{"refunds at once do not exceed the charge", refundAtOnce},
		{"a refund of what was not charged is declined", refundNothing},
		{"a void takes the charge back", void},
		{"a void after a refund takes back what is left", voidAfterRefund},
		{"an authorization is captured, once", capture},
		{"captures are partial and several, until a final one", captureInParts},
		{"captures at once do not exceed the authorization", captureAtOnce},
		{"a capture of what was not authorized is declined", captureNothing},
		{"a voided authorization cannot be captured", voidAuthorization},
		{"the rest can be released, and what was captured stands", voidRest},
		{"a challenge is passed or failed, once", challenge},
		{"what never arrived is not found", resolveNothing},
		{"a call with an ended context has no effect", ended},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			if h.Peer == nil {
				h.Peer = h.Gateway
			}
			c.run(&bench{T: t, Harness: h, ids: ident.NewSource(0, time.Now, rand.Uint64)})
		})
	}
}

// bench is a case at work.
type bench struct {
	*testing.T
	Harness
	ids *ident.Source
}

const user = 7

func (b *bench) newCharge(card vault.Card) gateway.Charge {
	return gateway.Charge{
		Operation: b.ids.New(user), Payment: b.ids.New(user), Amount: b.Amount, Card: card, Capture: true,
	}
}

func (b *bench) newRefund(c gateway.Charge, reference string, minor int64) gateway.Refund {
	return gateway.Refund{
		Operation: b.ids.New(user), Charge: c.Operation, Reference: reference,
		Amount: money.Amount{Minor: minor, Currency: c.Amount.Currency},
	}
}

func (b *bench) newVoid(c gateway.Charge, reference string) gateway.Void {
	return gateway.Void{Operation: b.ids.New(user), Charge: c.Operation, Reference: reference, Amount: c.Amount}
}

// want fails the case unless the call was answered with that status, a decline
// with a reason.
func (b *bench) want(status gateway.Status) func(gateway.Outcome, error) gateway.Outcome {
	return func(got gateway.Outcome, err error) gateway.Outcome {
		b.Helper()
		switch {
		case err != nil:
			b.Fatalf("an error: %v; want %s", err, status)
		case got.Status != status:
			b.Fatalf("%s %s; want %s", got.Status, got.Reason, status)
		case status == gateway.Approved && got.Reference == "":
			b.Fatal("an approval without a reference")
		case (status == gateway.Declined) != got.Reason.IsDecline():
			b.Fatalf("%s with the reason %q", status, got.Reason)
		}
		return got
	}
}

// charged makes an approved charge.
func (b *bench) charged() (gateway.Charge, gateway.Outcome) {
	b.Helper()
	c := b.newCharge(b.Approves)
	return c, b.want(gateway.Approved)(b.Gateway.Charge(b.Context(), c))
}

// resolved checks that both sides resolve the operation to that outcome.
func (b *bench) resolved(operation ident.ID, want gateway.Outcome) {
	b.Helper()
	for _, g := range []gateway.Gateway{b.Gateway, b.Peer} {
		got, err := g.Resolve(b.Context(), operation)
		if err != nil {
			b.Fatalf("resolve: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			b.Fatalf("resolved otherwise than answered (-answered +resolved):\n%s", diff)
		}
	}
}

// chargedOnce checks that the provider made one charge for the payment.
func (b *bench) chargedOnce(payment ident.ID) {
	b.Helper()
	if b.Charges == nil {
		return
	}
	if n := b.Charges(b.T, payment); n != 1 {
		b.Fatalf("the provider made %d charges, want 1", n)
	}
}

// atOnce calls f n times at once, every other time with the peer, and returns
// the outcomes. An error fails the case.
func (b *bench) atOnce(n int, f func(context.Context, gateway.Gateway) (gateway.Outcome, error)) []gateway.Outcome {
	b.Helper()
	outcomes, errs := make([]gateway.Outcome, n), make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			g := b.Gateway
			if i%2 == 1 {
				g = b.Peer
			}
			<-start
			outcomes[i], errs[i] = f(b.Context(), g)
		})
	}
	close(start)
	all.Wait()
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
	return outcomes
}
