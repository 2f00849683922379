package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"florin/store"
)

// selectGeneration is what of selectMeta tells an old primary from the present one.
const selectGeneration = `SELECT epoch, greatest(timeline, CASE WHEN pg_is_in_recovery() THEN 0
	ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END) FROM meta`

// wantReadWrite refuses a server that takes no writes, unless the DSN says otherwise.
func wantReadWrite(c *pgx.ConnConfig) {
	if c.ValidateConnect == nil {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
}

// chooseHost makes a connection of several hosts lead to the present primary: not
// to one that another has taken over from, though it takes writes; and a host that
// does not answer leaves time for the others.
func (sh *shard) chooseHost(c *pgx.ConnConfig) {
	hosts := hostsOf(c)
	if len(hosts) < 2 {
		return
	}
	c.ConnectTimeout = sh.store.cfg.Freeze / time.Duration(len(hosts)+1)
	lookUp := c.LookupFunc
	c.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
		addresses, err := lookUp(ctx, host)
		if err == nil {
			sh.hosts.learn(host, addresses)
		}
		return addresses, err
	}
	before := c.ValidateConnect
	c.ValidateConnect = func(ctx context.Context, p *pgconn.PgConn) error {
		if before != nil {
			if err := before(ctx, p); err != nil {
				return err
			}
		}
		g, err := readGeneration(ctx, p)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil {
			return nil //nolint:nilerr // what is wrong with the database, examine will say
		}
		if err := sh.mustBeLatest(g); err != nil {
			return err
		}
		sh.hosts.prefer(p.Conn().RemoteAddr().String())
		return nil
	}
}

func readGeneration(ctx context.Context, p *pgconn.PgConn) (g generation, err error) {
	results, err := p.Exec(ctx, selectGeneration).ReadAll()
	if err != nil {
		return g, err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return g, store.ErrNotFound
	}
	row := results[0].Rows[0]
	var err1, err2 error
	g.epoch, err1 = strconv.ParseInt(string(row[0]), 10, 64)
	g.timeline, err2 = strconv.ParseInt(string(row[1]), 10, 64)
	return g, errors.Join(err1, err2)
}

// hosts is what a shard knows of its hosts: connections go first to the one that the
// last of them found to be the primary, so that one that is gone costs time once.
type hosts struct {
	mu        sync.Mutex
	addresses map[string][]string // by host, as they were looked up last
	primary   string              // address and port
	doubted   bool                // it did not answer in time when it was last waited for
	longest   time.Duration       // that it is waited for otherwise
}

func (h *hosts) learn(host string, addresses []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.addresses == nil {
		h.addresses = map[string][]string{}
	}
	h.addresses[host] = slices.Clone(addresses)
}

func (h *hosts) prefer(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.primary, h.doubted = address, false
}

// late takes note that a look at the shard had no answer in time: the next one leaves
// the others more of it, and the one after that the primary again, which may only be
// busy.
func (h *hosts) late() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.doubted = !h.doubted
}

// patience returns how long the primary is waited for, which may have much to do; 0
// while it is doubted.
func (h *hosts) patience() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.doubted {
		return 0
	}
	return h.longest
}

// leadsTo tells whether a server is the primary, or nobody knows.
func (h *hosts) leadsTo(address string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.primary == "" || h.primary == address
}

// isPrimary tells whether a host is the one to begin with.
func (h *hosts) isPrimary(host string, port uint16) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.addresses[host], func(address string) bool {
		return net.JoinHostPort(address, strconv.Itoa(int(port))) == h.primary
	})
}

// sort puts the ways to the primary first. It has the form of a pool's BeforeConnect.
func (h *hosts) sort(_ context.Context, c *pgx.ConnConfig) error {
	var first, others []*pgconn.FallbackConfig
	for _, way := range waysOf(c) {
		if h.isPrimary(way.Host, way.Port) {
			first = append(first, way)
		} else {
			others = append(others, way)
		}
	}
	if len(first) > 0 && len(others) > 0 {
		c.ConnectTimeout = max(c.ConnectTimeout, h.patience())
	}
	all := append(first, others...)
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = all[0].Host, all[0].Port, all[0].TLSConfig, all[1:]
	return nil
}

// mustBeLatest refuses a server that another has taken over from.
func (sh *shard) mustBeLatest(g generation) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if g.before(sh.latest) {
		return fmt.Errorf("%w: shard %d: the server is at epoch %d, timeline %d; it was at %d, %d already",
			store.ErrUnavailable, sh.number, g.epoch, g.timeline, sh.latest.epoch, sh.latest.timeline)
	}
	return nil
}

// waysOf lists all ways to connect, in their order.
func waysOf(c *pgx.ConnConfig) []*pgconn.FallbackConfig {
	first := &pgconn.FallbackConfig{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}
	return append([]*pgconn.FallbackConfig{first}, c.Fallbacks...)
}

// hostsOf lists the hosts of a connection, each once, with the first way to it.
func hostsOf(c *pgx.ConnConfig) (hosts []*pgconn.FallbackConfig) {
	seen := map[string]bool{}
	for _, h := range waysOf(c) {
		if at := fmt.Sprint(h.Host, " ", h.Port); !seen[at] {
			seen[at] = true
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// survey asks each of several hosts how far it is, so that a process that has seen
// none of them does not begin with an old primary.
func (sh *shard) survey(ctx context.Context, from *pgx.ConnConfig) {
	hosts := hostsOf(from)
	if len(hosts) < 2 {
		return
	}
	var asking sync.WaitGroup
	for _, h := range hosts {
		one := from.Copy()
		one.Host, one.Port, one.TLSConfig, one.Fallbacks, one.ValidateConnect = h.Host, h.Port, h.TLSConfig, nil, nil
		one.ConnectTimeout = sh.store.cfg.Freeze
		one.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe // the others give no binary results
		for _, other := range from.Fallbacks {                    // other ways to the same host
			if other.Host == h.Host && other.Port == h.Port && other.TLSConfig != h.TLSConfig {
				one.Fallbacks = append(one.Fallbacks, other)
			}
		}
		asking.Go(func() { sh.note(ctx, one) })
	}
	asking.Wait()
}

// note takes a host's generation into account, where it is this shard's.
func (sh *shard) note(ctx context.Context, host *pgx.ConnConfig) {
	limited, cancel := sh.within(ctx)
	defer cancel()
	c, err := pgx.ConnectConfig(limited, host)
	if err != nil {
		return
	}
	defer func() { _ = c.Close(limited) }()
	found, err := one(limited, &reader{c}, (*row).about, selectMeta)
	want := marks{shard: sh.number, shards: len(sh.store.cfg.Shards), mode: sh.store.cfg.Mode}
	if err != nil || found.check(want) != nil {
		return
	}
	g := found.generation
	g.timeline = max(g.timeline, found.timeline)
	sh.learnOf(g)
	if found.timeline > 0 && sh.mustBeLatest(g) == nil { // it is no standby
		sh.hosts.prefer(c.PgConn().Conn().RemoteAddr().String())
	}
}
