package api

import (
	"github.com/danielgtaylor/huma/v2"
)

// What the OpenAPI document says of payments, refunds and payment methods; the
// rest is in operations_system.go.

const (
	tagPayments = "Payments"
	tagRefunds  = "Refunds"
	tagDisputes = "Disputes"
	tagMethods  = "Payment methods"
	tagEvents   = "Events"
	tagSystem   = "System"
)

var (
	createPaymentDoc = operation{
		id: "createPayment", tag: tagPayments, summary: "Create a payment",
		text: "With confirm it is charged at once, and the answer is its outcome. Without, it waits for confirm.",
		body: PaymentRequest{
			UserID: 42, Amount: 1099, Currency: "USD", PaymentMethod: "pm_card_visa", Confirm: true,
			Description: "Order 1001", Metadata: map[string]string{"order": "1001"},
		},
		answers: []answer{
			{
				status: 201, object: succeeded(),
				text: "The payment; succeeded, or waiting for confirm, for the cardholder, or to be captured.",
			},
			{status: 202, text: "The gateway has not said yet what became of it.", object: processing()},
		},
		problems: []int{402, 404},
	}
	createBatchDoc = operation{
		id: "createPaymentBatch", tag: tagPayments, summary: "Create up to 1000 payments",
		text: "One result each, in order; one that fails stops no other. With an Idempotency-Key K the item i has the " +
			"key K:i, or else each item has its own idempotency_key. With Prefer: respond-async the answer is a batch, stored " +
			"and not worked on yet; it belongs to the user of its first good item. A batch without any is answered at once.",
		query: []*huma.Param{{
			Name: preferHeader, In: "header", Description: "respond-async: do not wait for the payments.",
			Schema: &huma.Schema{Type: huma.TypeString},
		}},
		body: BatchRequest{Payments: []BatchItem{
			{PaymentRequest: PaymentRequest{
				UserID: 42, Amount: 1099, Currency: "USD", PaymentMethod: "pm_card_visa", Confirm: true,
			}, IdempotencyKey: "order-1001"},
			{PaymentRequest: PaymentRequest{
				UserID: 43, Amount: 500, Currency: "EUR", PaymentMethod: "pm_card_chargeDeclined", Confirm: true,
			}, IdempotencyKey: "order-1002"},
		}},
		answers: []answer{{status: 200, text: "A payment or a problem for each.", object: BatchResults{
			Object: objectList, Data: []BatchResult{
				{Index: 0, Payment: succeeded()},
				{Index: 1, Problem: declineProblem("generic_decline")},
			},
		}}, {status: 202, text: "The batch, accepted; Location leads to it.", object: exampleBatch}},
	}
	getBatchDoc = operation{
		id: "getBatch", tag: tagPayments, summary: "Get a batch that was accepted",
		text:    "It is completed once each of its items has its final answer.",
		answers: []answer{{status: 200, text: "The batch.", object: completedBatch()}},
	}
	getBatchResultsDoc = operation{
		id: "getBatchResults", tag: tagPayments, summary: "Get what became of a batch's items",
		query: []*huma.Param{
			pageParams[0], queryInteger("starting_after", "Only what is behind the item with this index."),
		},
		answers: []answer{{status: 200, text: "A payment or a problem for each.", object: BatchItemResults{
			Object: objectList, Data: []BatchItemResult{
				{Index: 0, Status: "succeeded", Payment: succeeded()},
				{Index: 1, Status: "declined", Problem: declineProblem("generic_decline")},
				{Index: 2, Status: "processing"},
			},
		}}},
	}
	listPaymentsDoc = operation{
		id: "listPayments", tag: tagPayments, summary: "List payments", stale: true,
		query: append([]*huma.Param{
			queryInteger("user_id", "Of this user only."),
			queryChoice("status", "In this status only.", statuses()...),
			queryTime("created_gte", "Created then or later."),
			queryTime("created_lt", "Created before then."),
			queryInteger("amount_gte", "Of this amount or more, in minor units."),
			queryInteger("amount_lte", "Of this amount or less, in minor units."),
			queryText("currency", "In this currency only."),
			{
				Name: "metadata", In: "query", Style: "deepObject", Explode: new(true),
				Description: "With this pair in its metadata: metadata[KEY]=VALUE, one at a time.",
				Schema: &huma.Schema{
					Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString},
				},
			},
		}, pageParams...),
		answers: []answer{{status: 200, text: "A page of payments, newest first.", object: List[Payment]{
			Object: objectList, Data: []Payment{*succeeded()},
		}}},
	}
	getPaymentDoc = operation{
		id: "getPayment", tag: tagPayments, summary: "Get a payment",
		answers: []answer{{status: 200, text: "The payment.", object: succeeded()}},
	}
	getTimelineDoc = operation{
		id: "getPaymentTimeline", tag: tagPayments, summary: "Get what happened to a payment", stale: true,
		text: "Its events, attempts, captures, refunds, disputes and reversals in the order of time, each with what " +
			"happened in words.",
		answers: []answer{{status: 200, text: "The timeline.", object: List[TimelineEntry]{
			Object: objectList, Data: []TimelineEntry{exampleEntry},
		}}},
	}
	getRoutingDoc = operation{
		id: "getPaymentRouting", tag: tagPayments, summary: "Get why a payment went to which gateway",
		answers: []answer{{status: 200, text: "The choices.", object: exampleRouting}},
	}
	confirmPaymentDoc = operation{
		id: "confirmPayment", tag: tagPayments, summary: "Charge a payment",
		text: "For one that waits for it, or that was declined, then best with another payment method.",
		body: ConfirmRequest{PaymentMethod: "pm_card_visa"}, bodyMay: true,
		answers: []answer{
			{status: 200, text: "The payment, succeeded.", object: succeeded()},
			{status: 202, text: "The gateway has not said yet what became of it.", object: processing()},
		},
		problems: []int{402},
	}
	cancelPaymentDoc = operation{
		id: "cancelPayment", tag: tagPayments, summary: "Cancel a payment",
		text: "For one of which nothing was captured; what was authorized is voided. While a charge or a capture is " +
			"under way this is a 409.",
		body: CancelRequest{}, bodyMay: true,
		answers: []answer{{status: 200, text: "The payment, canceled.", object: canceled()}},
	}
)

