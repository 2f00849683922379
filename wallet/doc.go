// Package wallet decides about what users own: adjustments, holds, payouts, and
// transfers between wallets. Everything is values in and values out; who loads and writes them is the
// committer's matter, which also refuses what would take a wallet below zero.
//
// An adjustment is done when it is booked, and a payout is pending from then on.
//
//	              ┌─ capture ─▶ captured (what is not captured goes back)
//	hold: active ─┼─ release ─▶ released
//	              └─ expiry ──▶ expired
//
// A transfer within a shard is one Tx. Across shards it is three, each durable
// by itself, and no lock spans two of them:
//
//	sender's shard:    wallet / transfers     pending
//	receiver's shard:  transfers / wallet     accepted, or refused: a row either way, once
//	sender's shard:    (transfers / wallet)   succeeded, or failed and booked back
//
// Invariants: a hold leaves active once; while it is active its whole amount is
// in the user's held account; each version of a hold or a payout has one event
// and one ledger transaction; an adjustment is its ledger transaction; what the
// receiver's shard decided about a transfer is never decided again.
package wallet
