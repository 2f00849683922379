package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"florin/ident"
	"florin/ledger"
	"florin/store"
)

// shard is one database: connections that write, connections that read, and what
// this process knows of it.
type shard struct {
	store   *Store
	number  int
	writers *pgxpool.Pool
	readers *pgxpool.Pool
	gate    gate
	looker  looker
	hosts   hosts
	slots   lease
	keeper  *keeper // nil without writers

	replicas []*replica // of a server's process only
	watch    *watch     // the same
	written  written
	apart    atomic.Int32 // connections that belong to no pool

	mu       sync.Mutex
	greeted  bool                 // Open is through with it
	refused  error                // the database must not be used
	latest   generation           // the greatest that was seen
	accounts map[ledger.Key]int64 // ids of accounts, which never change
	doubtful map[ident.ID]struct{}
}

// conn is a connection that is lent.
type conn struct {
	*pgx.Conn
	pooled *pgxpool.Conn
}

// release gives the connection back. One that cannot be used any more leaves the pool
// at once: the pool's own way of ending it waits for its server, which may be
// frozen, and meanwhile keeps its place from a new one.
func (c *conn) release() {
	if !c.IsClosed() && !c.PgConn().IsBusy() && c.PgConn().TxStatus() == 'I' {
		c.pooled.Release()
		return
	}
	cut(c.pooled.Hijack())
}

// cut ends a connection without a word to the server.
func cut(c *pgx.Conn) { _ = c.PgConn().Conn().Close() }

// renew ends all connections of a pool, those that are lent when they come back.
func renew(pool *pgxpool.Pool) {
	for _, c := range pool.AcquireAllIdle(context.Background()) {
		cut(c.Hijack())
	}
	pool.Reset()
}

// own returns the configuration as it is for this shard.
func (sh *shard) own() Config { return sh.store.cfg.of(sh.number) }

func openShard(s *Store, number int) (*shard, error) {
	sh := &shard{
		store: s, number: number, hosts: hosts{longest: s.cfg.Freeze / 2},
		accounts: map[ledger.Key]int64{}, doubtful: map[ident.ID]struct{}{},
	}
	sh.gate.shard = sh
	sh.looker.shard = sh
	sh.slots.shard = sh
	var err error
	if s.cfg.Access == ReadWrite || s.cfg.Access == Shared {
		if sh.writers, err = sh.newPool(true); err != nil {
			return nil, err
		}
	}
	if sh.readers, err = sh.newPool(false); err != nil {
		sh.close()
		return nil, err
	}
	if s.cfg.Access == ReadWrite {
		sh.watch = newWatch(sh)
		for _, at := range s.cfg.Shards[number].Replicas {
			r, err := newReplica(sh, at)
			if err != nil {
				sh.close()
				return nil, err
			}
			sh.replicas = append(sh.replicas, r)
		}
	}
	if sh.writers != nil {
		sh.keeper = startKeeper(sh)
	}
	return sh, nil
}

