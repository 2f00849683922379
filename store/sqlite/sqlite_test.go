package sqlite_test

import (
	"testing"

	"go.uber.org/goleak"

	"florin/store"
	"florin/store/sqlite"
	"florin/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, cfg sqlite.Config) *sqlite.Store {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	s, err := sqlite.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) store.Store { return open(t, sqlite.Config{}) })
}

func TestConformanceShared(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) store.Store {
		dir := t.TempDir()
		open(t, sqlite.Config{Dir: dir, Shards: 2})
		return open(t, sqlite.Config{Dir: dir, Access: sqlite.Shared})
	})
}
