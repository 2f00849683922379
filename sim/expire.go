package sim

import (
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
)

// authorizedFor is how long what was authorized waits to be captured:
// flow.Config's default.
const authorizedFor = 6 * 24 * time.Hour

// checkExpiry checks that an authorization is to end in its time, and that it is
// taken back for a reason: it came late, somebody has canceled it, or its time was
// over.
func (a *auditor) checkExpiry(r *paymentRecord, old, n payment.Attempt) {
	name := n.ID.Text(ident.Attempt)
	first, known := a.expires[n.ID]
	over := known && !a.w.latest.Before(first)
	switch {
	case n.ExpiresAt.IsZero() || n.ExpiresAt.Equal(old.ExpiresAt):
	case !known:
		a.expires[n.ID] = n.ExpiresAt
		// What was set back of the clock may have been set back in between.
		if n.ExpiresAt.Sub(n.ID.Time()) < authorizedFor-a.w.setBack || n.ExpiresAt.Sub(a.w.latest) > authorizedFor {
			a.fail("%s expires %v", name, n.ExpiresAt)
		}
	case !over || n.ExpiresAt.Sub(a.w.latest) > time.Hour:
		a.fail("%s expires %v instead of %v", name, n.ExpiresAt, old.ExpiresAt)
	default:
		a.w.count("expiry put off by a capture")
	}
	if n.Reversal == nil || old.Reversal != nil || old.Outcome != payment.OutcomeApproved {
		return
	}
	switch {
	case !over && (n.Reversal.Rest || !r.cancelAsked):
		a.fail("%s is taken back before its time", name)
	case n.Reversal.Rest != (r.row.CapturedMinor > 0):
		a.fail("%s is taken back, and %d of it captured", name, r.row.CapturedMinor)
	case n.Reversal.Rest:
		a.w.count("rest of an authorization expired")
	case over:
		a.w.count("authorization expired")
	}
}

// released returns what of an authorization that stands was released without
// having been captured, as its gateway counts it.
func (r *paymentRecord) released(n payment.Attempt) int64 {
	if n.Reversal == nil || n.Reversal.Status != payment.OperationSucceeded {
		return 0
	}
	return n.Minor - r.row.CapturedMinor
}

// overdue returns the authorizations that should have ended.
func (a *auditor) overdue(visit func(id ident.ID)) {
	for _, r := range a.order {
		if r.row.Status != payment.RequiresCapture {
			continue
		}
		for _, n := range r.attempts {
			if stands(n) && !n.ExpiresAt.After(a.w.now()) {
				visit(n.ID)
			}
		}
	}
}

// leaps draws whether the clock leaps: rather amid something.
func (w *world) leaps() bool {
	const most = 4 // in a run
	if w.faults.leap == 0 || w.report.Counts["leap"] >= most {
		return false
	}
	return w.hit(w.faults.leap) || w.audit.busy() && w.hit(10*w.faults.leap)
}

// leap moves the clock by days, as when everything stood still for so long.
func (w *world) leap(d time.Duration) time.Duration {
	w.say("the clock leaps by %v", d)
	w.count("leap")
	if w.audit.captures() {
		w.count("leap while a capture is under way")
	}
	for _, p := range w.providers { // what is on its way lands after that
		for operation := range p.landing {
			w.audit.excuse(operation)
		}
	}
	for _, i := range w.instances { // it is the first that they do
		for shard := range w.cfg.Shards {
			if i != nil && !i.stopping {
				i.void(shard)
			}
		}
	}
	return d
}

// busy tells whether a capture or a stored batch is under way.
func (a *auditor) busy() bool {
	for _, record := range a.batches {
		if record.row.Status == payment.BatchProcessing {
			return true
		}
	}
	return a.captures()
}

// captures tells whether a capture is under way.
func (a *auditor) captures() bool {
	return slices.ContainsFunc(a.order, func(r *paymentRecord) bool { return r.row.CapturePendingMinor > 0 })
}
