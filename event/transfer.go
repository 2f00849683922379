package event

// The types of transfers.
const (
	// TransferPending: it left the sender's wallet for another shard.
	TransferPending   Type = "transfer.pending"
	TransferSucceeded Type = "transfer.succeeded"
	// TransferFailed: the receiver's wallet did not take it, the sender has it back.
	TransferFailed Type = "transfer.failed"
)
