package flow

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// MaxReport is the longest time that a report is about.
const MaxReport = 92 * 24 * time.Hour

// ReportQuery asks for a report of what was made from one time on and before
// another. Currencies are never added up.
type ReportQuery struct {
	From, To         time.Time
	ByDay, ByGateway bool
}

// ReportLine is what the payments and refunds of one day, gateway and currency
// come to.
type ReportLine struct {
	Day      time.Time // zero unless it is by day
	Gateway  string    // "" unless it is by gateway, and of payments for which none was chosen
	Currency money.Currency
	// Payments are all that were made; Approved those that have succeeded or are to
	// be captured, Declined those that were declined. The others are still open, or
	// were canceled.
	Payments, Approved, Declined int64
	Volume                       money.Sum // captured of these payments
	Declines                     []ReasonCount
	Refunds                      int64 // that were made then and have succeeded
	Refunded                     money.Sum
}

// ReasonCount is how many payments were declined for a reason.
type ReasonCount struct {
	Reason problem.Code
	Count  int64
}

// Report adds up all shards' payments and refunds, by day, gateway and currency.
func (s *Service) Report(ctx context.Context, q ReportQuery) ([]ReportLine, error) {
	switch {
	case !q.From.Before(q.To):
		return nil, problem.Invalid("to", "must be later than from")
	case q.To.Sub(q.From) > MaxReport:
		return nil, problem.Invalid("to", "must be within 92 days of from")
	}
	r := report{query: q, lines: map[reportKey]*ReportLine{}}
	for _, shard := range s.shards(0) {
		rows, err := s.cfg.Store.Reports(ctx, shard, store.ReportQuery{From: q.From, To: q.To})
		if err != nil {
			return nil, readError(err)
		}
		for i := range rows {
			if err := r.add(&rows[i]); err != nil {
				return nil, err
			}
		}
	}
	return r.sorted(), nil
}

type reportKey struct {
	day      int64
	gateway  string
	currency money.Currency
}

// report is one that is being added up.
type report struct {
	query ReportQuery
	lines map[reportKey]*ReportLine
}

// line returns the line that a row belongs to.
func (r *report) line(row *store.ReportRow) *ReportLine {
	key := reportKey{currency: row.Currency}
	line := ReportLine{Currency: row.Currency}
	if r.query.ByDay {
		key.day, line.Day = row.Day.Unix(), row.Day
	}
	if r.query.ByGateway {
		key.gateway, line.Gateway = row.Gateway, row.Gateway
	}
	if r.lines[key] == nil {
		r.lines[key] = &line
	}
	return r.lines[key]
}

func (r *report) add(row *store.ReportRow) (err error) {
	line := r.line(row)
	if row.Refunds {
		line.Refunds += row.Count
		line.Refunded, err = line.Refunded.Plus(row.Sum)
		return err
	}
	line.Payments += row.Count
	switch row.Status {
	case payment.Succeeded, payment.RequiresCapture:
		line.Approved += row.Count
	case payment.Declined:
		line.Declined += row.Count
		i := slices.IndexFunc(line.Declines, func(d ReasonCount) bool { return d.Reason == row.Reason })
		if i < 0 {
			i = len(line.Declines)
			line.Declines = append(line.Declines, ReasonCount{Reason: row.Reason})
		}
		line.Declines[i].Count += row.Count
	case payment.RequiresPaymentMethod, payment.RequiresConfirmation, payment.RequiresAction, payment.Processing,
		payment.Canceled:
	}
	line.Volume, err = line.Volume.Plus(row.Sum)
	return err
}

// sorted returns the lines by day, gateway and currency, and the reasons of
// declines by how many there are.
func (r *report) sorted() []ReportLine {
	lines := make([]ReportLine, 0, len(r.lines))
	for line := range maps.Values(r.lines) {
		slices.SortFunc(line.Declines, func(a, b ReasonCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
		})
		lines = append(lines, *line)
	}
	slices.SortFunc(lines, func(a, b ReportLine) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.Currency, b.Currency))
	})
	return lines
}
