package gatewaytest

import (
	"context"

	"florin/gateway"
	"florin/money"
)

// authorized makes an approved charge that is to be captured.
func (b *bench) authorized() (gateway.Charge, gateway.Outcome) {
	b.Helper()
	c := b.newCharge(b.Approves)
	c.Capture = false
	return c, b.want(gateway.Approved)(b.Gateway.Charge(b.Context(), c))
}

func (b *bench) newCapture(c gateway.Charge, reference string, minor int64, final bool) gateway.Capture {
	return gateway.Capture{
		Operation: b.ids.New(user), Charge: c.Operation, Reference: reference, Final: final,
		Amount: money.Amount{Minor: minor, Currency: c.Amount.Currency},
	}
}

func capture(b *bench) {
	c, charge := b.authorized()
	b.want(gateway.Declined)(b.Gateway.Refund(b.Context(), b.newRefund(c, charge.Reference, 1)))
	b.want(gateway.Declined)(b.Gateway.Capture(b.Context(), b.newCapture(c, charge.Reference, c.Amount.Minor+1, true)))
	all := b.newCapture(c, charge.Reference, c.Amount.Minor, true)
	got := b.want(gateway.Approved)(b.Gateway.Capture(b.Context(), all))
	b.resolved(all.Operation, got)
	for _, g := range []gateway.Gateway{b.Gateway, b.Peer} {
		if again := b.want(gateway.Approved)(g.Capture(b.Context(), all)); again != got {
			b.Fatalf("a repeated capture ended otherwise: %+v, %+v", got, again)
		}
	}
	b.want(gateway.Declined)(b.Peer.Capture(b.Context(), b.newCapture(c, charge.Reference, 1, true)))
	b.want(gateway.Approved)(b.Peer.Refund(b.Context(), b.newRefund(c, charge.Reference, c.Amount.Minor)))
	b.chargedOnce(c.Payment)
}

func captureInParts(b *bench) {
	if can := b.Gateway.Capabilities(); !can.MultipleCapture || !can.PartialCapture {
		b.Skip("the gateway captures a charge once, or as a whole")
	}
	c, charge := b.authorized()
	part := c.Amount.Minor / 4
	for _, step := range []struct {
		minor int64
		final bool
		want  gateway.Status
	}{
		{part, false, gateway.Approved},
		{c.Amount.Minor, false, gateway.Declined},
		{part, true, gateway.Approved},
		{1, false, gateway.Declined},
	} {
		taken := b.newCapture(c, charge.Reference, step.minor, step.final)
		b.resolved(taken.Operation, b.want(step.want)(b.Gateway.Capture(b.Context(), taken)))
		b.Gateway, b.Peer = b.Peer, b.Gateway
	}
	b.want(gateway.Declined)(b.Gateway.Refund(b.Context(), b.newRefund(c, charge.Reference, 2*part+1)))
	b.want(gateway.Approved)(b.Gateway.Refund(b.Context(), b.newRefund(c, charge.Reference, 2*part)))
}

func captureAtOnce(b *bench) {
	c, charge := b.authorized()
	half := c.Amount.Minor/2 + 1 // so that only one fits
	approved := 0
	for _, got := range b.atOnce(20, func(ctx context.Context, g gateway.Gateway) (gateway.Outcome, error) {
		return g.Capture(ctx, b.newCapture(c, charge.Reference, half, false))
	}) {
		if got.Status == gateway.Approved {
			approved++
		}
	}
	if approved != 1 {
		b.Fatalf("%d captures of more than half of the charge were approved, want 1", approved)
	}
}

func captureNothing(b *bench) {
	c := b.newCharge(b.Approves) // not sent
	taken := b.newCapture(c, "", 1, true)
	b.resolved(taken.Operation, b.want(gateway.Declined)(b.Gateway.Capture(b.Context(), taken)))
}

func voidAuthorization(b *bench) {
	if !b.Gateway.Capabilities().Void {
		b.Skip("the gateway voids nothing")
	}
	c, charge := b.authorized()
	b.want(gateway.Approved)(b.Gateway.Void(b.Context(), b.newVoid(c, charge.Reference)))
	b.want(gateway.Declined)(b.Peer.Capture(b.Context(), b.newCapture(c, charge.Reference, 1, true)))
}

func voidRest(b *bench) {
	if !b.Gateway.Capabilities().Void {
		b.Skip("the gateway voids nothing")
	}
	c, charge := b.authorized()
	b.want(gateway.Approved)(b.Gateway.Capture(b.Context(), b.newCapture(c, charge.Reference, 10, false)))
	v := b.newVoid(c, charge.Reference)
	v.Rest = true
	b.resolved(v.Operation, b.want(gateway.Approved)(b.Gateway.Void(b.Context(), v)))
	b.want(gateway.Declined)(b.Gateway.Capture(b.Context(), b.newCapture(c, charge.Reference, 1, true)))
	b.want(gateway.Declined)(b.Peer.Refund(b.Context(), b.newRefund(c, charge.Reference, 11)))
	b.want(gateway.Approved)(b.Peer.Refund(b.Context(), b.newRefund(c, charge.Reference, 10)))
}

func challenge(b *bench) {
	if b.Pass == nil {
		b.Skip("no cardholder can authenticate")
	}
	for _, passes := range []bool{true, false} {
		c := b.newCharge(b.Challenges)
		got := b.want(gateway.RequiresAction)(b.Gateway.Charge(b.Context(), c))
		if got.RedirectURL == "" {
			b.Fatal("nowhere to go")
		}
		b.resolved(c.Operation, got)
		if again := b.want(gateway.RequiresAction)(b.Peer.Charge(b.Context(), c)); again != got {
			b.Fatalf("a repeated charge ended otherwise: %+v, %+v", got, again)
		}
		b.want(gateway.Declined)(b.Gateway.Refund(b.Context(), b.newRefund(c, got.Reference, 1)))
		b.Pass(b.T, c.Operation, passes)
		want := gateway.Declined
		if passes {
			want = gateway.Approved
		}
		ended := b.want(want)(b.Gateway.Resolve(b.Context(), c.Operation))
		b.resolved(c.Operation, ended)
		b.Pass(b.T, c.Operation, !passes)
		b.resolved(c.Operation, ended)
	}
}
