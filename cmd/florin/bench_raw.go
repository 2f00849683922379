package main

import (
	"context"
	"fmt"
	"time"

	"florin/store/sqlite"
)

// rawRate is the embedded engine's ceiling.
func rawRate(ctx context.Context, dir string, group int, duration time.Duration) (float64, error) {
	return sqlite.RawInserts(ctx, dir, group, duration)
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
