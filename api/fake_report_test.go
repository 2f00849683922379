package api_test

import (
	"context"
	"time"

	"florin/flow"
	"florin/money"
)

// Report answers a line that says what was asked.
func (f *fakeFlows) Report(_ context.Context, q flow.ReportQuery) ([]flow.ReportLine, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := flow.ReportLine{
		Currency: "USD", Payments: 20, Approved: 2, Declined: 1, Volume: money.NewSum(150), Refunds: 1,
		Refunded: money.NewSum(30), Declines: []flow.ReasonCount{{Reason: "generic_decline", Count: 1}},
	}
	if q.ByDay {
		line.Day = q.From.Truncate(24 * time.Hour)
	}
	if q.ByGateway {
		line.Gateway = "simulated"
	}
	return []flow.ReportLine{line, {Currency: "JPY", Day: line.Day}}, f.err
}
