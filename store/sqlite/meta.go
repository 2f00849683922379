package sqlite

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	sqlite3 "modernc.org/sqlite/lib"

	"florin/access"
)

// marks are what a file says about itself.
type marks struct {
	store  string // a random name, alike in all files of a store
	shard  int
	shards int
	mode   access.Mode
}

func shardPath(dir string, shard int) string {
	return filepath.Join(dir, "shard-"+strconv.Itoa(shard)+".db")
}

var (
	selectMeta = define(`SELECT store, shard, shards, mode FROM meta`)
	hasMeta    = define(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'`)
)

// readMarks reads a file's marks; found is false where there is no file, or one
// that was never finished.
func readMarks(path string) (m marks, found bool, err error) {
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return m, false, nil
	case err != nil:
		return m, false, fmt.Errorf("store/sqlite: %w", err)
	}
	c, err := openConn(path, sqlite3.SQLITE_OPEN_READWRITE)
	if err != nil {
		return m, false, fmt.Errorf("store/sqlite: open %s: %w", path, err)
	}
	defer c.close()
	m, found, err = c.marks()
	if err != nil {
		return m, false, fmt.Errorf("store/sqlite: read %s: %w", path, err)
	}
	return m, found, nil
}

func (c *conn) marks() (m marks, found bool, err error) {
	s, err := c.query(hasMeta)
	if err != nil {
		return m, false, err
	}
	exists := false
	if err := s.each(func(*stmt) error { exists = true; return nil }); err != nil || !exists {
		return m, false, err
	}
	if s, err = c.query(selectMeta); err != nil {
		return m, false, err
	}
	err = s.each(func(s *stmt) error {
		m = marks{store: s.text(), shard: int(s.int()), shards: int(s.int()), mode: access.Mode(s.text())}
		found = true
		return nil
	})
	return m, found, err
}

// survey finds out what stands in the directory and what the files are to be.
// Shard 0 is made last, so that its marks say that all files are there.
func survey(cfg Config) (want marks, missing []int, err error) {
	first, finished, err := readMarks(shardPath(cfg.Dir, 0))
	if err != nil {
		return want, nil, err
	}
	want = marks{shards: cfg.Shards, mode: cfg.Mode}
	if want.shards == 0 {
		want.shards = defaultShards
		if finished {
			want.shards = first.shards
		}
	}
	if finished {
		if err := first.check(want, 0, shardPath(cfg.Dir, 0)); err != nil {
			return want, nil, err
		}
	}
	for shard := want.shards - 1; shard >= 0; shard-- {
		path := shardPath(cfg.Dir, shard)
		m, found, err := readMarks(path)
		switch {
		case err != nil:
			return want, nil, err
		case found:
			if err := m.check(want, shard, path); err != nil {
				return want, nil, err
			}
			want.store = m.store
		case finished:
			return want, nil, fmt.Errorf("%w: %s is missing", ErrMarks, path)
		default:
			missing = append(missing, shard)
		}
	}
	if want.store == "" {
		want.store = rand.Text()
	}
	return want, missing, nil
}

// check compares what a file says with what it must be.
func (m marks) check(want marks, shard int, path string) error {
	switch {
	case m.shards != want.shards:
		return fmt.Errorf("%w: %s belongs to a store of %d shards, not %d", ErrMarks, path, m.shards, want.shards)
	case m.shard != shard:
		return fmt.Errorf("%w: %s is shard %d, not %d", ErrMarks, path, m.shard, shard)
	case m.mode != want.mode:
		return fmt.Errorf("%w: %s is in mode %s, not %s", ErrMarks, path, m.mode, want.mode)
	case want.store != "" && m.store != want.store:
		return fmt.Errorf("%w: %s belongs to another store", ErrMarks, path)
	}
	return nil
}
