package audit

// Invariant is one thing that must hold, by the design's numbers where it has
// one.
type Invariant int

// The invariants.
const (
	Balanced     Invariant = iota // 1
	Summed                        // 2
	NotNegative                   // 3
	Bounded                       // 4
	Booked                        // 5
	Told                          // 6
	Cleared                       // 7
	ChargedOnce                   // 8
	Placed                        // on its shard
	Consistent                    // payment.Check and its like
	Acknowledged                  // what callers were told
	Held                          // in wallets
	count
)

var invariants = [count]struct {
	number int // in the design; 0 for none
	name   string
	text   string
}{
	Balanced:     {1, "balanced", "every transaction's entries sum to zero, and every account's history has no gap"},
	Summed:       {2, "summed", "every balance is the sum of its entries, closed months' by their checkpoints"},
	NotNegative:  {3, "not_negative", "no user's account is below zero"},
	Bounded:      {4, "bounded", "nothing is captured beyond what was authorized, or refunded beyond what was captured"},
	Booked:       {5, "booked", "every payment's amounts are those of its captures, its refunds and the ledger"},
	Told:         {6, "told", "every version of every object has exactly one event, of a type that fits"},
	Cleared:      {7, "cleared", "every transfer is in the ledger once a side, and clearing holds what is in flight"},
	ChargedOnce:  {8, "charged_once", "no payment is charged twice, and the gateways' journals agree"},
	Placed:       {0, "placed", "every row lies on its user's shard"},
	Consistent:   {0, "consistent", "every state is one that decisions make, and what keys have made is there"},
	Acknowledged: {0, "acknowledged", "every acknowledged payment is there, as it was told"},
	Held:         {0, "held", "what is held of a wallet is the sum of its active holds and of refunds under way"},
}