// newPool makes a pool. It connects when it is used.
func (sh *shard) newPool(writing bool) (*pgxpool.Pool, error) {
	cfg := sh.own()
	pool, err := pgxpool.ParseConfig(cfg.Shards[sh.number].DSN)
	if err != nil {
		return nil, fmt.Errorf("store/postgres: shard %d: dsn: %w", sh.number, err)
	}
	most, least := cfg.writers(), min(cfg.writers(), cfg.Pool.MinSize)
	if !writing {
		most, least = cfg.Pool.MaxSize-most, cfg.Pool.MinSize-least
		if cfg.Access == ReadOnly || cfg.Access == filling {
			most, least = cfg.Pool.MaxSize, cfg.Pool.MinSize
		}
	}
	pool.MaxConns, pool.MinConns = int32(most), int32(least)
	pool.PingTimeout = cfg.Freeze
	pool.ConnConfig.ConnectTimeout = cfg.Freeze
	sh.parameters(pool.ConnConfig, writing)
	if cfg.Access != ReadOnly || len(hostsOf(pool.ConnConfig)) > 1 {
		wantReadWrite(pool.ConnConfig)
	}
	pool.ConnConfig.OnNotice = heed
	sh.chooseHost(pool.ConnConfig)
	pool.BeforeConnect = sh.hosts.sort
	if cfg.Unprepared {
		pool.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	pool.AfterConnect = sh.examine
	// The context only bounds the start of what it makes in the background.
	return pgxpool.NewWithConfig(context.Background(), pool)
}

// parameters sets what a session is to have from its start. Behind PgBouncer the
// Txs set it themselves.
func (sh *shard) parameters(c *pgx.ConnConfig, writing bool) {
	set, cfg := c.RuntimeParams, sh.own()
	set["application_name"] = applicationName
	if cfg.Unprepared {
		return
	}
	set["jit"] = "off"
	set["statement_timeout"] = millis(cfg.Pool.CommandTimeout)
	set["lock_timeout"] = millis(lockTimeout)
	set["idle_in_transaction_session_timeout"] = millis(idleTimeout)
	if writing {
		// Each statement finds its rows by their ids, however few there are when it
		// is planned: the plan is kept.
		set["plan_cache_mode"] = "force_generic_plan"
		set["enable_seqscan"], set["enable_hashjoin"], set["enable_mergejoin"] = "off", "off", "off"
	}
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// acquire lends a connection, to be given back with its Release. While all are in
// use it waits for Pool.Timeout; to connect it takes no longer than Freeze. What the
// pool has that leads to an old primary is ended.
func (sh *shard) acquire(ctx context.Context, from *pgxpool.Pool) (*conn, error) {
	if err := sh.usable(); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, sh.own().Pool.Timeout)
	defer cancel()
	waiting, leave := sh.gate.whileOpen(waiting)
	defer leave()
	for {
		limited, cancel := sh.within(waiting)
		pooled, err := from.Acquire(limited)
		cancel()
		if err == nil && sh.isOld(pooled.Conn()) {
			cut(pooled.Hijack())
			continue
		}
		if err == nil {
			return &conn{pooled.Conn(), pooled}, nil
		}
		stat := from.Stat()
		crowded := stat.AcquiredConns() == stat.MaxConns()
		if crowded && waiting.Err() == nil && errors.Is(context.Cause(limited), errNoAnswer) {
			continue
		}
		if stateOf(err) == stateTooMany && stat.AcquiredConns() > 0 && rest(waiting, crowdedPause) {
			continue // there will be no more connections, but one of these will be free
		}
		if refused := sh.usable(); refused != nil {
			return nil, refused
		}
		var failed *pgconn.ConnectError
		silent := limited.Err() != nil || errors.As(err, &failed) && stateOf(err) != stateTooMany
		if !crowded && waiting.Err() == nil && silent {
			sh.gate.shut(briefly(err))
		}
		return nil, fmt.Errorf("%w: no connection: %w", store.ErrUnavailable, briefly(err))
	}
}

// crowdedPause lies between two tries to have a connection of a server that takes
// no more.
const crowdedPause = 20 * time.Millisecond

// rest waits, and tells whether ctx still goes on then.
func rest(ctx context.Context, pause time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// usable returns why the database must not be used, or cannot be used now.
func (sh *shard) usable() error {
	sh.mu.Lock()
	refused := sh.refused
	sh.mu.Unlock()
	if refused != nil {
		return refused
	}
	return sh.gate.pass()
}

// lend lends a connection to f, and ends it where the shard gives no answer on any
// other one either. Where it turns out that the server has ended it
// meanwhile, f is called once more with a new one: it must not change anything
// twice, nor add to what it has found.
func (sh *shard) lend(ctx context.Context, from *pgxpool.Pool, f func(*conn) error) error {
	c, err := sh.acquire(ctx, from)
	if err != nil {
		return err
	}
	unwatch := sh.gate.watch(c)
	err = f(c)
	unwatch()
	stale := isStale(ctx, c, err)
	c.release()
	if !stale {
		return err
	}
	renew(from)
	if c, err = sh.acquire(ctx, from); err != nil {
		return err
	}
	defer c.release()
	defer sh.gate.watch(c)()
	return f(c)
}

// isStale tells whether an error comes from a connection that the server, or the
// way to it, has ended.
func isStale(ctx context.Context, c *conn, err error) bool {
	return err != nil && c.IsClosed() && ctx.Err() == nil && !pgconn.Timeout(err)
}

func (sh *shard) close() {
	sh.watch.stop()
	for _, r := range sh.replicas {
		r.close()
	}
	sh.keeper.stop()
	sh.gate.close()
	if sh.writers != nil {
		sh.writers.Close()
	}
	if sh.readers != nil {
		sh.readers.Close()
	}
}
