package wallet

import (
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// Hold sets a part of a wallet aside until it is captured, released or expires.
type Hold struct {
	ID            ident.ID
	UserID        int64
	Amount        money.Amount
	CapturedMinor int64
	Status        HoldStatus
	Reason        string
	Metadata      map[string]string
	ExpiresAt     time.Time // milliseconds count
	Version       int64     // from 1, one event each
}

// HoldStatus is where a hold stands.
type HoldStatus string

// The statuses.
const (
	HoldActive   HoldStatus = "active"
	HoldCaptured HoldStatus = "captured"
	HoldReleased HoldStatus = "released"
	HoldExpired  HoldStatus = "expired"
)

// HoldStatuses lists every status.
func HoldStatuses() []HoldStatus {
	return []HoldStatus{HoldActive, HoldCaptured, HoldReleased, HoldExpired}
}

// How long a hold lasts.
const (
	DefaultHoldTime = 7 * 24 * time.Hour
	MaxHoldTime     = 30 * 24 * time.Hour
)

// PlaceHold is the command that makes a hold.
type PlaceHold struct {
	ID       ident.ID
	UserID   int64
	Amount   money.Amount
	Reason   string
	Metadata map[string]string
	// ExpiresAt is when it ends by itself; zero for DefaultHoldTime after At.
	ExpiresAt time.Time
	At        time.Time
}

// DecideHold places a hold on a wallet that has balance.
func DecideHold(balance money.Sum, c PlaceHold) (Changes[Hold], error) {
	if err := checkAmount(c.Amount); err != nil {
		return Changes[Hold]{}, err
	}
	expires := c.ExpiresAt
	if expires.IsZero() {
		expires = c.At.Add(DefaultHoldTime)
	}
	expires = expires.UTC().Truncate(time.Millisecond)
	switch {
	case !expires.After(c.At):
		return Changes[Hold]{}, problem.Invalid("expires_at", "has passed already")
	case expires.Sub(c.At) > MaxHoldTime:
		return Changes[Hold]{}, problem.Invalid("expires_at", "is more than 30 days away")
	}
	if after, err := balance.Add(-c.Amount.Minor); err != nil || after.Negative() {
		return Changes[Hold]{}, short(balance, c.Amount.Currency)
	}
	h := Hold{
		ID: c.ID, UserID: c.UserID, Amount: c.Amount, Status: HoldActive, Reason: c.Reason, Metadata: c.Metadata,
		ExpiresAt: expires, Version: 1,
	}
	return h.changes(true, event.HoldCreated, ledger.KindHoldPlaced, ledger.Posting{
		Debit: ledger.Wallet(h.UserID), Credit: ledger.Held(h.UserID), Amount: h.Amount,
	})
}

// CaptureHold is the command that takes a hold's money.
type CaptureHold struct {
	Minor int64 // 0 for all of it
	At    time.Time
}

// DecideCapture books what is captured as sales and gives the rest back. It
// happens once; a hold whose time is over is not captured any more, whether its
// expiry was written already or not.
func (h Hold) DecideCapture(c CaptureHold) (Changes[Hold], error) {
	minor := c.Minor
	if minor == 0 {
		minor = h.Amount.Minor
	}
	switch {
	case h.Status != HoldActive:
		return Changes[Hold]{}, h.wrongState("captured")
	case !c.At.Before(h.ExpiresAt):
		return Changes[Hold]{}, problem.New(problem.WrongState, "the hold's time is over: it cannot be captured")
	case minor < 0:
		return Changes[Hold]{}, problem.Invalid("amount", "must be greater than zero")
	case minor > h.Amount.Minor:
		err := problem.New(problem.OverCapture, "%s is held", h.Amount)
		err.Param = "amount"
		return Changes[Hold]{}, err
	}
	h.CapturedMinor = minor
	h.Status = HoldCaptured
	h.Version++
	postings := []ledger.Posting{{
		Debit: ledger.Held(h.UserID), Credit: ledger.Sales,
		Amount: money.Amount{Minor: minor, Currency: h.Amount.Currency},
	}}
	if rest := h.Amount.Minor - minor; rest > 0 {
		postings = append(postings, h.giveBack(rest))
	}
	return h.changes(false, event.HoldCaptured, ledger.KindHoldCaptured, postings...)
}

// DecideRelease gives a hold back.
func (h Hold) DecideRelease() (Changes[Hold], error) {
	if h.Status != HoldActive {
		return Changes[Hold]{}, h.wrongState("released")
	}
	return h.end(HoldReleased, event.HoldReleased)
}

// DecideExpiry gives a hold back whose time is over at a moment. Any other is
// left as it is.
func (h Hold) DecideExpiry(at time.Time) (Changes[Hold], error) {
	if h.Status != HoldActive || at.Before(h.ExpiresAt) {
		return Changes[Hold]{Value: h}, nil
	}
	return h.end(HoldExpired, event.HoldExpired)
}

func (h Hold) end(status HoldStatus, kind event.Type) (Changes[Hold], error) {
	h.Status = status
	h.Version++
	return h.changes(false, kind, ledger.KindHoldReleased, h.giveBack(h.Amount.Minor))
}

// giveBack moves a part of the hold into the wallet again.
func (h Hold) giveBack(minor int64) ledger.Posting {
	return ledger.Posting{
		Debit: ledger.Held(h.UserID), Credit: ledger.Wallet(h.UserID),
		Amount: money.Amount{Minor: minor, Currency: h.Amount.Currency},
	}
}

// changes makes the present version's changes; what would break the hold is no
// change at all.
func (h Hold) changes(isNew bool, e event.Type, kind ledger.Kind, postings ...ledger.Posting) (Changes[Hold], error) {
	if err := h.Check(); err != nil {
		return Changes[Hold]{}, err
	}
	return Changes[Hold]{
		Value: h, Changed: true, New: isNew, Events: []event.Event{h.event(e)},
		Transactions: []ledger.Transaction{ledger.NewTransaction(kind, h.UserID, h.ID, ident.ID{}, postings...)},
	}, nil
}

func (h Hold) wrongState(verb string) error {
	return problem.New(problem.WrongState, "a hold that is %s cannot be %s", h.Status, verb)
}

// Check returns an error when the hold breaks an invariant: a broken program or
// store, never a caller's fault.
func (h Hold) Check() error {
	captured := h.Status == HoldCaptured
	switch {
	case h.Amount.Minor <= 0 || h.Amount.Minor > h.Amount.Currency.MaxMinor():
		return h.broken("its amount %d is out of range", h.Amount.Minor)
	case captured != (h.CapturedMinor > 0) || h.CapturedMinor < 0 || h.CapturedMinor > h.Amount.Minor:
		return h.broken("%s with %d captured", h.Status, h.CapturedMinor)
	case h.Status == HoldActive && h.Version != 1 || h.Status != HoldActive && h.Version != 2:
		return h.broken("%s in version %d", h.Status, h.Version)
	}
	switch h.Status {
	case HoldActive, HoldCaptured, HoldReleased, HoldExpired:
		return nil
	}
	return h.broken("its status is %q", h.Status)
}

func (h Hold) broken(detail string, args ...any) error {
	return problem.New(problem.Internal, "hold broken: "+detail, args...)
}

// checkAmount refuses an amount that no wallet's command may have.
func checkAmount(a money.Amount) error {
	switch {
	case a.Minor <= 0:
		return problem.Invalid("amount", "must be greater than zero")
	case a.Minor > a.Currency.MaxMinor():
		return problem.Invalid("amount", "is more than %d, the most in %s", a.Currency.MaxMinor(), a.Currency)
	}
	return nil
}
