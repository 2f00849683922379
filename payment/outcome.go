package payment

import (
	"slices"
	"time"

	"florin/event"
	"florin/ident"
	"florin/problem"
)

// Settle is the command that records what became of an attempt. Three may learn
// one outcome (the call itself, an inquiry, a notice): deciding it again changes
// nothing.
type Settle struct {
	Attempt   ident.ID
	Outcome   Outcome
	Reason    problem.Code // of a decline
	Reference string
	ActionURL string // of requires_action
	At        time.Time
	// ExpiresAt is when an approval to be captured is voided.
	ExpiresAt time.Time
	// InquireAt is when to ask next, should the outcome be open.
	InquireAt time.Time
	// Inquired counts one more inquiry.
	Inquired bool
	// Next is the attempt that follows a decline with which the gateway surely
	// charged nothing; its zero value ends the payment as declined.
	Next Start
	// Capture and Reversal are ids for what an approval makes.
	Capture, Reversal ident.ID
}

// DecideOutcome settles an attempt, and with it the payment. An approval for a
// payment that no longer waits for it is recorded and taken back.
func DecideOutcome(p Payment, s Settle) (Changes, error) {
	i := slices.IndexFunc(p.Attempts, func(a Attempt) bool { return a.ID == s.Attempt })
	if i < 0 {
		return Changes{}, problem.New(problem.NotFound, "payment %s has no attempt %s",
			p.ID.Text(ident.Payment), s.Attempt.Text(ident.Attempt))
	}
	if !s.Outcome.known() {
		return Changes{}, problem.New(problem.Internal, "%q is no outcome", s.Outcome)
	}
	attempt := p.Attempts[i]
	if attempt.Outcome == OutcomePending && !attempt.AnsweredAt.IsZero() && s.Outcome == OutcomeRequiresAction {
		s.Outcome = OutcomePending // old news: the challenge was passed, and the gateway works on it
	}
	if attempt.settled(s.Outcome) {
		return p.askedOnce(i, s)
	}
	if attempt.AnsweredAt.IsZero() {
		attempt.AnsweredAt = s.At
	}
	if attempt.Outcome == OutcomeRequiresAction && s.Outcome == OutcomeUnknown {
		s.Outcome = OutcomeRequiresAction // the inquiry failed; the challenge goes on
	}
	attempt.Outcome, attempt.Reason, attempt.Inquiry.At = s.Outcome, s.Reason, time.Time{}
	if s.Reference != "" {
		attempt.Reference = s.Reference
	}
	if s.Inquired {
		attempt.Inquiry.Count++
	}
	awaited := (p.Status == Processing || p.Status == RequiresAction) && p.Attempt == attempt.ID
	var changes Changes
	switch {
	case s.Outcome.Open():
		attempt.Inquiry.At = s.InquireAt
		if awaited {
			p.await(s, &changes)
		}
	case s.Outcome == OutcomeApproved && !awaited:
		p.keepAnswer()
		attempt.Reversal = &Reversal{ID: s.Reversal, Status: OperationPending}
		attempt.Inquiry = Inquiry{At: s.InquireAt}
		p.record(event.PaymentLateApproval, attempt, &changes)
	case s.Outcome == OutcomeApproved:
		p.keepAnswer()
		p.approve(&attempt, s, &changes)
	case awaited:
		p.keepAnswer()
		p.decline(s, attempt, &changes)
	}
	p.setAttempt(i, attempt, &changes)
	return changes.of(p)
}

// settled tells whether an outcome brings nothing new to the attempt. A decline
// may still turn out to be an approval that came late; an approval stands.
func (a Attempt) settled(outcome Outcome) bool {
	switch a.Outcome {
	case OutcomeApproved:
		return true
	case OutcomeDeclined:
		return outcome != OutcomeApproved
	case OutcomePending, OutcomeUnknown, OutcomeRequiresAction:
		return false
	}
	return false
}

// askedOnce takes an outcome that brings nothing new. Only the challenge of a
// payment that was canceled is still asked about, until its gateway gives it up.
func (p Payment) askedOnce(i int, s Settle) (Changes, error) {
	attempt := p.Attempts[i]
	if attempt.Outcome != OutcomeDeclined || attempt.Inquiry.At.IsZero() {
		return Changes{Payment: p}, nil
	}
	attempt.Inquiry.At = time.Time{}
	if s.Outcome.Open() {
		attempt.Inquiry.At = s.InquireAt
	}
	if s.Inquired {
		attempt.Inquiry.Count++
	}
	var changes Changes
	p.setAttempt(i, attempt, &changes)
	return changes.of(p)
}

