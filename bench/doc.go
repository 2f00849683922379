// Package bench is the client side of florin bench: it puts load on a server
// over HTTP, checks every answer, and holds what it measured against ceilings
// found in the same run.
//
//	Run ─▶ starts the server, stores the users' cards, then rotates slices of
//	       single ─ echo ─ hot   and   batch ─ raw; transfers, wallet, mixed
//	Load ─▶ one kind of load: clients ─▶ traffic (what to ask for)
//	                                  ─▶ Exchanger (one connection)
//	                                  ─▶ answers, tally, Journal, recorder
//
// What a figure means:
//   - A rate is what was answered inside a slice's window, in which the load was
//     steady; the clients start before it and end after it. Only answers that
//     say so count: 201 and succeeded. Any other fails the run; but a transfer
//     may be on its way (202), and counts once it has ended: a few of a batch
//     are looked at before its client goes on, and all of them after the slice.
//   - The machines are noisy. What is compared is measured in turns, a slice of
//     this and a slice of that; a rate is the median of its slices, and a ratio
//     the median of the ratios within the turns.
//   - In an open loop a request's latency counts from when it was meant to be
//     sent, so that a server that stalls cannot hide it.
//
// With Repeat, a request that the server did not answer (it was killed) is sent
// again with the same key until it is answered for good, and what was answered
// as still open is asked for at the end. So the journal holds exactly the
// payments that somebody was told about.
package bench
