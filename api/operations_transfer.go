package api

import "github.com/danielgtaylor/huma/v2"

// What requests and answers of transfers look like; the decoder reads the same
// members, which a test holds against each other.

// TransferRequest moves money from one wallet to another.
type TransferRequest struct {
	FromUserID  int64             `json:"from_user_id" minimum:"1" doc:"Whose wallet it leaves." example:"42"`
	ToUserID    int64             `json:"to_user_id" minimum:"1" doc:"Whose wallet it goes to; another user." example:"43"`
	Amount      int64             `json:"amount" minimum:"1" doc:"In minor units." example:"1099"`
	Currency    string            `json:"currency" doc:"ISO 4217." example:"USD"`
	Description string            `json:"description,omitempty" maxLength:"1000"`
	Metadata    map[string]string `json:"metadata,omitempty" maxProperties:"50" doc:"Yours to use."`
}

// TransferItem asks for one transfer of a batch.
type TransferItem struct {
	TransferRequest
	IdempotencyKey string `json:"idempotency_key,omitempty" minLength:"1" maxLength:"255"`
}

// TransferBatchRequest asks for many transfers. Each succeeds or fails by itself.
type TransferBatchRequest struct {
	Transfers []TransferItem `json:"transfers" minItems:"1" maxItems:"10000" nullable:"false"`
}

// TransferBatchResult is what became of one item: a transfer, or a problem.
type TransferBatchResult struct {
	Index    int       `json:"index" minimum:"0"`
	Transfer *Transfer `json:"transfer,omitempty"`
	Problem  *Problem  `json:"problem,omitempty"`
}

// TransferBatchResults are the answers of a batch, in its order.
type TransferBatchResults struct {
	Object string                `json:"object" enum:"list"`
	Data   []TransferBatchResult `json:"data" nullable:"false"`
}

const tagTransfers = "Transfers"

var exampleTransfer = Transfer{
	ID: "trf_0192f3a4b5c67d078123456789abcdef", Object: "transfer", FromUserID: 42, ToUserID: 46, Amount: 1099,
	Currency: "USD", Status: "succeeded", Description: new("Lunch"), Metadata: map[string]string{},
	CreatedAt: exampleTime,
}

func pendingTransfer() *Transfer {
	t := exampleTransfer
	t.ToUserID, t.Status = 43, "pending"
	return &t
}

var (
	createTransferDoc = operation{
		id: "createTransfer", tag: tagTransfers, summary: "Move money from one wallet to another",
		text: "The amount has left the sender's wallet when this is answered. Where the receiver's wallet is on another " +
			"shard it arrives a moment later; the answer waits for that for 2 s at most. One that the receiver's wallet " +
			"refuses is created too, with the status failed, and the sender has the money back.",
		body: TransferRequest{FromUserID: 42, ToUserID: 46, Amount: 1099, Currency: "USD", Description: "Lunch"},
		answers: []answer{
			{status: 201, text: "The transfer, succeeded or failed.", object: exampleTransfer},
			{status: 202, text: "It has left the sender's wallet and is on its way.", object: *pendingTransfer()},
		},
		problems: []int{402},
	}
	createTransferBatchDoc = operation{
		id: "createTransferBatch", tag: tagTransfers, summary: "Make up to 10,000 transfers",
		text: "One result each, in order; one that fails stops no other. With an Idempotency-Key K the item i has the " +
			"key K:i, or else each item has its own idempotency_key.",
		body: TransferBatchRequest{Transfers: []TransferItem{
			{TransferRequest{FromUserID: 42, ToUserID: 46, Amount: 1099, Currency: "USD"}, "lunch-1"},
			{TransferRequest{FromUserID: 42, ToUserID: 43, Amount: 99, Currency: "USD"}, "lunch-2"},
		}},
		answers: []answer{{status: 200, text: "A transfer or a problem for each.", object: TransferBatchResults{
			Object: objectList, Data: []TransferBatchResult{
				{Index: 0, Transfer: &exampleTransfer}, {Index: 1, Transfer: pendingTransfer()},
			},
		}}},
	}
	listTransfersDoc = operation{
		id: "listTransfers", tag: tagTransfers, summary: "List transfers", stale: true,
		query: append([]*huma.Param{
			queryInteger("user_id", "From or to this user only."),
			queryChoice("status", "In this status only.", "pending", "succeeded", "failed"),
		}, pageParams...),
		answers: []answer{{status: 200, text: "A page of transfers, newest first.", object: List[Transfer]{
			Object: objectList, Data: []Transfer{exampleTransfer},
		}}},
	}
	getTransferDoc = operation{
		id: "getTransfer", tag: tagTransfers, summary: "Get a transfer",
		answers: []answer{{status: 200, text: "The transfer.", object: exampleTransfer}},
	}
)