var (
	createRefundDoc = operation{
		id: "createRefund", tag: tagRefunds, summary: "Give money back",
		text: "All that is left, or a part. A refund that the gateway refuses is created too, with the status failed.",
		body: RefundRequest{Payment: examplePaymentID, Amount: 500},
		answers: []answer{
			{status: 201, text: "The refund, succeeded or failed.", object: exampleRefund},
			{status: 202, text: "The gateway has not said yet what became of it.", object: pendingRefund()},
		},
		problems: []int{402, 404},
	}
	listRefundsDoc = operation{
		id: "listRefunds", tag: tagRefunds, summary: "List refunds", stale: true,
		query: append([]*huma.Param{
			queryInteger("user_id", "Of this user only."),
			queryText("payment", "Of this payment only."),
			queryChoice("status", "In this status only.", "pending", "succeeded", "failed"),
			queryTime("created_gte", "Created then or later."),
			queryTime("created_lt", "Created before then."),
			queryInteger("amount_gte", "Of this amount or more, in minor units."),
			queryInteger("amount_lte", "Of this amount or less, in minor units."),
			queryText("currency", "In this currency only."),
		}, pageParams...),
		answers: []answer{{status: 200, text: "A page of refunds, newest first.", object: List[Refund]{
			Object: objectList, Data: []Refund{exampleRefund},
		}}},
	}
	getRefundDoc = operation{
		id: "getRefund", tag: tagRefunds, summary: "Get a refund",
		answers: []answer{{status: 200, text: "The refund.", object: exampleRefund}},
	}
)

var (
	createMethodDoc = operation{
		id: "createPaymentMethod", tag: tagMethods, summary: "Store a card",
		text: "The number goes into the vault, and never comes back: what is told of it are its brand, its last four " +
			"digits and a fingerprint. The verification code is not kept.",
		body: MethodRequest{UserID: 42, Card: Card{
			Number: "4242424242424242", ExpMonth: 12, ExpYear: 2030, CVC: "123", Name: "Ada Lovelace",
		}},
		answers: []answer{{status: 201, text: "The payment method.", object: exampleMethod}},
	}
	listMethodsDoc = operation{
		id: "listPaymentMethods", tag: tagMethods, summary: "List a user's payment methods", stale: true,
		query: append([]*huma.Param{required(queryInteger("user_id", "The user."), 42)}, pageParams...),
		answers: []answer{{
			status: 200, text: "A page, newest first; deleted ones are not in it.",
			object: List[PaymentMethod]{Object: objectList, Data: []PaymentMethod{exampleMethod}},
		}},
	}
	getMethodDoc = operation{
		id: "getPaymentMethod", tag: tagMethods, summary: "Get a payment method",
		answers: []answer{{status: 200, text: "The payment method.", object: exampleMethod}},
	}
	deleteMethodDoc = operation{
		id: "deletePaymentMethod", tag: tagMethods, summary: "Delete a payment method",
		text: "Its card data are destroyed, and nothing can be charged to it from then on. Payments that were made with it " +
			"stay. Deleting it again changes nothing.",
		answers: []answer{{status: 200, text: "The payment method, deleted.", object: deletedMethod()}},
	}
)
