package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"florin/flow"
)

// ReportFlows are the use cases of reports.
type ReportFlows interface {
	Report(ctx context.Context, q flow.ReportQuery) ([]flow.ReportLine, error)
}

// PaymentReport is a report, as JSON tells it.
type PaymentReport struct {
	Object   string       `json:"object" enum:"payment_report"`
	From     string       `json:"from" format:"date-time"`
	To       string       `json:"to" format:"date-time"`
	GroupBy  []string     `json:"group_by" nullable:"false"`
	Data     []ReportLine `json:"data" nullable:"false" doc:"By day, gateway and currency."`
	Livemode bool         `json:"livemode"`
}

// ReportLine is what the payments and refunds that are alike come to.
type ReportLine struct {
	Day      *string `json:"day,omitempty" format:"date" doc:"In UTC; where it is grouped by day." example:"2026-01-31"`
	Gateway  *string `json:"gateway,omitempty" doc:"Where it is grouped by gateway; empty where none was chosen."`
	Currency string  `json:"currency" example:"USD"`
	Payments int64   `json:"payments" doc:"All that were made."`
	Approved int64   `json:"approved" doc:"Those that have succeeded, or are to be captured."`
	Declined int64   `json:"declined"`
	// SuccessRate is nil where nothing was decided.
	SuccessRate *string        `json:"success_rate" doc:"Approved of approved and declined." example:"0.9412"`
	Volume      Integer        `json:"volume" doc:"Captured of these payments until now, in minor units."`
	Declines    []DeclineCount `json:"declines" nullable:"false" doc:"By reason, the most frequent first."`
	Refunds     int64          `json:"refunds" doc:"That were made then and have succeeded, whenever their payments were."`
	Refunded    Integer        `json:"refunded" doc:"In minor units."`
}

// DeclineCount is how many payments were declined for a reason.
type DeclineCount struct {
	Reason string `json:"reason" example:"generic_decline"`
	Count  int64  `json:"count"`
}

// The groups of a report; that by currency is always there.
const (
	byDay      = "day"
	byGateway  = "gateway"
	byCurrency = "currency"
)

// reportPayments answers GET /api/v1/reports/payments.
func (c *call) reportPayments() error {
	q := c.query()
	groups := q.groups()
	r := flow.ReportQuery{
		From: q.needTime("from"), To: q.needTime("to"),
		ByDay: slices.Contains(groups, byDay), ByGateway: slices.Contains(groups, byGateway),
	}
	if q.err == nil && !r.From.Before(r.To) {
		q.invalid("to", "must be later than from")
	}
	if q.err == nil && r.To.Sub(r.From) > flow.MaxReport {
		q.invalid("to", "must be within 92 days of from")
	}
	if err := q.finish(); err != nil {
		return err
	}
	lines, err := c.api.cfg.Flows.Report(c.r.Context(), r)
	if err != nil {
		return err
	}
	report := PaymentReport{
		Object: "payment_report", From: timeText(r.From), To: timeText(r.To), GroupBy: groups, Data: []ReportLine{},
		Livemode: c.api.live(),
	}
	for i := range lines {
		report.Data = append(report.Data, reportLine(&lines[i], r))
	}
	return c.object(http.StatusOK, report)
}

// needTime reads a time that must be there.
func (q *query) needTime(name string) time.Time {
	if _, given := q.values[name]; !given {
		q.invalid(name, "is required")
	}
	return q.time(name).UTC()
}

// groups reads what a report is grouped by; by everything when it is left out.
func (q *query) groups() []string {
	text, given := q.take("group_by")
	if !given {
		return []string{byDay, byGateway, byCurrency}
	}
	groups := strings.Split(text, ",")
	for i, group := range groups {
		if !slices.Contains([]string{byDay, byGateway, byCurrency}, group) || slices.Contains(groups[:i], group) {
			q.invalid("group_by", "must be some of day, gateway and currency, each once, separated by commas")
		}
	}
	if !slices.Contains(groups, byCurrency) {
		groups = append(groups, byCurrency) // amounts of two currencies make no sum
	}
	return groups
}

func reportLine(l *flow.ReportLine, q flow.ReportQuery) ReportLine {
	line := ReportLine{
		Currency: string(l.Currency), Payments: l.Payments, Approved: l.Approved, Declined: l.Declined,
		SuccessRate: ratio(l.Approved, l.Approved+l.Declined), Volume: integer(l.Volume), Declines: []DeclineCount{},
		Refunds: l.Refunds, Refunded: integer(l.Refunded),
	}
	if q.ByDay {
		line.Day = new(l.Day.Format(time.DateOnly))
	}
	if q.ByGateway {
		line.Gateway = &l.Gateway
	}
	for _, d := range l.Declines {
		line.Declines = append(line.Declines, DeclineCount{string(d.Reason), d.Count})
	}
	return line
}

// ratio writes part of whole with four decimals, cut off; nil of nothing.
func ratio(part, whole int64) *string {
	if whole == 0 {
		return nil
	}
	return new(fmt.Sprintf("%d.%04d", part/whole, part%whole*10_000/whole))
}

const tagReports = "Reports"

var reportPaymentsDoc = operation{
	id: "reportPayments", tag: tagReports, summary: "Report payments", stale: true,
	text: "What was made from one time on and before another, 92 days at most: volume, success rate, declines by " +
		"reason, and refunds, by day (UTC), gateway and currency. Amounts of different currencies are never added up, so " +
		"that every line has one. What it tells may be some seconds old.",
	query: []*huma.Param{
		required(queryTime("from", "What was made then, or later."), "2026-01-01T00:00:00Z"),
		required(queryTime("to", "What was made before."), "2026-02-01T00:00:00Z"),
		queryText("group_by", "Some of day, gateway and currency, separated by commas; all by default."),
	},
	answers: []answer{{status: 200, text: "The report.", object: examplePaymentReport()}},
}

func examplePaymentReport() PaymentReport {
	return PaymentReport{
		Object: "payment_report", From: "2026-01-01T00:00:00.000Z", To: "2026-02-01T00:00:00.000Z",
		GroupBy: []string{byDay, byGateway, byCurrency}, Data: []ReportLine{{
			Day: new("2026-01-31"), Gateway: new("simulated"), Currency: "USD", Payments: 18, Approved: 16, Declined: 1,
			SuccessRate: new("0.9411"), Volume: "35200", Declines: []DeclineCount{{"generic_decline", 1}},
			Refunds: 2, Refunded: "700",
		}},
	}
}
