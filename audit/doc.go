// Package audit checks that the books are right: it reads a whole store, each
// shard in one snapshot, and names every row that breaks an invariant.
//
//	acknowledgements ─┐
//	gateways' journals┼─▶ each shard: payments, methods, transfers ─▶ transactions ─▶ accounts ─▶ events
//	                  │                                         │
//	                  └──────── what does not agree ◀───────────┘
//	                                  │ 2 s later, both sides read anew
//	                                  ▼
//	                               broken
//
// It streams: what it keeps of a shard is some 100 bytes a payment, in lists
// that are sorted by id and searched near the last hit, since everything comes in
// nearly the order of the ids. Shards are read two at a time. Of the gateways'
// journals, which know no shards, some 50 bytes an approved operation are kept,
// and as much of an acknowledgement.
//
// What holds:
//   - An operation whose outcome is open, or a reversal under way, is counted and
//     is no violation.
//   - The last event of an object tells of its status: where two statuses leave the
//     ledger alike, this tells them apart.
//   - What a key has made is there; a transfer that was declined is not, and an
//     attempt is looked for by its payment alone.
//   - A refund that failed after its approval has a second entry in its gateway's
//     journal: the store must say the same of it.
//   - Acknowledgements and journals are read before the snapshots are opened:
//     whatever they tell was durable by then, and must be found. What the store
//     has beyond a journal is asked for again, 2 s later.
//   - The two sides of a transfer between shards are read at different moments:
//     where they differ both are read again, 2 s later.
//   - A row is named once for one fault: where one finding follows from another,
//     only the first is told.
//   - It writes nothing.
package audit
