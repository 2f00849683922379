package gatewaytest

import (
	"context"
	"errors"

	"github.com/google/go-cmp/cmp"

	"florin/gateway"
	"florin/problem"
)

func approve(b *bench) {
	c, got := b.charged()
	b.resolved(c.Operation, got)
	b.chargedOnce(c.Payment)
}

func decline(b *bench) {
	for reason, card := range b.Declines {
		c := b.newCharge(card)
		c.OffSession = reason == problem.AuthenticationFail
		got := b.want(gateway.Declined)(b.Gateway.Charge(b.Context(), c))
		if got.Reason != reason {
			b.Errorf("%s, want %s", got.Reason, reason)
		}
		b.resolved(c.Operation, got)
		r := b.newRefund(c, got.Reference, 1)
		b.want(gateway.Declined)(b.Gateway.Refund(b.Context(), r))
	}
}

func repeat(b *bench) {
	c, first := b.charged()
	r := b.newRefund(c, first.Reference, 1)
	refunded := b.want(gateway.Approved)(b.Gateway.Refund(b.Context(), r))
	v := b.newVoid(c, first.Reference)
	voided := b.want(gateway.Approved)(b.Gateway.Void(b.Context(), v))
	for range 3 {
		for _, g := range []gateway.Gateway{b.Gateway, b.Peer} {
			again := b.want(gateway.Approved)(g.Charge(b.Context(), c))
			refundedAgain := b.want(gateway.Approved)(g.Refund(b.Context(), r))
			voidedAgain := b.want(gateway.Approved)(g.Void(b.Context(), v))
			before := []gateway.Outcome{first, refunded, voided}
			after := []gateway.Outcome{again, refundedAgain, voidedAgain}
			if diff := cmp.Diff(before, after); diff != "" {
				b.Fatalf("a repeated operation ended otherwise (-first +again):\n%s", diff)
			}
		}
	}
	b.chargedOnce(c.Payment)
}

func repeatAtOnce(b *bench) {
	c := b.newCharge(b.Approves)
	outcomes := b.atOnce(100, func(ctx context.Context, g gateway.Gateway) (gateway.Outcome, error) {
		return g.Charge(ctx, c)
	})
	for _, got := range outcomes {
		if got != outcomes[0] || got.Status != gateway.Approved {
			b.Fatalf("%+v beside %+v", got, outcomes[0])
		}
	}
	b.chargedOnce(c.Payment)
}

func reuse(b *bench) {
	c, first := b.charged()
	other := c
	other.Amount.Minor++
	if got, err := b.Peer.Charge(b.Context(), other); !errors.Is(err, gateway.ErrNotSent) {
		b.Fatalf("%+v, %v; want an error that wraps ErrNotSent", got, err)
	}
	b.resolved(c.Operation, first)
	b.chargedOnce(c.Payment)
}

func refund(b *bench) {
	c, charge := b.charged()
	part := c.Amount.Minor / 4
	for _, step := range []struct {
		minor int64
		want  gateway.Status
	}{
		{part, gateway.Approved},
		{c.Amount.Minor, gateway.Declined},
		{part, gateway.Approved},
		{c.Amount.Minor - 2*part, gateway.Approved},
		{1, gateway.Declined},
	} {
		r := b.newRefund(c, charge.Reference, step.minor)
		got := b.want(step.want)(b.Gateway.Refund(b.Context(), r))
		b.resolved(r.Operation, got)
		b.Gateway, b.Peer = b.Peer, b.Gateway
	}
}

func refundAtOnce(b *bench) {
	c, charge := b.charged()
	half := c.Amount.Minor/2 + 1 // so that only one fits
	approved := 0
	for _, got := range b.atOnce(20, func(ctx context.Context, g gateway.Gateway) (gateway.Outcome, error) {
		return g.Refund(ctx, b.newRefund(c, charge.Reference, half))
	}) {
		if got.Status == gateway.Approved {
			approved++
		}
	}
	if approved != 1 {
		b.Fatalf("%d refunds of more than half of the charge were approved, want 1", approved)
	}
}

func refundNothing(b *bench) {
	c := b.newCharge(b.Approves) // not sent
	r := b.newRefund(c, "", 1)
	got := b.want(gateway.Declined)(b.Gateway.Refund(b.Context(), r))
	b.resolved(r.Operation, got)
}

func void(b *bench) {
	c, charge := b.charged()
	v := b.newVoid(c, charge.Reference)
	got := b.want(gateway.Approved)(b.Gateway.Void(b.Context(), v))
	b.resolved(v.Operation, got)
	b.resolved(c.Operation, charge)
	b.want(gateway.Declined)(b.Gateway.Refund(b.Context(), b.newRefund(c, charge.Reference, 1)))
}

func voidAfterRefund(b *bench) {
	c, charge := b.charged()
	b.want(gateway.Approved)(b.Gateway.Refund(b.Context(), b.newRefund(c, charge.Reference, 1)))
	b.want(gateway.Approved)(b.Gateway.Void(b.Context(), b.newVoid(c, charge.Reference)))
	b.want(gateway.Declined)(b.Gateway.Refund(b.Context(), b.newRefund(c, charge.Reference, 1)))
}

func resolveNothing(b *bench) {
	b.resolved(b.ids.New(user), gateway.Outcome{Status: gateway.NotFound})
}

func ended(b *bench) {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	c := b.newCharge(b.Approves)
	if got, err := b.Gateway.Charge(ctx, c); err == nil {
		b.Fatalf("%+v in spite of the ended context", got)
	}
	b.resolved(c.Operation, gateway.Outcome{Status: gateway.NotFound})
}
