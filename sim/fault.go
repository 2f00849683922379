package sim

import (
	"errors"
	"fmt"

	"florin/store"
)

// faults is how often things go wrong, each a probability a call, or, of the
// last ones, a step of the scheduler.
type faults struct {
	read, begin, claim, load, write  float64 // of the store, without effect
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
	unknown      float64 // the gateway does not know
	decline      float64 // an operation that would have been approved
	tardy        float64 // of what happens late: later than the gateway promises
	resolve      float64 // asking fails
	listenBefore float64 // a notice is lost on the way, or its answer is
	listenAfter  float64

	hangUp  float64 // a client stops waiting
	kill    float64
	reopen  float64 // the store's process restarts
	outage  float64 // a gateway is away for a while
	blind   float64 // a shard is away for a while
	bigJump float64 // the clock jumps by seconds
}

// drawFaults draws a world's character: some of its faults never happen, others
// often.
func drawFaults(d dice) faults {
	character := pick(d, 0.3, 1, 1, 3)
	draw := func(p float64) float64 {
		if d.hit(0.35) {
			return 0
		}
		return p * character * pick(d, 0.3, 1, 2)
	}
	return faults{
		read: draw(0.01), begin: draw(0.01), claim: draw(0.01), load: draw(0.01), write: draw(0.01),
		commitConflict: draw(0.03), commitLost: draw(0.01),
		commitUnknownNo: draw(0.02), commitUnknownOK: draw(0.02), lookUp: draw(0.3),
		notSent: draw(0.03), errorBefore: draw(0.03), errorAfter: draw(0.03), errorLate: draw(0.02),
		hang: draw(0.03), slow: draw(0.1), pending: draw(0.03), unknown: draw(0.02), decline: draw(0.02),
		tardy: draw(0.2), resolve: draw(0.1), listenBefore: draw(0.1), listenAfter: draw(0.1),
		hangUp: draw(0.05), kill: draw(0.0015), reopen: draw(0.0005), outage: draw(0.0005), blind: draw(0.0005),
		bigJump: draw(0.02),
	}
}

// hit draws whether a fault happens; in the liveness phase none does.
func (w *world) hit(p float64) bool { return !w.calm && w.faultDice.hit(p) }

// Errors that the faults give.
var (
	errAway     = fmt.Errorf("%w: simulated", store.ErrUnavailable)
	errConflict = fmt.Errorf("%w: simulated", store.ErrConflict)
	errUnknown  = fmt.Errorf("%w: simulated", store.ErrCommitUnknown)
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
	// ForgetNotice takes notices and does nothing.
	ForgetNotice Break = "forget-notice"
)

// broken draws, for a call, whether what the run's Break names goes wrong.
func (w *world) broken(b Break, p float64) bool { return w.cfg.Break == b && w.faultDice.hit(p) }