// await follows an open outcome: the cardholder must act, or has acted and the
// gateway will tell later.
func (p *Payment) await(s Settle, changes *Changes) {
	switch {
	case s.Outcome == OutcomeRequiresAction && p.Status == Processing:
		p.keepAnswer()
		p.Status, p.ActionURL = RequiresAction, s.ActionURL
		p.advance(changes)
	case s.Outcome == OutcomePending && p.Status == RequiresAction:
		p.keepAnswer()
		p.Status = Processing
		p.advance(changes)
	}
}

// approve takes an approved charge: captured as it was authorized, or to be
// captured.
func (p *Payment) approve(attempt *Attempt, s Settle, changes *Changes) {
	p.Reason, p.Attempt, p.Gateway = "", attempt.ID, attempt.Gateway
	p.AuthorizedMinor = p.Amount.Minor
	if p.CaptureMethod == CaptureManual {
		p.Status, attempt.ExpiresAt = RequiresCapture, s.ExpiresAt
		p.advance(changes)
		return
	}
	p.Status, p.CapturedMinor = Succeeded, p.Amount.Minor
	p.advance(changes)
	capture := Capture{
		ID: s.Capture, Payment: p.ID, Attempt: attempt.ID, UserID: p.UserID, Minor: p.Amount.Minor,
		Status: OperationSucceeded, Version: 1,
	}
	p.Captures = append(p.Captures[:len(p.Captures):len(p.Captures)], capture)
	changes.Captures = append(changes.Captures, Change[Capture]{Value: capture, New: true})
	changes.Events = append(changes.Events, p.captureEvent(event.CaptureSucceeded, capture))
	p.bookCapture(capture, attempt.Gateway, changes)
}

// decline ends the payment, or goes on with the next gateway.
func (p *Payment) decline(s Settle, attempt Attempt, changes *Changes) {
	if s.Next.Attempt.IsZero() {
		p.Status, p.Reason = Declined, s.Reason
	} else {
		p.start(s.Next, attempt.root(), changes)
	}
	p.advance(changes)
}

// record gives the payment a version for something that its status does not
// show: what became of an attempt that came too late.
func (p *Payment) record(kind event.Type, late Attempt, changes *Changes) {
	p.Version++
	changes.Changed = true
	changes.Events = append(changes.Events, p.lateEvent(kind, late))
}

// setAttempt replaces the i-th attempt.
func (p *Payment) setAttempt(i int, attempt Attempt, changes *Changes) {
	p.Attempts = slices.Clone(p.Attempts)
	p.Attempts[i] = attempt
	changes.Attempts = append(changes.Attempts, Change[Attempt]{Value: attempt})
}

// Reverse is the command that records what became of a reversal.
type Reverse struct {
	Attempt ident.ID
	// Reversal is the operation that was tried; zero means the present one.
	Reversal ident.ID
	Done     bool // the gateway has taken the charge back
	// Again is the operation of the next try after one that the gateway refused:
	// it would refuse that id for ever. Zero keeps the id.
	Again     ident.ID
	InquireAt time.Time
}

// DecideReversal settles a reversal, or puts the next try off.
func DecideReversal(p Payment, r Reverse) (Changes, error) {
	i := slices.IndexFunc(p.Attempts, func(a Attempt) bool { return a.ID == r.Attempt })
	if i < 0 || p.Attempts[i].Reversal == nil {
		return Changes{}, problem.New(problem.NotFound, "attempt %s has no reversal", r.Attempt.Text(ident.Attempt))
	}
	attempt := p.Attempts[i]
	if attempt.Reversal.Status == OperationSucceeded {
		return Changes{Payment: p}, nil
	}
	var changes Changes
	reversal := *attempt.Reversal
	tried := r.Reversal
	if tried.IsZero() {
		tried = reversal.ID
	}
	attempt.Inquiry.Count++
	if r.Done {
		p.keepAnswer()
		reversal.ID, reversal.Status = tried, OperationSucceeded
		attempt.Inquiry.At = time.Time{}
		kind := event.PaymentReversed
		if reversal.Rest {
			kind = event.PaymentReleased
		}
		p.record(kind, attempt, &changes)
	} else {
		attempt.Inquiry.At = r.InquireAt
		if tried == reversal.ID && !r.Again.IsZero() {
			reversal.ID = r.Again
		}
	}
	attempt.Reversal = &reversal
	p.setAttempt(i, attempt, &changes)
	return changes.of(p)
}
