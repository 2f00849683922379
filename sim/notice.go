package sim

import (
	"context"
	"errors"

	"florin/gateway"
)

var errNobody = errors.New("sim: nobody takes the notice")

// tell is the gateway's listener: what has landed is told to an instance, or the
// gateway tells it again.
func (p *provider) tell(_ context.Context, n gateway.Notice) error {
	w := p.w
	if p.landing[n.Operation] > 0 {
		p.landing[n.Operation]--
	}
	w.say("%s tells of %x: %s", p.Name(), n.Operation[:8], n.Outcome.Status)
	w.count("landed late")
	if n.Dispute != nil {
		w.audit.heard(p, n)
		w.say("it is %s of %s", n.Dispute.Status, n.Dispute.Reference)
	}
	w.pause()
	home := w.anyInstance()
	if w.audit.asksItself(n) && w.hit(w.faults.listenLost) {
		w.say("%s notice: lost for good", p.Name())
		w.count("notice lost for good")
		return nil
	}
	if home == nil || w.hit(w.faults.listenBefore) {
		w.say("%s notice: lost", p.Name())
		return errNobody
	}
	err := errNobody
	if w.cfg.Break == ForgetNotice {
		err = nil
	} else {
		t := w.spawn(home, "notice", func() { err = home.flow.Notice(background(), n) })
		w.await(func() bool { return t.done })
		if t.killed {
			err = errNobody
		}
	}
	if err == nil && w.hit(w.faults.listenAfter) {
		err = errNobody
	}
	w.say("%s notice %x: %s", p.Name(), n.Operation[:8], word(err))
	return err
}

// asksItself tells whether a notice is of an operation that is asked about anyway,
// so that it may be lost for good.
func (a *auditor) asksItself(n gateway.Notice) bool {
	_, open := a.unsettled[n.Operation]
	r := a.owner[n.Operation]
	call := a.calls[n.Operation]
	// A refund may fail later, and of what has landed later than was promised nobody
	// else will tell.
	return open && n.Dispute == nil && r.refund(n.Operation) == nil && call != nil && !call.excused
}
