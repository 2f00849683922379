// Package commit is the group commit at the centre of the program: load a set,
// decide many, write a set.
//
//	Enqueue ─▶ queue ─▶ [permit] ─▶ gather ─▶ claim ─▶ load ─▶ decide, in turn ─▶ write ─▶ commit ─▶ answer
//	             ▲                                               │ NeedKeys, or a key claimed twice in one group
//	             └───────────────────────────────────────────────┘
//
// One Committer a shard. While one group commits the next one gathers, so a
// group holds whatever came in the meantime: 200 waiting commands cost a handful
// of statements and one fsync.
//
// What holds:
//   - Nobody is answered before the group is durable.
//   - A command sees the state as the commands before it left it.
//   - An error of a decision fails its caller alone, and leaves no trace.
//   - Rows that the engine refuses make the group run again one command at a
//     time: the poison one fails, with an alert; the others go through.
//   - After a conflict the group runs again. After a commit of unknown outcome
//     the store is asked before anyone is answered.
//   - The committer has no clock, ids or chance of its own and starts no
//     goroutine: internal/loop calls Step, and so does the simulator.
package commit
