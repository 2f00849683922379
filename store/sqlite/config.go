package sqlite

import (
	"errors"
	"fmt"
	"time"

	"florin/access"
)

// Errors of Open.
var (
	// ErrLocked: another process has the store open for writing.
	ErrLocked = errors.New("the store is in use")
	// ErrMarks: the files are another store's, or were made with other settings.
	ErrMarks = errors.New("store/sqlite: not the store that was asked for")
	// ErrNoStore: there is no store in the directory.
	ErrNoStore = errors.New("store/sqlite: there is no store")
	// ErrSchema: the store's schema is not this program's.
	ErrSchema = errors.New("store/sqlite: the schema is another version's")
)

// Access is what a process may do with a store.
type Access int

// The accesses.
const (
	// ReadWrite is the server's: it takes the store's lock, makes and migrates
	// the files, and keeps in memory what it wrote.
	ReadWrite Access = iota
	// Shared is a second process's that writes now and then while a server runs:
	// no lock, nothing kept in memory.
	Shared
	// ReadOnly is a second process's that only looks on.
	ReadOnly
)

// Config says which store to open, and how.
type Config struct {
	// Dir is the directory of the files; it is made when missing (ReadWrite).
	Dir string
	// Shards is their number, a power of two from 1 to 256, fixed when the store
	// is made. 0: as many as the store has, 4 for a new one.
	Shards int
	// Mode is the store's mode, fixed when it is made; access.Test when empty.
	Mode access.Mode
	// Access is ReadWrite when left out.
	Access Access

	// CachePages is the writer's page cache a shard, in pages of 4 KiB: 2048
	// (8 MiB) when 0. Writes touch the ends of the tables, so that more brings
	// nothing, and SQLite walks the whole cache at many a commit.
	CachePages int
	// WALPages is the length of the log at which it is written back into the
	// file, in pages a shard: 16384 (64 MiB) when 0. A commit that meets four
	// times as many waits for that.
	WALPages int
	// Readers is the greatest number of reading connections a shard: 4 when 0.
	Readers int

	moving bool // by OpenToMove
}

const (
	pageSize          = 4096
	busyTimeoutMillis = 5000
	scanReaders       = 2
	scanTimeout       = 5 * time.Second
	defaultShards     = 4
	maxShards         = 256
)

func (c Config) withDefaults() Config {
	if c.Mode == "" {
		c.Mode = access.Test
	}
	if c.CachePages == 0 {
		c.CachePages = 2048
	}
	if c.WALPages == 0 {
		c.WALPages = 16384
	}
	if c.Readers == 0 {
		c.Readers = 4
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Dir == "":
		return errors.New("store/sqlite: no directory is given")
	case c.Shards < 0 || c.Shards > maxShards || c.Shards&(c.Shards-1) != 0:
		return fmt.Errorf("store/sqlite: %d shards: must be a power of two up to %d", c.Shards, maxShards)
	case c.Mode != access.Test && c.Mode != access.Live:
		return fmt.Errorf("store/sqlite: mode %q: must be test or live", c.Mode)
	case c.CachePages < 0 || c.WALPages < 0 || c.Readers < 0:
		return errors.New("store/sqlite: a size is negative")
	}
	return nil
}
