package api

import "encoding/json"

// The examples of the OpenAPI document.
const (
	objectList       = "list"
	examplePaymentID = "pay_0192f3a4b5c67d008123456789abcdef"
	exampleAttemptID = "att_0192f3a4b5c67d018123456789abcdef"
	exampleRequest   = "req_0192f3a4b5c67d028123456789abcdef"
	exampleTime      = "2026-01-31T09:30:00.123Z"
)

func waiting() *Payment {
	return &Payment{
		ID: examplePaymentID, Object: "payment", UserID: 42, Amount: 1099, Currency: "USD",
		Status: "requires_confirmation", PaymentMethod: new("pm_card_visa"), CaptureMethod: "automatic",
		Purpose: "sale", Description: new("Order 1001"), Metadata: map[string]string{"order": "1001"},
		CreatedAt: exampleTime,
	}
}

func canceled() *Payment {
	p := waiting()
	p.Status = "canceled"
	return p
}

func processing() *Payment {
	p := waiting()
	p.Status, p.Attempt, p.Gateway = "processing", new(exampleAttemptID), new("simulated")
	return p
}

func succeeded() *Payment {
	p := processing()
	p.Status, p.AmountCaptured = "succeeded", p.Amount
	return p
}

func declined(reason string) *Payment {
	p := processing()
	p.Status, p.Reason = "declined", reason
	return p
}

func declineProblem(reason string) *Problem {
	return &Problem{
		Type: urn + reason, Title: "The card was declined", Status: 402, Detail: declineDetail, Code: reason,
		Payment: declined(reason),
	}
}

var exampleAttempt = Attempt{
	ID: exampleAttemptID, Object: "attempt", Payment: examplePaymentID, Gateway: "simulated",
	PaymentMethod: "pm_card_visa", Amount: 1099, Currency: "USD", Outcome: "approved", Reference: "sim_1",
	CreatedAt: exampleTime, AnsweredAt: new(exampleTime),
}

var exampleCapture = Capture{
	ID: "cap_0192f3a4b5c67d038123456789abcdef", Object: "capture", Payment: examplePaymentID,
	Attempt: exampleAttemptID, Amount: 1099, Currency: "USD", Status: "succeeded", CreatedAt: exampleTime,
}

var exampleRefund = Refund{
	ID: "ref_0192f3a4b5c67d048123456789abcdef", Object: "refund", Payment: examplePaymentID, UserID: 42, Amount: 500,
	Currency: "USD", Status: "succeeded", To: "card", Gateway: "simulated", CreatedAt: exampleTime,
}

func pendingRefund() Refund {
	r := exampleRefund
	r.Status = "pending"
	return r
}

var exampleMethod = PaymentMethod{
	ID: "pm_0192f3a4b5c67d058123456789abcdef", Object: "payment_method", UserID: 42, Brand: "visa", Last4: "4242",
	ExpMonth: 12, ExpYear: 2030, Fingerprint: "9vQ0nJ3kTq1sVb7X", CreatedAt: exampleTime,
}

func deletedMethod() PaymentMethod {
	m := exampleMethod
	m.Deleted = true
	return m
}

var exampleEvent = Event{
	ID: "evt_0192f3a4b5c67d068123456789abcdef", Object: "event", Type: "payment.succeeded", UserID: 42,
	Subject: examplePaymentID, Version: 2, CreatedAt: exampleTime,
	Data: json.RawMessage(`{"id":"` + examplePaymentID + `","object":"payment","status":"succeeded"}`),
}

var exampleGateway = Gateway{
	Name: "simulated", Object: "gateway", Kind: "simulated", Breaker: "closed", Available: true,
	Capabilities: Capabilities{
		Consistent: true, SettlingMS: 1000, MultipleCapture: true, PartialCapture: true, Void: true, Test: true,
	},
	Settings: SettingsRequest{LatencyMS: 50, DeclineRate: 0.1},
}

var exampleReport = Report{
	Status: Healthy, Timestamp: exampleTime, Checks: Checks{
		Database: Check{Status: Healthy, LatencyMS: 0.21},
		Redis:    Check{Status: Disabled},
		Kafka:    Check{Status: Disabled},
		Gateways: &GatewaysCheck{
			Check: Check{Status: Healthy}, Gateways: []GatewayCheck{{Name: "simulated", Breaker: "closed"}},
		},
	},
}

func unhealthyReport() Report {
	r := exampleReport
	r.Status = Unhealthy
	r.Checks.Database = Check{Status: Unhealthy, LatencyMS: 1000, Error: "shard 0 did not answer within 1s"}
	return r
}

var exampleBatch = Batch{
	ID: "batch_0192f3a4b5c67d038123456789abcdef", Object: "batch", Status: "processing", Total: 3, CreatedAt: exampleTime,
}

func completedBatch() Batch {
	b := exampleBatch
	b.Status, b.Succeeded, b.Declined, b.CompletedAt = "completed", 2, 1, new(exampleTime)
	return b
}

var exampleEntry = TimelineEntry{
	Object: "timeline_entry", At: exampleTime, Type: "attempt.approved", Text: "simulated approved the charge of 1099 USD",
	Subject: exampleAttemptID, Data: timelineData{exampleAttempt},
}

var exampleRouting = Routing{
	Object: "routing", Payment: examplePaymentID,
	Gateways: []RoutingGateway{{Gateway: "simulated", Available: true, Attempts: 1, Why: "it was tried"}},
	Attempts: []RoutingAttempt{{
		Attempt: exampleAttemptID, Gateway: "simulated", Outcome: "approved", CreatedAt: exampleTime,
		Why: "the first in the order that could be called",
	}},
}
