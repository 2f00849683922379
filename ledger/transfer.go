package ledger

// A transfer within a shard, and the sides of one across shards: out of the
// sender's wallet, into the receiver's, or back into the sender's.
const (
	KindTransfer       Kind = "transfer"
	KindTransferOut    Kind = "transfer_out"
	KindTransferIn     Kind = "transfer_in"
	KindTransferReturn Kind = "transfer_return"
)
