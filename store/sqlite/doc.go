// Package sqlite keeps a store in SQLite files, one a shard, without cgo. It is
// the engine of one machine: one process writes, others may look on.
//
//	DIR/lock         held by the process that opened the store ReadWrite
//	DIR/shard-K.db   shard K of N, with its write-ahead log beside it
//
//	          Begin                       Payment, Events, Snapshot, ...
//	            │ one Tx at a time                  │ any number
//	  ┌─────────▼─────────┐               ┌─────────▼─────────┐
//	  │ writer connection │               │ reader connections│
//	  │ + what it knows:  │               └─────────┬─────────┘
//	  │   accounts, recent│  WAL ──checkpointer──▶ file
//	  │   payments, claims│
//	  └───────────────────┘
//
// Invariants:
//   - What the shard knows in memory is what was committed: a Tx changes it
//     after COMMIT, never before. When a commit fails, or another process has
//     written (PRAGMA data_version tells), it is read anew.
//   - A claim's absence may be told from memory, its presence never: the set of
//     fingerprints may only say "surely new".
//   - Tables grow at their end: ids are stored by their ascending part. What is
//     looked up otherwise is indexed by integers alone, and what comes in any
//     order within generations (generation.go), so that a group of payments
//     touches the same few pages in a store of ten payments and of ten million.
//   - Whatever fails, the Tx is rolled back before the error is returned, and the
//     connection is ready for the next one.
//   - Errors are told by SQLite's result codes, never by their texts.
//
// Durability: WAL with synchronous FULL, so that every COMMIT is one fsync of
// the log. A disk that is full is store.ErrUnavailable, and the store works on
// when there is room again. A COMMIT that fails in the middle of its fsync is
// store.ErrCommitUnknown; Committed tells.
package sqlite
