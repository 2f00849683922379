package main

import (
	"context"
	"time"

	"florin/store/sqlite"
)

// rawRate is the embedded engine's ceiling.
func rawRate(ctx context.Context, dir string, group int, duration time.Duration) (float64, error) {
	return sqlite.RawInserts(ctx, dir, group, duration)
}
