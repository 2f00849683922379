// Package simulated is a payment service provider of our own, for tests and
// trials: it keeps state, answers Stripe's test cards as Stripe does when they
// are charged, fails on demand, and leaves a journal that an auditor can hold
// against the books. It moves no real money.
//
// A call runs through these stations; with all [Settings] at zero it goes
// straight to the effect, in the caller's goroutine:
//
//	down? ── latency ── timeout? ── error before? ── EFFECT ── error after? ── answer
//	  │         │          │             │              │            │
//	not sent  context's  effect, now  ambiguous,     journal,     ambiguous,
//	          end, no    or late, no  no effect      then memory  after the
//	          effect     answer                                   effect, now or late
//
// What holds:
//
//   - An operation id has one effect and one outcome, for ever and for all
//     processes that share Config.Dir. The same id with other contents is refused.
//     An outcome that is open (a challenge, or pending) becomes a final one, once.
//   - Nothing is answered before it is in the journal: one line, one write(2). So
//     it outlives kill -9, though not the machine, since nothing is synced.
//   - What is captured of an authorization is never more than it, and what refunds
//     and voids take back of a charge never more than the charge.
//   - Nothing is kept of a card but its last four digits.
//
// Each process appends to a journal of its own, NAME.NUMBER.jsonl in Config.Dir,
// which it keeps locked while it lives, and reads those of the others. A line
// that lacks its end, because its writer died, never happened; nothing is ever
// written behind it. In NAME.lock stands who decides and appends at the moment,
// and how many journals there are, so that the others look for a new one; these
// are read in shared memory. No file may be changed by hand while a process uses
// the folder. Where the system has no shared memory or no locks (Windows), a
// folder serves one process.
//
// When a line cannot be written, it is taken back and the call ends with
// gateway.ErrNotSent; when it cannot be taken back either, so does every call
// after it. Late effects that were pending at a crash or at Close never happen; but
// what follows from a line of the journal does: the end of a pending operation, the
// failure of a refund, a dispute. A new process tells it again.
package simulated
