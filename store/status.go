package store

import (
	"context"
	"time"
)

// Inspector is what a Store may be besides: one that tells how its shards are.
type Inspector interface {
	// Inspect asks a shard how it is. What an engine does not have is left out.
	Inspect(ctx context.Context, shard int) (Status, error)
}

// Status is how a shard is.
type Status struct {
	// Where is the shard's file, or the server that answered and its database.
	Where string
	// SizeBytes is what it takes on its disk.
	SizeBytes int64
	// Payments is how many there are, as far as the engine knows without counting.
	Payments int64
	// Epoch counts the servers that were the shard's primary, from 1; 0 where
	// there is one at most.
	Epoch int64
	// Connections are those of all processes to the server that answered.
	Connections Connections
	// Partitions are the months of the ledger.
	Partitions Partitions
	Replicas   []ReplicaStatus
}

// Connections are a shard's.
type Connections struct {
	InUse int // that run something now
	Open  int
	Max   int // that one process may open
}

// Partitions are the months for which there are some; First and Last are such as
// 2026-03, "" for none.
type Partitions struct {
	First, Last string
	Count       int
}

// ReplicaStatus is how a replica is.
type ReplicaStatus struct {
	Server string // host:port
	Weight int
	// Compared tells whether it has said how far it is: whether the two below are known.
	Compared bool
	// LagBytes is how much of the primary's log it has not replayed.
	LagBytes int64
	// Lag is how long ago what it replayed last was written; 0 when it has
	// replayed all.
	Lag time.Duration
	// Read tells whether a server's process would read from it now.
	Read bool
	// Err says why it does not answer, or is not read from; nil when it is.
	Err error
}
