package main

import (
	"context"
	"errors"
	"time"
)

// rawRate is the embedded engine's ceiling.
func rawRate(context.Context, string, int, time.Duration) (float64, error) {
	return 0, errors.New("the embedded engine has no raw inserts yet")
}
