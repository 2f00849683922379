package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// finish takes a load's counts into the report, and asks for what was answered
// as open until it is known, for a minute at most.
func (r *run) finish(ctx context.Context, t Target, m *Measured) error {
	r.report.Tally.add(&m.Tally)
	if len(m.Open) == 0 {
		return nil
	}
	fmt.Fprintf(r.cfg.Log, "asking for %d payments that were answered as open\n", len(m.Open))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	const askers = 16
	tallies, errs := make([]Tally, askers), make([]error, askers)
	var wait sync.WaitGroup
	for i := range askers {
		wait.Go(func() {
			for j := i; j < len(m.Open) && errs[i] == nil; j += askers {
				errs[i] = r.ask(ctx, t, &m.Open[j], &tallies[i])
			}
		})
	}
	wait.Wait()
	for i := range askers {
		if errs[i] != nil {
			return errs[i]
		}
		r.report.Tally.add(&tallies[i])
	}
	return r.report.Tally.Err()
}

// ask asks for a payment until its outcome is known.
func (r *run) ask(ctx context.Context, t Target, p *Pending, tally *Tally) error {
	for {
		a, res, err := get(ctx, t, p.ID)
		switch {
		case err != nil || res.Status >= 500: // it may be starting again
		case res.Status != http.StatusOK:
			tally.unexpected(strconv.Itoa(res.Status)+" on GET", 1, fmt.Sprintf("%d %.500s", res.Status, res.Body))
			return nil
		case a.verdict() == settled:
			switch string(a.state) {
			case "succeeded":
				tally.Succeeded++
			case "declined":
				tally.Declined++
			default:
				tally.unexpected(a.label()+" on GET", 1, fmt.Sprintf("%d %.500s", res.Status, res.Body))
			}
			if p.To != 0 {
				return nil // the journal is of payments
			}
			return r.journal.Add(&p.Payment, p.ID, string(a.state), p.Key)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s was still open after %s", p.ID, patience), err)
		}
	}
}

var asking = &http.Client{Timeout: 10 * time.Second}

// get reads a payment.
func get(ctx context.Context, t Target, id string) (a answer, res Response, err error) {
	path := pathPayments
	if strings.HasPrefix(id, "trf_") {
		path = pathTransfers
	}
	url := "http://" + t.Addrs[0] + path + "/" + id
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return a, res, err
	}
	req.Header.Set("Authorization", "Bearer "+t.APIKey)
	if res, err = roundTrip(asking, req); err != nil {
		return a, res, err
	}
	a.http = res.Status
	if !a.readPayment(res.Body) {
		err = fmt.Errorf("GET %s cannot be read: %.200q", url, res.Body)
	}
	return a, res, err
}
