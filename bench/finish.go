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

// askers is how many ask at a time.
const askers = 16

// finish takes a load's counts into the report, and asks for what was answered
// as open until it is known, for a minute at most.
func (r *run) finish(ctx context.Context, t Target, m *Measured) error {
	r.report.Tally.add(&m.Tally)
	if len(m.Open) == 0 {
		return nil
	}
	fmt.Fprintf(r.cfg.Log, "asking for %s that were answered as open\n", group(int64(len(m.Open))))
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	left, err := r.sweep(ctx, t, m.Open)
	if err != nil {
		return err
	}
	tallies, errs := make([]Tally, askers), make([]error, askers)
	var wait sync.WaitGroup
	for i := range askers {
		wait.Go(func() {
			for j := i; j < len(left) && errs[i] == nil; j += askers {
				errs[i] = r.ask(ctx, t, &left[j], &tallies[i])
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
		case p.known(&a):
			p.count(&a, tally, res.Body)
			if !p.kind.isPayment() {
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

// known tells whether a later answer says how it ended. A capture's is its
// payment's.
func (p *Pending) known(a *answer) bool {
	if p.kind == captures {
		return string(a.state) == p.kind.done() || a.undone(captures)
	}
	return a.verdict() == settled
}

// count takes in how it ended.
func (p *Pending) count(a *answer, tally *Tally, body []byte) {
	switch {
	case string(a.state) == p.kind.done():
		tally.succeed(p.kind)
	case a.undone(p.kind) && p.kind != moves: // full wallets refuse nothing
		tally.Declined++
	default:
		tally.unexpected(a.label()+" on GET", 1, fmt.Sprintf("%d %.500s", a.http, body))
	}
}

var asking = &http.Client{
	Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: askers},
}

// get reads a payment, or what else has an id.
func get(ctx context.Context, t Target, id string) (a answer, res Response, err error) {
	path := pathPayments
	switch {
	case strings.HasPrefix(id, "trf_"):
		path = pathTransfers
	case strings.HasPrefix(id, "ref_"):
		path = pathRefunds
	}
	path += "/" + id
	if res, err = read(ctx, t, path); err != nil {
		return a, res, err
	}
	a.http = res.Status
	if !a.readPayment(res.Body) {
		err = fmt.Errorf("GET %s cannot be read: %.200q", path, res.Body)
	}
	return a, res, err
}

// read sends a GET.
func read(ctx context.Context, t Target, path string) (Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.Addrs[0]+path, http.NoBody)
	if err != nil {
		return Response{}, err
	}
	req.Header.Set("Authorization", "Bearer "+t.APIKey)
	return roundTrip(asking, req)
}
