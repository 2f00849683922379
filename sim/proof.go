package sim

import (
	"context"
	"time"

	"florin/audit"
	"florin/gateway"
	"florin/gateway/simulated"
)

// proofClock is the clock of the audit of the store at the end, when nothing moves.
type proofClock struct{ simClock }

// Sleep implements clock.Clock.
func (proofClock) Sleep(context.Context, time.Duration) error { return nil }

// prove has the whole store audited as `florin audit` does it, with the gateways'
// own journals.
func (w *world) prove() {
	order := audit.Config{
		Store: w.disk, Clock: proofClock{simClock{w}}, Journals: map[string]audit.Journal{},
		Each: func(n, _ int, f func(i int)) {
			for i := range n {
				f(i)
			}
		},
	}
	for _, p := range w.providers {
		order.Journals[p.Name()] = p.journal
	}
	report, err := audit.Run(background(), order)
	if err != nil {
		w.fail("the store cannot be audited: %v", err)
		return
	}
	for _, result := range report.Invariants {
		for _, row := range result.Rows {
			w.fail("the audit of the store: %s: %s: %s", result.Name, row.ID, row.What)
		}
	}
}

// journal visits what a gateway remembers.
func (p *provider) journal(visit func(audit.Operation) error) error {
	kinds := map[simulated.Kind]audit.OperationKind{
		simulated.KindCharge: audit.Charge, simulated.KindRefund: audit.Refund, simulated.KindVoid: audit.Void,
		simulated.KindCapture: audit.Capture,
	}
	return p.inner.Entries(func(e simulated.Entry) error {
		kind, known := kinds[e.Kind]
		if !known {
			return nil
		}
		return visit(audit.Operation{
			ID: e.Operation, Kind: kind, Charge: e.Charge, Payment: e.Payment, Amount: e.Amount,
			Approved: e.Outcome.Status == gateway.Approved,
		})
	})
}
