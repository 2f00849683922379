package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Transfers across shards may be answered as open in their tens of thousands,
// batches of them at once. To ask for each would take longer than what was
// measured; so they are read from the list, which shows those that were made
// together side by side.

const (
	fewOpen  = 100 // asked for one by one
	pageSize = 100
)

// sweep looks for open transfers in the list, and returns what it leaves to be
// asked for one by one.
func (r *run) sweep(ctx context.Context, t Target, open []Pending) (left []Pending, err error) {
	var transfers []Pending
	for _, p := range open {
		if p.kind == moves {
			transfers = append(transfers, p)
		} else {
			left = append(left, p)
		}
	}
	if len(transfers) <= fewOpen {
		return open, nil
	}
	slices.SortFunc(transfers, func(a, b Pending) int { return strings.Compare(b.ID, a.ID) }) // newest first
	for len(transfers) > 0 {
		before := len(transfers)
		rest := make([][]Pending, askers)
		tallies := make([]Tally, askers)
		var wait sync.WaitGroup
		for i := range askers {
			part := transfers[i*before/askers : (i+1)*before/askers]
			wait.Go(func() { rest[i] = sweepPart(ctx, t, part, &tallies[i]) })
		}
		wait.Wait()
		for i := range tallies {
			r.report.Tally.add(&tallies[i])
		}
		transfers = slices.Concat(rest...)
		if len(transfers) <= fewOpen {
			break
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("%d transfers were still open after %s", len(transfers), patience)
		}
	}
	return append(left, transfers...), nil
}

// sweepPart looks once for transfers, newest first, and returns those that have
// not ended yet, or could not be read, in the same order.
func sweepPart(ctx context.Context, t Target, open []Pending, tally *Tally) (left []Pending) {
	for len(open) > 0 && ctx.Err() == nil {
		p := &open[0]
		a, res, err := get(ctx, t, p.ID)
		if err != nil || res.Status != http.StatusOK || !p.known(&a) {
			left = append(left, *p)
		} else {
			p.count(&a, tally, res.Body)
		}
		before := p.ID
		open = open[1:]
		for more := true; more && len(open) > 0; {
			more, open, left, before = sweepPage(ctx, t, before, open, left, tally)
		}
	}
	return append(left, open...)
}

// sweepPage reads the page of transfers that were made before one. It returns
// what comes after the page, and whether the next page is worth reading.
func sweepPage(
	ctx context.Context, t Target, before string, open, left []Pending, tally *Tally,
) (more bool, rest, unknown []Pending, last string) {
	res, err := read(ctx, t, fmt.Sprintf("%s?limit=%d&starting_after=%s", pathTransfers, pageSize, before))
	if err != nil || res.Status != http.StatusOK {
		return false, open, left, before
	}
	found := 0
	row := func(text []byte) bool {
		a := answer{http: http.StatusOK}
		if !a.readPayment(text) || len(a.id) == 0 {
			return false
		}
		last = string(a.id)
		for len(open) > 0 && open[0].ID > last { // not in the list: it is asked for by itself
			left, open = append(left, open[0]), open[1:]
		}
		if len(open) == 0 || open[0].ID != last {
			return len(open) > 0
		}
		found++
		if p := &open[0]; p.known(&a) {
			p.count(&a, tally, text)
		} else {
			left = append(left, *p)
		}
		open = open[1:]
		return true
	}
	members(res.Body, func(key, value []byte) bool {
		return string(key) != "data" || elements(value, row)
	})
	return found > pageSize/20 && last != "", open, left, last
}
