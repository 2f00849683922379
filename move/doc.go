// Package move copies a store into an empty one with another number of shards, and
// hands the business over to it. Ids, versions, history and the order of events
// stay.
//
//	source   served ──▶ being moved ───────────────────────▶ moved (read only)
//	target   empty  ─────▶ being filled ─▶ whole, compared ──────▶ served
//	                1      2                               3     4
//
// What holds, whenever the process is killed:
//   - At most one of the two can be served, and from 3 to 4 none: the marks are set
//     in the order of the figures, each durably before the next.
//   - A part's rows are written in chunks; a chunk's Tx also writes how many of the
//     part's rows the target's shard has now. The source cannot change while it bears
//     its mark, and is read in one order: so a copy goes on behind the rows that are
//     there.
//   - Nothing is handed over unless both audits are clean and every row of the source
//     was found in the target as it is to be.
//
// Where a row goes follows from its user. What is of two users is a transfer: one
// that was within a shard and is between two now gets the two sides that it would
// have had (place.go); one that was between shards and is within one now stays as it
// is, since the audit and the flow know that form too. So transfers that are pending
// are copied as they are, and are driven to their end by whoever serves the target.
package move
