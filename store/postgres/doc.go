// Package postgres keeps a store in PostgreSQL: one database a shard, any number
// of processes at once.
//
//	Begin ─▶ [ BEGIN, lease, claims ] ─▶ [ missing accounts, loads ] ─▶ [ writes, COMMIT ] ─▶ done
//	            one round trip              one round trip                one round trip
//
// What is in brackets is one pipeline: it is sent together, and what follows an
// error is skipped. A Tx without claims has two.
//
// What holds:
//   - A group's rows are written with one statement a table, from arrays; a row
//     that is to be updated and is not there fails the Tx inside the database.
//   - Locks are taken table by table in the order of (*pipe).load, rows by
//     ascending id, children of a payment under the payment's; nobody waits longer
//     than lockTimeout. Isolation is READ COMMITTED: a statement that follows a
//     lock sees what was committed until then.
//   - A system account belongs to a slot, and a slot to one process: each Tx checks
//     in its first round trip that its process still has it.
//   - Whether a Tx whose COMMIT got no answer was committed is settled by its row
//     in commits: Committed waits for it, or puts a void one in its place, which
//     the Tx can no longer pass.
//   - A database is used only while its marks, schema and epoch are the store's,
//     which every new connection finds out.
//   - A shard that gives no answer within Config.Freeze is left alone until a
//     probe has had one; its callers are told at once.
//
// Ids are uuid columns of ident.ID's 16 bytes; several processes issue them, so
// that only a whole id names a row. Times have milliseconds.
package postgres
