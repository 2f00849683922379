// Package sim runs the whole money path (flows, committers, the inquiry, the
// simulated gateways and the memory store) against a world that goes wrong, and
// an auditor that knows better. One seed decides everything: the same seed gives
// the same run, line by line, on every machine.
//
//	clients ─▶ [instance: flows ─▶ committers] ─▶ store    memory, outlives the instances
//	              ▲    workers ─┘      │
//	              └── notices ── gateways ◀──┘             simulated, outlive the instances
//
// # How determinism works
//
// Flows are blocking code, so each call of one is a task: a coroutine (iter.Pull)
// that runs until it parks. Everything that a flow, a worker or a committer sees
// of the world is a port (the store, a gateway, the clock, the committer), and
// the ports here park the task that calls them. Then the scheduler chooses, by
// the seed, what happens next: one of the tasks that can go on, a committer's
// Step, a worker's, the clock, or something that goes wrong. So exactly one
// thing runs at a time, and in an order that the seed gives.
//
// What could bring in anything else is kept out: time is a clock.Manual, chance
// comes from the seed, the vault is a fake without keys of its own, maps are
// never ranged over where it matters, and the deadlines of contexts, which the
// machine's clock ends, are played by the gateways here on the simulated clock.
// Nothing may wait for another task but by parking, so there are no commit.Permits.
// Each line of the trace goes into a hash, which the report tells.
//
// # What goes wrong
//
// A seed also draws how often each thing goes wrong, some of them never. A call
// fails before it takes effect or after: that is the ambiguous charge and the
// ambiguous commit. A gateway hangs until the call's deadline, and what was sent
// lands later, or much later than it promised. An instance is killed: its tasks
// end where they are parked, by a panic that only the task's own frame catches,
// and a new instance starts on the same store and the same gateways. It is also
// stopped in good order, and the store restarted, which loses its open Txs.
// Shards and gateways are away for a while; the clock jumps, in some worlds by days,
// and is set back. Cardholders pass challenges, fail them, or never come; they
// dispute charges, and gateways tell of that repeatedly and in any order. Notices of
// what is asked about anyway are lost for good.
// Clients hang up, and repeat what was not answered with the same idempotency
// key, or with another body.
//
// # What is audited
//
// The auditor sees every commit, every call that reaches a gateway and every
// answer that a client gets, keeps its own books from them, and never asks the
// code that it audits. What a transaction must book, and what every wallet has, it
// works out by itself, from what clients asked for, cardholders did and gateways
// told. On every commit: a version has
// one event, transactions balance and continue their accounts, sums equal their
// parts, at most one charge stands; no user's account falls below zero, no transfer
// ends otherwise than its receiver's shard has decided, a hold ends once, a dispute
// stands as its gateway has told, an authorization ends in its time or when it was
// canceled, and each item of a stored batch is answered once, with what became of it.
// On every call: nothing is sent before it is durable, no charge is sent twice, the
// next gateway is not tried while the first may have charged. On every answer: it
// is durable, it is true, it never contradicts an earlier
// one, and a refusal has its reason.
//
// After the faults (the safety phase) comes the liveness phase: nothing goes
// wrong any more, and within two hours and a half of simulated time everything must be
// settled, reversed and answered, and nothing left between the shards; where days
// pass, what was authorized must have ended after six of them.
// Then every keyed request is sent once more,
// everything is read by pages, and the books, the store and the gateways' own
// entries must agree; and the audit that `florin audit` makes must find nothing.
//
// A Break breaks something on purpose: a test shows that the auditor notices.
//
// # What is not simulated
//
// gateway.Guard, whose breaker goes by the machine's clock: the gateways here say
// by themselves when they are worth a call. Stale replicas. API keys. And the
// answer of a confirm whose outcome an inquiry or a notice has learned: it is not
// kept, and so only has to be true when it is told.
package sim
