package payment

import (
	"time"

	"florin/ident"
	"florin/money"
	"florin/problem"
)

// Create is the command that makes a payment.
type Create struct {
	ID            ident.ID
	UserID        int64
	Amount        money.Amount
	CaptureMethod CaptureMethod
	Purpose       Purpose
	Method        string // "" for none yet
	Details       Details
	// Confirm starts the payment at once: with Start, or, when Blocked, as a
	// decline by fraud.
	Confirm bool
	Start   Start
	Blocked bool
}

// Start names the attempt with which a payment is confirmed.
type Start struct {
	Attempt   ident.ID
	Gateway   string
	InquireAt time.Time // when the gateway is asked, should no answer come
}

// DecideCreate makes a payment.
func DecideCreate(c Create) (Changes, error) {
	p := Payment{
		ID: c.ID, UserID: c.UserID, Amount: c.Amount, CaptureMethod: c.CaptureMethod,
		Purpose: c.Purpose, Details: c.Details,
	}
	p.PaymentMethod = c.Method
	changes := Changes{New: true}
	switch {
	case c.Method == "":
		p.Status = RequiresPaymentMethod
	case !c.Confirm:
		p.Status = RequiresConfirmation
	case c.Blocked:
		p.Status, p.Reason = Declined, problem.FraudDetected
	default:
		p.start(c.Start, &changes)
	}
	p.advance(&changes)
	return changes.of(p)
}

// Confirm is the command that charges a payment, for the first time or after a
// decline.
type Confirm struct {
	Method  string // "" keeps the payment's own
	Start   Start
	Blocked bool
}

// DecideConfirm starts an attempt on a payment that waits for one.
func DecideConfirm(p Payment, c Confirm) (Changes, error) {
	switch p.Status {
	case RequiresPaymentMethod, RequiresConfirmation, Declined:
	default:
		return Changes{}, wrongState(p, "confirmed")
	}
	if c.Method == "" && p.PaymentMethod == "" {
		return Changes{}, problem.Invalid("payment_method", "is needed: the payment has none yet")
	}
	var changes Changes
	p.keepAnswer()
	if c.Method != "" {
		p.PaymentMethod = c.Method
	}
	p.Reason = ""
	if c.Blocked {
		p.Status, p.Reason = Declined, problem.FraudDetected
	} else {
		p.start(c.Start, &changes)
	}
	p.advance(&changes)
	return changes.of(p)
}

// start opens an attempt.
func (p *Payment) start(s Start, changes *Changes) {
	attempt := Attempt{
		ID: s.Attempt, Payment: p.ID, UserID: p.UserID, Gateway: s.Gateway, Method: p.PaymentMethod,
		Minor: p.Amount.Minor, Outcome: OutcomePending, Inquiry: Inquiry{At: s.InquireAt},
	}
	p.Status, p.Attempt, p.Gateway = Processing, s.Attempt, s.Gateway
	p.Attempts = append(p.Attempts[:len(p.Attempts):len(p.Attempts)], attempt)
	changes.Attempts = append(changes.Attempts, Change[Attempt]{Value: attempt, New: true})
}

// keepAnswer keeps the state in which the payment's own request was answered;
// every decision that changes State calls it first.
func (p *Payment) keepAnswer() {
	if p.AnsweredVersion != 0 && p.Answered == nil {
		state := p.State
		p.Answered = &state
	}
}

// advance gives the payment its next version, and the event of it.
func (p *Payment) advance(changes *Changes) {
	p.Version++
	changes.Changed = true
	if p.Status != RequiresAction {
		p.ActionURL = ""
	}
	if p.AnsweredVersion == 0 && p.Status != Processing {
		p.AnsweredVersion = p.Version
	}
	changes.Events = append(changes.Events, p.event(eventTypes[p.Status]))
}

// of completes the changes with the payment's new state; what would break it is
// no change at all.
func (c Changes) of(p Payment) (Changes, error) {
	if err := p.Check(); err != nil {
		return Changes{}, err
	}
	c.Payment = p
	return c, nil
}

func wrongState(p Payment, verb string) error {
	return problem.New(problem.WrongState, "a payment that is %s cannot be %s", p.Status, verb)
}
