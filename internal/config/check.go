package config

import (
	"fmt"
	"net"
	"regexp"
	"time"

	"florin/access"
	"florin/payment"
)

// gatewayNames is the form of a gateway's name: it stands in accounts' names.
var gatewayNames = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)

// The bounds of what is counted in the configuration.
const (
	maxShards  = 256
	maxGroup   = 100_000
	maxQueue   = 10_000_000
	maxPermits = 256
	maxTime    = time.Hour
	maxPause   = time.Second

	maxMonths   = 1200
	maxRequests = 1_000_000 // of an API key, in a window
)

// check refuses what cannot be. Its errors name the field, and the line in the
// file.
func (c *Config) check() error {
	if c.Store != SQLite && c.Store != Postgres {
		return c.source.at("store", "%q is none of sqlite, postgres", c.Store)
	}
	if _, err := access.ParseMode(string(c.Mode)); err != nil {
		return c.source.at("mode", "%q is none of test, live", string(c.Mode))
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return c.source.at("listen", "%q is no address such as 127.0.0.1:8080", c.Listen)
	}
	if c.Data == "" {
		return c.source.at("data", "must name a directory")
	}
	if err := c.checkShards(); err != nil {
		return err
	}
	if !(c.Fraud.Threshold > 0 && c.Fraud.Threshold <= 1) { // so that NaN is caught too
		return c.source.at("fraud.threshold", "%v is not above 0 and at most 1", c.Fraud.Threshold)
	}
	if err := c.checkCommit(); err != nil {
		return err
	}
	if err := c.checkRateLimit(); err != nil {
		return err
	}
	if err := c.checkPartitions(); err != nil {
		return err
	}
	return c.checkGateways()
}

// checkShards refuses shards that the engine cannot have.
func (c *Config) checkShards() error {
	number := c.Shards.Count
	if c.source.given["shards"] && c.Shards.List != nil {
		if number = len(c.Shards.List); number == 0 {
			return c.source.at("shards", "is empty: name a database a shard, or leave it out")
		}
	}
	if number < 0 || number > maxShards || number&(number-1) != 0 {
		return c.source.at("shards", "%d is no power of two from 1 to %d", number, maxShards)
	}
	if c.Store == Postgres {
		return c.resolve()
	}
	if len(c.Shards.List) > 0 {
		return c.source.at("shards", "is a list, which is for store: postgres; the embedded store takes a number")
	}
	if c.source.given["database_cluster"] {
		return c.source.at("database_cluster", "is for store: postgres, and the store is %s", c.Store)
	}
	return nil
}

func (c *Config) checkPartitions() error {
	switch keep := c.Partitions.KeepMonths; {
	case keep < 0 || keep > maxMonths:
		return c.source.at("partitions.keep_months", "%d is not 0 to %d", keep, maxMonths)
	case keep > 0 && c.Store != Postgres:
		return c.source.at("partitions.keep_months", "is for store: postgres, and the store is %s", c.Store)
	}
	return nil
}

// checkRateLimit refuses an empty block too: who writes it wants a limit.
func (c *Config) checkRateLimit() error {
	if lineOf(c.source.text, []string{"rate_limit"}) == 0 {
		return nil
	}
	r := c.RateLimit
	if r.Requests < 1 || r.Requests > maxRequests {
		return c.source.at("rate_limit.requests", "%d is not 1 to %d", r.Requests, maxRequests)
	}
	if r.Window < time.Second || r.Window > maxTime || r.Window%time.Second != 0 {
		return c.source.at("rate_limit.window", "%s is no time of whole seconds from 1s to %s", r.Window, maxTime)
	}
	return nil
}

func (c *Config) checkCommit() error {
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"commit.permits", c.Commit.Permits, maxPermits},
		{"commit.max_group", c.Commit.MaxGroup, maxGroup},
		{"commit.max_queue", c.Commit.MaxQueue, maxQueue},
	} {
		if f.value < 1 || f.value > f.max {
			return c.source.at(f.name, "%d is not 1 to %d", f.value, f.max)
		}
	}
	if c.Commit.Pause < 0 || c.Commit.Pause > maxPause {
		return c.source.at("commit.pause", "%s is no time from 0s to %s", c.Commit.Pause, maxPause)
	}
	return c.checkTime("commit.permit_hold", c.Commit.PermitHold)
}

func (c *Config) checkTime(field string, d time.Duration) error {
	if d < time.Millisecond || d > maxTime {
		return c.source.at(field, "%s is no time from 1ms to %s", d, maxTime)
	}
	return nil
}

func (c *Config) checkGateways() error {
	seen := map[string]bool{}
	for i, g := range c.Gateways {
		at := func(field string) string { return fmt.Sprintf("gateways[%d].%s", i, field) }
		switch {
		case !gatewayNames.MatchString(g.Name):
			return c.source.at(at("name"), "%q is not 1 to 64 of a-z, 0-9, _ and -", g.Name)
		case g.Name == payment.Wallet:
			return c.source.at(at("name"), "%q is what payments from wallets go through", g.Name)
		case seen[g.Name]:
			return c.source.at(at("name"), "%q is another gateway's name already", g.Name)
		case g.Kind != Simulated:
			return c.source.at(at("kind"), "%q is none of simulated", g.Kind)
		case c.Mode == access.Live:
			return c.source.at(at("kind"), "a live store takes no payments through a simulated gateway")
		case g.FailureThreshold < 0:
			return c.source.at(at("failure_threshold"), "%d is below 0", g.FailureThreshold)
		case g.MaxConcurrent < 0:
			return c.source.at(at("max_concurrent"), "%d is below 0", g.MaxConcurrent)
		}
		seen[g.Name] = true
		if g.Deadline != 0 {
			if err := c.checkTime(at("deadline"), g.Deadline); err != nil {
				return err
			}
		}
		if g.OpenFor != 0 {
			if err := c.checkTime(at("open_for"), g.OpenFor); err != nil {
				return err
			}
		}
	}
	return nil
}
