//go:build services

package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"florin/internal/pgtest"
)

// withStandby returns a cluster whose first shard has a server with a synchronous
// standby, both in its DSN.
func withStandby(t *testing.T) (c *cluster, primary, standby *pgtest.Server) {
	t.Helper()
	rest := pgtest.Shared(t)
	primary = pgtest.New(t)
	first := primary.Database(t)
	standby = primary.Standby(t)
	database := first[strings.Index(first, "dbname=")+len("dbname="):]
	database, _, _ = strings.Cut(database, " ")
	const form = "postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/%s?sslmode=disable"
	dsns := []string{fmt.Sprintf(form, primary.Port, standby.Port, database)}
	for range 3 {
		dsns = append(dsns, rest.Database(t))
	}
	return newCluster(t, dsns...), primary, standby
}

// TestPromoted takes the primary of a shard away in the middle of a load, and
// promotes its synchronous standby: Florin goes on with that one within seconds, and
// nothing that was acknowledged is lost. The old one comes back by mistake, and takes
// writes as before: it is not used any more, by those who saw the new one and by
// those who start later.
func TestPromoted(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		away, back func(*pgtest.Server, testing.TB)
	}{
		"ended": {(*pgtest.Server).Crash, (*pgtest.Server).Start}, "frozen": {(*pgtest.Server).Freeze, (*pgtest.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, old, standby := withStandby(t)
			l := c.load(2)
			l.awaitPayments(300)
			fault.away(old, t)
			standby.Promote(t)
			took := c.untilPaid()
			t.Logf("the first payment of the shard came %s after the promotion", took)
			if took > 10*time.Second {
				t.Errorf("the first payment of the shard came %s after the promotion", took)
			}
			began := time.Now()
			l.awaitPayments(100)
			t.Logf("100 more took %s", time.Since(began))
			fault.back(old, t)
			l.kill(0) // what is started then has seen neither
			began = time.Now()
			l.awaitPayments(300)
			t.Logf("300 more, after the old one was back, took %s", time.Since(began))
			if got := florin(t, "shards", "status", "--config", c.file, "--json"); !strings.Contains(got.out,
				fmt.Sprintf("127.0.0.1:%d/", standby.Port)) {
				t.Errorf("the shards are %s %s", got.out, got.err)
			}
			l.check()
		})
	}
}

// untilPaid pays for a user of the first shard until that succeeds at each process,
// and returns how long it took.
func (c *cluster) untilPaid() time.Duration {
	c.t.Helper()
	began := time.Now()
	for process := range c.processes {
		c.await("a payment of the first shard", func() bool {
			return c.post(process, "/payments", payment(4, 100, "")).status == http.StatusCreated
		})
	}
	return time.Since(began)
}
