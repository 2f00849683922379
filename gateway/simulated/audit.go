package simulated

import (
	"florin/audit"
	"florin/gateway"
)

// Audited returns an entry as an audit takes it; false for what is no movement of
// money.
func (e Entry) Audited() (audit.Operation, bool) {
	o := audit.Operation{
		ID: e.Operation, Charge: e.Charge, Payment: e.Payment, Amount: e.Amount,
		Approved: e.Outcome.Status == gateway.Approved,
	}
	switch e.Kind {
	case KindCharge:
		o.Kind = audit.Charge
	case KindCapture:
		o.Kind = audit.Capture
	case KindRefund:
		o.Kind = audit.Refund
	case KindVoid:
		o.Kind = audit.Void
	case KindFailure:
		o.Kind, o.Failed = audit.Refund, true
	case KindEvidence:
		return audit.Operation{}, false
	}
	return o, true
}

// Audit makes a journal to be audited of one that visits its entries.
func Audit(entries func(visit func(Entry) error) error) audit.Journal {
	return func(visit func(audit.Operation) error) error {
		return entries(func(e Entry) error {
			if o, ok := e.Audited(); ok {
				return visit(o)
			}
			return nil
		})
	}
}
