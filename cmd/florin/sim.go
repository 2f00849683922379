package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"florin/internal/loop"
	"florin/sim"
)

type simCmd struct {
	Seed  *uint64 `help:"The run's seed, which decides everything (default: a new one)." placeholder:"N"`
	Seeds uint64  `default:"1" help:"How many seeds to run, counted up from the first." placeholder:"K"`
	Steps int     `default:"6000" help:"How many steps things go wrong for." placeholder:"N"`
	Trace string  `help:"Write every line of the first run." placeholder:"FILE"`
	JSON  bool    `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (simCmd) Help() string {
	return `It runs the money path on simulated clients, gateways, stores and clocks that go wrong, under an auditor. The
same seed gives the same run, everywhere; the exit code is 1 if a run finds something wrong.

Example:
  florin sim --seed 7
  florin sim --seed 1000 --seeds 500 --json`
}

// simResult is one seed's run as --json prints it.
type simResult struct {
	sim.Report
	Error string `json:"error,omitempty"`
}

// Run implements the command.
func (s simCmd) Run(ctx context.Context, c *console) error {
	if s.Seeds < 1 || s.Steps < 1 {
		return errors.New("--seeds and --steps must be 1 or more")
	}
	first := uint64(time.Now().UnixMilli())
	if s.Seed != nil {
		first = *s.Seed
	}
	var trace io.Writer
	if s.Trace != "" {
		file, err := os.Create(s.Trace)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // what is missing in it is no harm
		trace = file
	}
	bar := newBar(c, "simulating")
	results := make([]simResult, s.Seeds)
	var done atomic.Int64
	loop.Each(len(results), runtime.GOMAXPROCS(0), func(i int) {
		if ctx.Err() != nil {
			return
		}
		cfg := sim.Config{Seed: first + uint64(i), Steps: s.Steps}
		if i == 0 {
			cfg.Trace = trace
		}
		report, err := sim.Run(cfg)
		results[i].Report = report
		if err != nil {
			results[i].Error = err.Error()
		}
		bar.set(float64(done.Add(1)) / float64(len(results)))
	})
	bar.end()
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.print(c, results)
}

// print prints the runs; its error is errSaid if one of them failed.
func (s simCmd) print(c *console, results []simResult) (err error) {
	failed := 0
	var all sim.Report
	for _, r := range results {
		all.Payments += r.Payments
		all.Requests += r.Requests
		all.Steps += r.Steps
		if r.Error != "" {
			failed++
		}
		switch {
		case s.JSON:
		case r.Error != "":
			fmt.Fprintf(c.out, "seed %d FAILED: %s\n", r.Seed, r.Error)
		case len(results) == 1:
			printRun(c.out, r.Report)
		}
	}
	if s.JSON {
		err = c.json(results)
	} else if len(results) > 1 {
		fmt.Fprintf(c.out, "%d seeds from %d: %d failed; %d steps, %d requests, %d payments\n",
			len(results), results[0].Seed, failed, all.Steps, all.Requests, all.Payments)
	}
	if err == nil && failed > 0 {
		err = errSaid
	}
	return err
}

func printRun(w io.Writer, r sim.Report) {
	fmt.Fprintf(w, "seed %d is right: trace %s\n", r.Seed, r.Hash)
	fmt.Fprintf(w, "%d steps, %v simulated\n", r.Steps, time.Duration(r.SimulatedMS)*time.Millisecond)
	fmt.Fprintf(w, "%d requests, %d answers; %d commands in %d groups; %d inquiries\n",
		r.Requests, r.Answers, r.Commands, r.Groups, r.Inquiries)
	fmt.Fprintf(w, "%d payments, %d charges that stand, %d refunds, %d reversals\n",
		r.Payments, r.Charges, r.Refunds, r.Reversals)
	for _, what := range slices.Sorted(maps.Keys(r.Counts)) {
		fmt.Fprintf(w, "%8d %s\n", r.Counts[what], what)
	}
}
