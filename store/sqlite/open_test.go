package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"florin/access"
	"florin/store"
	"florin/store/sqlite"
)

// refused checks that a store cannot be opened, and why.
func refused(t *testing.T, cfg sqlite.Config, want error, text string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), cfg)
	if err == nil {
		t.Fatal("was opened", s.Close())
	}
	if want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
		t.Errorf("error is %v, want %v with %q", err, want, text)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "when missing")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, sqlite.Config{Dir: dir}, sqlite.ErrLocked, dir)
	if _, err := sqlite.Migrate(t.Context(), sqlite.Config{Dir: dir}); !errors.Is(err, sqlite.ErrLocked) {
		t.Errorf("migrating a store in use: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, sqlite.Config{Dir: dir})
}

func TestMarks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		cfg        sqlite.Config
		want       error
		spoil      func(dir string) error
	}{
		{name: "another number", cfg: sqlite.Config{Shards: 8}, want: sqlite.ErrMarks, text: "store of 4 shards, not 8"},
		{name: "a smaller number", cfg: sqlite.Config{Shards: 2}, want: sqlite.ErrMarks, text: "store of 4 shards, not 2"},
		{
			name: "another mode", cfg: sqlite.Config{Mode: access.Live}, want: sqlite.ErrMarks,
			text: "is in mode test, not live",
		},
		{name: "no power of two", cfg: sqlite.Config{Shards: 3}, text: "must be a power of two"},
		{name: "too many", cfg: sqlite.Config{Shards: 512}, text: "must be a power of two up to 256"},
		{name: "no such mode", cfg: sqlite.Config{Mode: "prod"}, text: "must be test or live"},
		{name: "swapped", want: sqlite.ErrMarks, text: "is shard", spoil: func(dir string) error {
			one, two := filepath.Join(dir, "shard-1.db"), filepath.Join(dir, "shard-2.db")
			return errors.Join(os.Rename(one, one+"x"), os.Rename(two, one), os.Rename(one+"x", two))
		}},
		{name: "missing", want: sqlite.ErrMarks, text: "shard-3.db is missing", spoil: func(dir string) error {
			return os.Remove(filepath.Join(dir, "shard-3.db"))
		}},
		{name: "garbage", want: store.ErrUnavailable, text: "not a database", spoil: func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "shard-0.db"), []byte(strings.Repeat("no database ", 1000)), 0o600)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.cfg.Dir = t.TempDir()
			s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: c.cfg.Dir})
			if err == nil {
				err = s.Close()
			}
			if err == nil && c.spoil != nil {
				err = c.spoil(c.cfg.Dir)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range []sqlite.Access{sqlite.ReadWrite, sqlite.Shared, sqlite.ReadOnly} {
				c.cfg.Access = kind
				refused(t, c.cfg, c.want, c.text)
			}
		})
	}
}

func TestMarksOfAnotherStore(t *testing.T) {
	t.Parallel()
	dirs := [2]string{t.TempDir(), t.TempDir()}
	for _, dir := range dirs {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 2, Mode: access.Live})
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(dirs[0], "shard-1.db"), filepath.Join(dirs[1], "shard-1.db")); err != nil {
		t.Fatal(err)
	}
	refused(t, sqlite.Config{Dir: dirs[1], Mode: access.Live}, sqlite.ErrMarks, "belongs to another store")
}

func TestHalfMadeStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 4})
	if err == nil {
		err = s.Close()
	}
	// As if the process had died when it had made shards 3 and 2: 0 is the last.
	for _, name := range []string{"shard-0.db", "shard-1.db"} {
		err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
	}
	if err != nil {
		t.Fatal(err)
	}
	refused(t, sqlite.Config{Dir: dir, Access: sqlite.ReadOnly}, sqlite.ErrNoStore, dir)
	if s := open(t, sqlite.Config{Dir: dir}); s.Shards() != 4 {
		t.Errorf("the store has %d shards", s.Shards())
	}
}

func TestUnopenable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, sqlite.Config{Dir: file}, nil, file)
	refused(t, sqlite.Config{Dir: filepath.Join(file, "below")}, nil, "not a directory")
	refused(t, sqlite.Config{}, nil, "no directory")
	for _, kind := range []sqlite.Access{sqlite.Shared, sqlite.ReadOnly} {
		refused(t, sqlite.Config{Dir: t.TempDir(), Access: kind}, sqlite.ErrNoStore, "there is no store in")
		missing := filepath.Join(t.TempDir(), "missing")
		refused(t, sqlite.Config{Dir: missing, Access: kind}, sqlite.ErrNoStore, missing)
		if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("looking for a store made %s", missing)
		}
	}
}

func TestStrangeNames(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a?b#c d%20e ü")
	s := open(t, sqlite.Config{Dir: dir, Shards: 1})
	if err := s.Ping(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "shard-0.db")); err != nil {
		t.Error(err)
	}
}

// TestConnections counts what is in use: the writer of an open Tx, and a reader
// while it reads.
func TestConnections(t *testing.T) {
	t.Parallel()
	s := open(t, sqlite.Config{Shards: 2})
	if got := s.Connections(); got != 0 {
		t.Errorf("%d connections are in use before anything is done", got)
	}
	tx, err := s.Begin(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Connections(); got != 1 {
		t.Errorf("%d connections are in use during a Tx, want 1", got)
	}
	tx.Rollback()
	if got := s.Connections(); got != 0 {
		t.Errorf("%d connections are in use after the Tx", got)
	}
}
