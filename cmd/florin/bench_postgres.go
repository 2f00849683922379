package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"florin/bench"
	"florin/internal/config"
	"florin/store/postgres"
)

// onPostgres makes a run of bench one on the databases of the configuration, if
// these are PostgreSQL's. What it returns is called afterwards.
func (b benchCmd) onPostgres(ctx context.Context, c *console, run *bench.Config) (after func() error, err error) {
	nothing := func() error { return nil }
	if b.Config == "" {
		return nothing, nil
	}
	cfg, err := config.Load(b.Config, map[string]string{"data": b.Data})
	if err != nil || cfg.Store != config.Postgres {
		return nothing, err
	}
	if err := cfg.FitProcesses(max(1, b.Processes)); err != nil {
		return nothing, err
	}
	program, err := os.Executable()
	if err != nil {
		return nothing, err
	}
	fmt.Fprintf(c.err, "bench writes into the %s of %s, and leaves what it writes there\n",
		counted(len(cfg.Databases), "database"), b.Config)
	run.Data = cfg.Data // the vault's key belongs to these databases
	run.Raw = func(_ string, duration time.Duration) *exec.Cmd {
		return exec.Command(program, "bench", "--raw-inserts", "-", "--config", b.Config, "--duration", duration.String())
	}
	// Of pgbench no run without --mode depends on.
	tpcb, err := postgres.NewTPCB(ctx, postgresConfig(cfg, writing))
	if errors.Is(err, postgres.ErrNoPGBench) {
		fmt.Fprintf(c.err, "%s: it is left out\n", err)
		return nothing, nil
	}
	if err != nil {
		return nothing, err
	}
	run.PGBench = tpcb.Run
	return tpcb.Close, nil
}
