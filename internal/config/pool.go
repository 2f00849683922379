package config

import (
	"fmt"
	"slices"
)

// reserved is how many of a server's connections are its superusers' (the
// default of superuser_reserved_connections): what Florin chooses leaves them.
const reserved = 3

// poolOf puts a shard's pool together: its own entry over the cluster's over the
// defaults.
func (c *Config) poolOf(d *Database, own Pool) error {
	const common = "database_cluster.connection_pool"
	mine := d.field + ".connection_pool"
	d.Pool = Pool{
		MinSize: defaultMinSize, MaxSize: defaultMaxSize, Timeout: defaultTimeout, CommandTimeout: defaultCommandTimeout,
	}
	minField := ""
	for _, from := range []struct {
		field string
		pool  Pool
	}{{common, c.Cluster.ConnectionPool}, {mine, own}} {
		if c.source.given[from.field+".min_size"] {
			d.Pool.MinSize, minField = from.pool.MinSize, from.field+".min_size"
		}
		if c.source.given[from.field+".max_size"] {
			d.Pool.MaxSize, d.poolField = from.pool.MaxSize, from.field+".max_size"
		}
		d.Pool.Timeout = or(from.pool.Timeout, d.Pool.Timeout)
		d.Pool.CommandTimeout = or(from.pool.CommandTimeout, d.Pool.CommandTimeout)
	}
	if d.Pool.MinSize > d.Pool.MaxSize {
		if minField != "" {
			return c.source.at(minField, "%d is more than max_size, %d", d.Pool.MinSize, d.Pool.MaxSize)
		}
		d.Pool.MinSize = d.Pool.MaxSize
	}
	return nil
}

// fitPools holds the pools of all shards on a server against its
// max_connections. A size that was chosen here is cut to fit, with a warning; one
// that stands in the file is refused. The number of shards may be chosen here
// too: then what one shard may have of the file's size is.
func (c *Config) fitPools() error {
	servers, on := c.poolsByServer()
	for _, name := range servers {
		limit, _ := room(on[name])
		if limit == 0 {
			continue
		}
		if err := c.fit(name, limit, on[name]); err != nil {
			return err
		}
	}
	return nil
}

// room returns what max_connections a server of shards has, 0 when that is not
// known, and what one process may take of it.
func room(shards []*Database) (limit, sum int) {
	for _, d := range shards {
		sum += d.Pool.MaxSize
		if m := d.maxConnections; m > 0 && (limit == 0 || m < limit) {
			limit = m
		}
	}
	return limit, sum
}

// FitProcesses refuses so many processes on one machine, each with this
// configuration, that their pools together do not fit.
func (c *Config) FitProcesses(n int) error {
	servers, on := c.poolsByServer()
	for _, name := range servers {
		limit, sum := room(on[name])
		if limit > 0 && n*sum > limit {
			return c.source.at("database_cluster.connection_pool.max_size", "%d processes may take %d connections on %s, "+
				"and its max_connections is %d", n, n*sum, name, limit)
		}
	}
	return nil
}

// poolsByServer lists the servers in their order, and the shards on each.
func (c *Config) poolsByServer() (servers []string, on map[string][]*Database) {
	on = map[string][]*Database{}
	for i := range c.Databases {
		d := &c.Databases[i]
		all := slices.Clone(d.servers)
		for _, r := range d.Replicas {
			if !slices.Contains(all, r.server()) {
				all = append(all, r.server())
			}
		}
		for _, name := range all {
			if on[name] == nil {
				servers = append(servers, name)
			}
			on[name] = append(on[name], d)
		}
	}
	return servers, on
}

func (c *Config) fit(name string, limit int, shards []*Database) error {
	sum, fixed := 0, 0
	var free []*Database
	var first *Database
	for _, d := range shards {
		sum += d.Pool.MaxSize
		chosen := d.poolField == "" || len(c.Shards.List) == 0 && c.Shards.Count == 0 && d.Pool.MaxSize <= limit
		if chosen {
			free = append(free, d)
			continue
		}
		fixed += d.Pool.MaxSize
		if first == nil {
			first = d
		}
	}
	if sum <= limit {
		return nil
	}
	left := 0
	if len(free) > 0 {
		left = (limit - reserved - fixed) / len(free)
	}
	switch {
	case first != nil && (len(free) == 0 || left < minPoolSize):
		return c.source.at(first.poolField, "the pools of %s on %s may take %d connections, "+
			"and its max_connections is %d", shardsOf(len(shards)), name, sum, limit)
	case left < minPoolSize:
		return c.source.at("database_cluster.master.max_connections", "%d is too few for %s on %s",
			limit, shardsOf(len(shards)), name)
	}
	c.cut(name, limit, left, free)
	return nil
}

// cut makes pools on a server no larger than left, and warns of it.
func (c *Config) cut(name string, limit, left int, pools []*Database) {
	var before Pool
	asked, count := false, 0
	for _, d := range pools {
		if d.Pool.MaxSize <= left {
			continue
		}
		count++
		if before.MaxSize < d.Pool.MaxSize {
			before, asked = d.Pool, d.poolField != ""
		}
		d.Pool.MaxSize, d.Pool.MinSize = left, min(d.Pool.MinSize, left)
	}
	if count == 0 {
		return
	}
	whose := "the default"
	if asked {
		whose = "as connection_pool asks"
	}
	c.Warnings = append(c.Warnings, fmt.Sprintf("the pools on %s are cut to fit its max_connections of %d: min_size %d "+
		"and max_size %d (%s) become %d and %d for each of %s; together they may take the whole server, so that a "+
		"second process needs a smaller max_size", name, limit, before.MinSize, before.MaxSize, whose,
		min(before.MinSize, left), left, shardsOf(count)))
}

func shardsOf(n int) string {
	if n == 1 {
		return "1 shard"
	}
	return fmt.Sprintf("%d shards", n)
}
