// Package memory keeps a store in memory: simple, exact and forgetful. It is for
// tests and for the simulator, whose crashes it survives.
//
//	New ──▶ Store ─── the process is gone ──▶ Reopen ──▶ Store
//	          │                                            │
//	          └────▶ []shard, what was committed ◀─────────┘
//
// Invariants:
//   - A Tx collects what it will write; the shard changes at Commit, all of it
//     at once, or not at all.
//   - Whatever goes in or comes out is a copy: nobody holds a piece of the disk.
//   - Rows that a database would refuse (an id that is taken or missing, another
//     shard's user, an object's version twice) are store.ErrRefused, and end the
//     Tx without a trace.
//   - Of times the milliseconds are kept, as the other engines do.
//   - After Reopen or Close, what was open answers store.ErrUnavailable.
package memory
