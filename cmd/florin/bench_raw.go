package main

import (
	"context"
	"fmt"
	"time"

	"florin/internal/config"
	"florin/store/postgres"
	"florin/store/sqlite"
)

// rawRate is the engine's ceiling: in a new store in a directory, or in the
// configured databases.
func (b benchCmd) rawRate(ctx context.Context, group int) (float64, error) {
	if b.Config == "" {
		return sqlite.RawInserts(ctx, b.RawInserts, group, b.Duration)
	}
	cfg, err := config.Load(b.Config, nil)
	if err != nil {
		return 0, err
	}
	return postgres.RawInserts(ctx, postgresConfig(cfg, writing), group, b.Duration)
}

// rawTransfers prints how many transfers' rows a second the embedded engine takes.
func rawTransfers(ctx context.Context, c *console, dir string, users int, duration time.Duration) error {
	const groupSize, defaultUsers = 512, 10_000
	tuneCollector() // as serve does
	if users <= 0 {
		users = defaultUsers
	}
	rate, err := sqlite.RawTransfers(ctx, dir, groupSize, users, duration)
	if err == nil {
		fmt.Fprintln(c.out, rate)
	}
	return err
}
