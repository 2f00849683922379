package postgres

import (
	"errors"
	"fmt"
	"testing"

	"florin/store"
)

// TestShutGate: whatever the last look ended with, a shard behind a shut gate is away.
func TestShutGate(t *testing.T) {
	t.Parallel()
	for want, why := range map[string]error{
		"store: unavailable: locked":                  fmt.Errorf("%w: locked", store.ErrUnavailable),
		"store: unavailable: store: conflict: locked": fmt.Errorf("%w: locked", store.ErrConflict),
	} {
		err := (&gate{down: true, why: why}).pass()
		if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrConflict) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := (&gate{}).pass(); err != nil {
		t.Error(err)
	}
}
