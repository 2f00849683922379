package sim

import (
	"errors"
	"fmt"

	"florin/store"
)

// faults is how often things go wrong: each a probability a call, from kill on a
// step of the scheduler, of the last three a move of the clock.
type faults struct {
	read, begin, claim, load, write  float64 // of the store, without effect
	refuse                           float64 // a group, whose commands may all be sound
	commitConflict, commitLost       float64 // not committed, and it is known
	commitUnknownNo, commitUnknownOK float64 // not known, not committed or committed
	lookUp                           float64

	notSent      float64 // a gateway refuses before anything is sent
	errorBefore  float64 // the outcome is open: nothing happened
	errorAfter   float64 // the same: it happened
	errorLate    float64 // the same: it will happen
	hang         float64 // no answer before the deadline
	slow         float64
	pending      float64 // the gateway will tell later
	pends        float64 // the same, and it says so when it is asked
	unknown      float64 // the gateway does not know
	decline      float64 // an operation that would have been approved
	tardy        float64 // of what happens late: later than the gateway promises
	resolve      float64 // asking fails
	listenBefore float64 // a notice is lost on the way, or its answer is
	listenAfter  float64
	listenLost   float64 // it is lost for good

	forget float64 // a command does not say what it reads, and is asked again

	hangUp  float64 // a client stops waiting
	kill    float64
	stop    float64 // an instance is stopped in good order, and started again
	reopen  float64 // the store's process restarts
	outage  float64 // a gateway is away for a while
	blind   float64 // a shard is away for a while
	bigJump float64 // the clock jumps by seconds
	back    float64 // the clock is set back by milliseconds
	leap    float64 // the clock jumps by days, in a world in which days pass
}

// drawFaults draws a world's character: some of its faults never happen, others
// often.
func drawFaults(d dice) faults {
	character := pick(d, 0.3, 1, 1, 3)
	draw := func(p float64, most float64) float64 {
		if d.hit(0.35) {
			return 0
		}
		return min(most, p*character*pick(d, 0.3, 1, 2, 8))
	}
	call := func(p float64) float64 { return draw(p, 0.5) }
	step := func(p float64) float64 { return draw(p, 4*p) }
	f := faults{
		read: call(0.02), begin: call(0.01), claim: call(0.01), load: call(0.01), write: call(0.01),
		refuse: call(0.01), commitConflict: call(0.03), commitLost: call(0.01),
		commitUnknownNo: call(0.02), commitUnknownOK: call(0.02), lookUp: call(0.3),
		notSent: call(0.03), errorBefore: call(0.03), errorAfter: call(0.03), errorLate: call(0.04),
		hang: call(0.03), slow: call(0.1), pending: call(0.03), pends: call(0.03), unknown: call(0.02), decline: call(0.05),
		tardy: pick(d, 0, 0, 0.3, 0.9), resolve: call(0.1), listenBefore: call(0.1), listenAfter: call(0.1),
		listenLost: call(0.4),
		forget:     call(0.02), hangUp: call(0.05),
		kill: step(0.0015), stop: step(0.0005), reopen: step(0.0005), outage: step(0.0005), blind: step(0.0005),
		bigJump: step(0.02), back: step(0.005),
	}
	if f.tardy > 0 {
		f.errorLate = max(f.errorLate, 0.05) // so that something can be late
	}
	return f
}

// hit draws whether a fault happens; in the liveness phase none does.
func (w *world) hit(p float64) bool { return !w.calm && w.faultDice.hit(p) }

// Errors that the faults give.
var (
	errAway     = fmt.Errorf("%w: simulated", store.ErrUnavailable)
	errConflict = fmt.Errorf("%w: simulated", store.ErrConflict)
	errUnknown  = fmt.Errorf("%w: simulated", store.ErrCommitUnknown)
	errRefused  = fmt.Errorf("%w: simulated", store.ErrRefused)
	errLost     = errors.New("sim: the connection broke")
)

// Break names something that is broken on purpose, to see that the auditor
// notices.
type Break string

// What can be broken.
const (
	// AckBeforeCommit answers a commit before it is durable.
	AckBeforeCommit Break = "ack-before-commit"
	// LoseCommit answers a commit and forgets it.
	LoseCommit Break = "lose-commit"
	// ForgetEvent leaves an event out of a commit.
	ForgetEvent Break = "forget-event"
	// ForgetClaim leaves claims out of a commit.
	ForgetClaim Break = "forget-claim"
	// ForgetReservation lets a commit forget what refunds have reserved.
	ForgetReservation Break = "forget-reservation"
	// WrongBalance books a minor unit too much.
	WrongBalance Break = "wrong-balance"
	// ChargeTwice charges under a second operation id.
	ChargeTwice Break = "charge-twice"
	// TrustErrors takes any error of a charge for one that charged nothing.
	TrustErrors Break = "trust-errors"
	// ForgetVoid says of voids that they were done.
	ForgetVoid Break = "forget-void"
	// SkipInquiry never asks about open operations.
	SkipInquiry Break = "skip-inquiry"
	// SkipTransfers never drives transfers that were left pending.
	SkipTransfers Break = "skip-transfers"
	// SkipExpiry never ends holds whose time is over.
	SkipExpiry Break = "skip-expiry"
	// SkipVoids never ends authorizations whose time is over.
	SkipVoids Break = "skip-voids"
	// SkipBatches never works on batches that were stored.
	SkipBatches Break = "skip-batches"
	// ForgetNotice takes notices and does nothing.
	ForgetNotice Break = "forget-notice"
)

// Breaks lists what can be broken.
func Breaks() []Break {
	return []Break{
		AckBeforeCommit, LoseCommit, ForgetEvent, ForgetClaim, ForgetReservation, WrongBalance,
		ChargeTwice, TrustErrors, ForgetVoid, SkipInquiry, ForgetNotice, SkipTransfers, SkipExpiry,
		SkipVoids, SkipBatches,
	}
}

// broken draws, for a call, whether what the run's Break names goes wrong.
func (w *world) broken(b Break, p float64) bool { return w.cfg.Break == b && w.faultDice.hit(p) }
