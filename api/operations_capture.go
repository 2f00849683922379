package api

import (
	"github.com/danielgtaylor/huma/v2"
)

// What the OpenAPI document says of captures, disputes and challenges.

var capturePaymentDoc = operation{
	id: "capturePayment", tag: tagPayments, summary: "Capture a payment",
	text: "All that is left of an authorization, or a part, as the gateway can. A capture that the gateway refuses is " +
		"told with the status failed. What is not captured within 6 days is voided.",
	body: CaptureRequest{Amount: 500, Final: true}, bodyMay: true,
	answers: []answer{
		{status: 200, text: "The payment, and the capture in it.", object: exampleCaptured("succeeded")},
		{status: 202, text: "The gateway has not said yet what became of it.", object: exampleCaptured("pending")},
	},
}

func exampleCaptured(status string) CapturedPayment {
	c := CapturedPayment{Payment: *processing(), Capture: exampleCapture}
	c.Status, c.CaptureMethod, c.AmountCaptured, c.AmountCapturable = "requires_capture", "manual", 500, 599
	c.Capture.Amount, c.Capture.Status = 500, status
	return c
}

var exampleDispute = Dispute{
	ID: "dp_0192f3a4b5c67d078123456789abcdef", Object: "dispute", Payment: examplePaymentID, UserID: 42, Amount: 1099,
	Currency: "USD", Reason: "fraudulent", Status: "needs_response", Gateway: "simulated", Reference: "dp_sim_1",
	CreatedAt: exampleTime,
}

func answeredDispute() Dispute {
	d := exampleDispute
	d.Status, d.Evidence, d.EvidenceDelivered = "under_review", new("winning_evidence"), true
	return d
}

var (
	listDisputesDoc = operation{
		id: "listDisputes", tag: tagDisputes, summary: "List disputes", stale: true,
		query: append([]*huma.Param{
			queryInteger("user_id", "Of this user only."),
			queryText("payment", "Of this payment only."),
			queryChoice("status", "In this status only.", disputeStatuses()...),
		}, pageParams...),
		answers: []answer{{status: 200, text: "A page of disputes, newest first.", object: List[Dispute]{
			Object: objectList, Data: []Dispute{exampleDispute},
		}}},
	}
	getDisputeDoc = operation{
		id: "getDispute", tag: tagDisputes, summary: "Get a dispute",
		answers: []answer{{status: 200, text: "The dispute.", object: exampleDispute}},
	}
	submitEvidenceDoc = operation{
		id: "submitEvidence", tag: tagDisputes, summary: "Answer a dispute",
		text: "The gateway decides, and the dispute is won or lost then. In a test store the text winning_evidence wins " +
			"and losing_evidence loses.",
		body:    EvidenceRequest{Text: "winning_evidence"},
		answers: []answer{{status: 200, text: "The dispute, under review.", object: answeredDispute()}},
	}
)

var (
	showChallengeDoc = operation{
		id: "showChallenge", tag: tagSystem, summary: "Show a test card's challenge",
		text:    "The page to which a payment that requires_action leads at a simulated gateway.",
		answers: []answer{{status: 200, text: "The page.", media: "text/html"}},
	}
	endChallengeDoc = operation{
		id: "endChallenge", tag: tagSystem, summary: "End a test card's challenge",
		text: "What the page's form sends. A challenge that has ended stays as it is.",
		form: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"outcome"}, Properties: map[string]*huma.Schema{
				"outcome": {Type: huma.TypeString, Enum: []any{"complete", "fail"}},
			},
		},
		answers: []answer{
			{status: 200, text: "The page, when the payment has no return_url.", media: "text/html"},
			{status: 303, text: "Back to the payment's return_url.", media: "text/html"},
		},
		problems: []int{422},
	}
)
