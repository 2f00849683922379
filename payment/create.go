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
	// Wallet charges the user's wallet in place of Start.
	Wallet *FromWallet
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
	if err := p.checkWallet(); err != nil {
		return Changes{}, err
	}
	changes := Changes{New: true}
	switch {
	case c.Method == "":
		p.Status = RequiresPaymentMethod
	case !c.Confirm:
		p.Status = RequiresConfirmation
	case c.Blocked:
		p.Status, p.Reason = Declined, problem.FraudDetected
	case c.Wallet != nil:
		p.chargeWallet(*c.Wallet, &changes)
		return changes.of(p)
	default:
		p.start(c.Start, ident.ID{}, &changes)
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
	// Wallet charges the user's wallet in place of Start.
	Wallet *FromWallet
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
	if err := p.checkWallet(); err != nil {
		return Changes{}, err
	}
	p.Reason = ""
	switch {
	case c.Blocked:
		p.Status, p.Reason = Declined, problem.FraudDetected
	case c.Wallet != nil:
		p.chargeWallet(*c.Wallet, &changes)
		return changes.of(p)
	default:
		p.start(c.Start, ident.ID{}, &changes)
	}
	p.advance(&changes)
	return changes.of(p)
}

// start opens an attempt; root is that of the one that it follows, if any.
func (p *Payment) start(s Start, root ident.ID, changes *Changes) {
	attempt := Attempt{
		ID: s.Attempt, Payment: p.ID, Root: root, UserID: p.UserID, Gateway: s.Gateway, Method: p.PaymentMethod,
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
