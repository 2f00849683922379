package simulated_test

import (
	"slices"
	"testing"
	"time"

	"florin/audit"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/internal/clock"
)

// TestAudited: a journal tells an audit of every movement of money, of a refund's
// later failure too, and of nothing else.
func TestAudited(t *testing.T) {
	t.Parallel()
	ctx, dir, now := t.Context(), t.TempDir(), clock.NewManual(start)
	g := open(t, simulated.Config{Dir: dir, Clock: now})
	approved := want(t, gateway.Approved, "")
	c := newCharge(1000)
	c.Card, c.Capture = card("4000000000005126"), false // its refunds fail later
	approved(g.Charge(ctx, c))
	capture := gateway.Capture{Operation: ids.New(user), Charge: c.Operation, Amount: euros(700)}
	approved(g.Capture(ctx, capture))
	refund := newRefund(c, 300)
	approved(g.Refund(ctx, refund))
	v := newCharge(50)
	approved(g.Charge(ctx, v))
	void := newVoid(v)
	approved(g.Void(ctx, void))
	bad := newCharge(50)
	bad.Card = card("4000000000000002")
	_, _ = g.Charge(ctx, bad)
	disputed := newCharge(50)
	disputed.Card = card("4000000000002685")
	approved(g.Charge(ctx, disputed))
	now.Advance(time.Hour)

	wanted := []audit.Operation{
		{ID: c.Operation, Payment: c.Payment, Amount: c.Amount, Approved: true},
		{
			ID: capture.Operation, Kind: audit.Capture, Charge: c.Operation, Payment: c.Payment, Amount: capture.Amount,
			Approved: true,
		},
		{
			ID: refund.Operation, Kind: audit.Refund, Charge: c.Operation, Payment: c.Payment, Amount: refund.Amount,
			Approved: true,
		},
		{ID: v.Operation, Payment: v.Payment, Amount: v.Amount, Approved: true},
		{ID: void.Operation, Kind: audit.Void, Charge: v.Operation, Payment: v.Payment, Amount: v.Amount, Approved: true},
		{ID: bad.Operation, Payment: bad.Payment, Amount: bad.Amount},
		{ID: disputed.Operation, Payment: disputed.Payment, Amount: disputed.Amount, Approved: true},
		{
			ID: refund.Operation, Kind: audit.Refund, Charge: c.Operation, Payment: c.Payment, Amount: refund.Amount,
			Failed: true,
		},
	}
	var got []audit.Operation
	read := simulated.Audit(func(visit func(simulated.Entry) error) error {
		return simulated.ReadJournal(dir, "test", visit)
	})
	if err := read(func(o audit.Operation) error { got = append(got, o); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, wanted) {
		t.Errorf("an audit is told\n%+v, want\n%+v", got, wanted)
	}
}

// TestEvidenceIsNoMoney: an audit is not told of it.
func TestEvidenceIsNoMoney(t *testing.T) {
	t.Parallel()
	if o, ok := (simulated.Entry{Kind: simulated.KindEvidence}).Audited(); ok {
		t.Errorf("it is told as %+v", o)
	}
}
