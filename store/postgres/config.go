package postgres

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"florin/access"
	"florin/internal/clock"
)

// Errors of Open.
var (
	// ErrMarks: a database is another store's or shard's, or was made with other
	// settings.
	ErrMarks = errors.New("store/postgres: not the store that was asked for")
	// ErrSchema: a database's schema is not this program's.
	ErrSchema = errors.New("store/postgres: the schema is another version's")
	// ErrClock: this machine's clock is more than 2 s from a database's.
	ErrClock = errors.New("store/postgres: this machine's clock is wrong")
)

// Access is what a process may do with a store.
type Access int

// The accesses.
const (
	// ReadWrite is the server's.
	ReadWrite Access = iota
	// Shared is a process's that writes now and then.
	Shared
	// ReadOnly is a process's that only looks on, at a standby too where that is the
	// only host of a DSN.
	ReadOnly
)

// Shard is where one shard's database is.
type Shard struct {
	// DSN is a connection string or URL. It may name several hosts, the servers of
	// one shard: the one that takes writes is used.
	DSN string
	// Pool is the shard's own, in place of Config's; nil for Config's.
	Pool *Pool
	// Unprepared is as in Config, for this shard.
	Unprepared bool
	// Replicas are the shard's read replicas: its database on other servers.
	Replicas []Replica
}

// Replica is a server that follows the shard's primary.
type Replica struct {
	Host   string
	Port   int
	Weight int // its part of the reads, 1 to 1000
}

// Pool bounds the connections to one shard.
type Pool struct {
	// MinSize is how many connections are kept open; 0 by default.
	MinSize int
	// MaxSize is the most connections, those that write among them; 20 when 0, and
	// at least 2.
	MaxSize int
	// Timeout is the longest that a call waits for a connection; 30 s when 0.
	Timeout time.Duration
	// CommandTimeout is the longest that a statement may take; 30 s when 0.
	CommandTimeout time.Duration
}

// Config says which store to open, and how.
type Config struct {
	// Shards are the databases, a power of two of them from 1 to 256, in order.
	Shards []Shard
	// Mode is the store's mode, fixed when it is made; access.Test when empty.
	Mode access.Mode
	// Access is ReadWrite when left out.
	Access Access
	Pool   Pool
	// Unprepared keeps no statements and no settings on the server between Txs, as
	// PgBouncer in transaction mode wants it. What a connection is to have then
	// (jit off) is given to the role by ALTER ROLE.
	Unprepared bool
	// Freeze is the longest that a shard may leave a round trip of a writing Tx
	// unanswered; 2.5 s when 0.
	Freeze time.Duration
	// MaxLag is how far a replica that is read from may be behind its primary; 10 s
	// when 0. Only a process with Access ReadWrite reads from replicas.
	MaxLag time.Duration
	// Log is told which replicas are left out, and which come back; nil for nobody.
	Log *slog.Logger
	// Clock is what is compared with the databases' clocks; the machine's when nil.
	Clock clock.Clock
}

const (
	// applicationName is what the connections are called in pg_stat_activity.
	applicationName = "payment_service"

	lockTimeout = 2 * time.Second
	idleTimeout = 10 * time.Second // of an open Tx that nobody goes on with
	maxShards   = 256
	maxWriters  = 4 // connections of a shard that write
)

func (c Config) withDefaults() Config {
	if c.Mode == "" {
		c.Mode = access.Test
	}
	if c.Pool.MaxSize == 0 {
		c.Pool.MaxSize = 20
	}
	if c.Pool.Timeout == 0 {
		c.Pool.Timeout = 30 * time.Second
	}
	if c.Pool.CommandTimeout == 0 {
		c.Pool.CommandTimeout = 30 * time.Second
	}
	if c.Freeze == 0 {
		c.Freeze = 2500 * time.Millisecond
	}
	if c.MaxLag == 0 {
		c.MaxLag = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	return c
}

func (c Config) validate() error {
	n := len(c.Shards)
	switch {
	case n < 1 || n > maxShards || n&(n-1) != 0:
		return fmt.Errorf("store/postgres: %d shards: must be a power of two up to %d", n, maxShards)
	case c.Mode != access.Test && c.Mode != access.Live:
		return fmt.Errorf("store/postgres: mode %q: must be test or live", c.Mode)
	case c.Pool.MaxSize < 2 || c.Pool.MinSize < 0 || c.Pool.MinSize > c.Pool.MaxSize:
		return fmt.Errorf("store/postgres: a pool of %d to %d connections: the most must be 2 or more, the least no more",
			c.Pool.MinSize, c.Pool.MaxSize)
	case c.Pool.Timeout < 0 || c.Pool.CommandTimeout < 0 || c.Freeze < 0 || c.MaxLag < 0:
		return errors.New("store/postgres: a time is negative")
	}
	for number, shard := range c.Shards {
		if shard.Pool != nil {
			own := c.of(number)
			own.Shards = []Shard{{DSN: shard.DSN}}
			if err := own.validate(); err != nil {
				return fmt.Errorf("shard %d: %w", number, err)
			}
		}
	}
	return nil
}

// of returns the configuration as it is for one shard.
func (c Config) of(number int) Config {
	own := c.Shards[number]
	if own.Pool != nil {
		c.Pool = *own.Pool
	}
	c.Unprepared = c.Unprepared || own.Unprepared
	return c.withDefaults()
}

// writers is how many of a shard's connections are for writing.
func (c Config) writers() int { return min(maxWriters, c.Pool.MaxSize/2) }
