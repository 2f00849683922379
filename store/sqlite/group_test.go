package sqlite_test

import (
	"testing"

	"florin/store"
	"florin/store/sqlite"
	"florin/store/storetest"
)

func TestGroups(t *testing.T) {
	t.Parallel()
	storetest.ExerciseGroups(t, func(t *testing.T) store.Store { return open(t, sqlite.Config{}) })
}
