package payment

import (
	"florin/ident"
	"florin/problem"
)

// root returns the first attempt of the request that led to this one.
func (a Attempt) root() ident.ID {
	if a.Root.IsZero() {
		return a.ID
	}
	return a.Root
}

// AnswerTo returns the state in which a request to confirm the payment was to be
// answered, whoever learned the outcome and whatever came after: first is the
// attempt with which that request began. The state's version is 0, not known any
// more. Open is true, and the state the present one, while the outcome is open;
// ok is false when there is no such attempt.
func (p Payment) AnswerTo(first ident.ID) (state State, open, ok bool) {
	var last Attempt
	for _, a := range p.Attempts {
		if a.root() == first {
			last, ok = a, true
		}
	}
	if !ok {
		return p.State, false, false
	}
	if last.Outcome.Open() {
		return p.State, true, true
	}
	state = State{
		PaymentMethod: last.Method, Attempt: last.ID, Gateway: last.Gateway,
	}
	switch {
	case p.CaptureMethod == CaptureManual && last.Outcome == OutcomeApproved && last.ID == p.Attempt &&
		p.AuthorizedMinor > 0:
		// It was authorized in time, whatever became of that.
		state.Status, state.AuthorizedMinor = RequiresCapture, p.Amount.Minor
	case last.Stands():
		state.Status, state.AuthorizedMinor, state.CapturedMinor = Succeeded, p.Amount.Minor, p.Amount.Minor
	case last.Reason != "":
		state.Status, state.Reason = Declined, last.Reason
	default: // approved when nobody waited for it any more, and reversed
		state.Status, state.Reason = Declined, problem.NotCharged
	}
	return state, false, true
}
