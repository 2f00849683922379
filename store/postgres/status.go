package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"florin/store"
)

var _ store.Inspector = (*Store)(nil)

// selectStatus reads what a shard's primary says of itself. The count of rows is
// the planner's, as of the last ANALYZE or vacuum; a table that never had one has
// its pages guessed.
const selectStatus = `SELECT coalesce(host(inet_server_addr()), ''), coalesce(inet_server_port(), 0),
	current_database(),
	pg_database_size(current_database()),
	(SELECT greatest(c.reltuples, s.n_live_tup, 0)::bigint FROM pg_class c
		LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.oid = 'payments'::regclass),
	(SELECT epoch FROM meta),
	(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1
		AND state <> 'idle' AND pid <> pg_backend_pid()),
	(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1
		AND pid <> pg_backend_pid()),
	(SELECT coalesce(string_agg(i.inhrelid::regclass::text, ' '), '') FROM pg_inherits i
		WHERE i.inhparent = 'ledger_transactions'::regclass),
	CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn()::text END`

// Inspect implements store.Inspector.
func (s *Store) Inspect(ctx context.Context, number int) (status store.Status, err error) {
	sh := s.shards[number]
	var host, database, months string
	var port int
	var at *string
	err = sh.read(ctx, func(c *reader) error {
		rows, err := c.from.Query(ctx, selectStatus, pgx.QueryExecModeExec, applicationName)
		if err != nil {
			return err
		}
		_, err = pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (struct{}, error) {
			return struct{}{}, row.Scan(&host, &port, &database, &status.SizeBytes, &status.Payments, &status.Epoch,
				&status.Connections.InUse, &status.Connections.Open, &months, &at)
		})
		return err
	})
	if err != nil {
		return status, err
	}
	status.Where = database
	if host != "" { // else through a socket
		status.Where = net.JoinHostPort(host, strconv.Itoa(port)) + "/" + database
	}
	status.Connections.Max = s.cfg.of(number).Pool.MaxSize
	status.Partitions = partitionsOf(strings.Fields(months))
	if at != nil {
		status.Replicas = sh.inspectReplicas(ctx, *at)
	}
	return status, nil
}

// partitionsOf reads the months out of partitions' names.
func partitionsOf(names []string) (p store.Partitions) {
	for _, name := range names {
		i := strings.Index(name, partitioned[0]+"_")
		if i < 0 {
			continue
		}
		t, err := time.Parse("2006_01", name[i+len(partitioned[0])+1:])
		if err != nil {
			continue // the default partition
		}
		m := t.Format("2006-01")
		if p.Count++; p.First == "" || m < p.First {
			p.First = m
		}
		p.Last = max(p.Last, m)
	}
	return p
}

// inspectTimeout is how long a replica may take to answer.
const inspectTimeout = 3 * time.Second

// inspectReplicas asks a shard's replicas how far they are behind a place in the
// primary's log.
func (sh *shard) inspectReplicas(ctx context.Context, at string) []store.ReplicaStatus {
	replicas := sh.store.cfg.Shards[sh.number].Replicas
	list := make([]store.ReplicaStatus, len(replicas))
	var asking sync.WaitGroup
	for i, r := range replicas {
		asking.Go(func() {
			limited, cancel := context.WithTimeout(ctx, inspectTimeout)
			defer cancel()
			list[i] = sh.inspectReplica(limited, r, at)
		})
	}
	asking.Wait()
	return list
}

// inspectReplica asks one, on a connection of its own: what it has not replayed is
// as old as its last Tx at most.
func (sh *shard) inspectReplica(ctx context.Context, r Replica, at string) (status store.ReplicaStatus) {
	status.Server, status.Weight = r.server(), r.Weight
	status.Err = func() error {
		cfg, err := r.config(sh.store.cfg.Shards[sh.number])
		if err != nil {
			return err
		}
		c, err := pgx.ConnectConfig(ctx, cfg)
		if err != nil {
			return errorOf(err)
		}
		defer func() { _ = c.Close(context.WithoutCancel(ctx)) }() // it was only read
		seen, err := one(ctx, &reader{c}, (*row).view, selectView)
		if err == nil {
			err = seen.judge(sh.generation())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", status.Server, err)
		}
		var seconds float64
		err = c.QueryRow(ctx, `SELECT
			greatest(pg_wal_lsn_diff($1::text::pg_lsn, pg_last_wal_replay_lsn()), 0)::bigint,
			coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 0)::float8`, at).
			Scan(&status.LagBytes, &seconds)
		status.Compared = err == nil
		if status.LagBytes > 0 {
			status.Lag = time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
		}
		if longest := sh.store.cfg.MaxLag; err == nil && status.Lag > longest {
			err = fmt.Errorf("%s: %w by more than %s", status.Server, errLags, longest)
		}
		return err
	}()
	status.Read = status.Err == nil
	return status
}

// config leads to the shard's database on the replica, in the ways, with TLS and
// without, that lead to the first of the shard's own servers.
func (r Replica) config(shard Shard) (*pgx.ConnConfig, error) {
	cfg, err := connConfig(shard)
	if err != nil {
		return nil, err
	}
	first, port := cfg.Host, cfg.Port
	var ways []*pgconn.FallbackConfig
	for _, f := range cfg.Fallbacks {
		if f.Host == first && f.Port == port {
			ways = append(ways, &pgconn.FallbackConfig{Host: r.Host, Port: uint16(r.Port), TLSConfig: r.tls(f.TLSConfig)})
		}
	}
	cfg.Host, cfg.Port, cfg.Fallbacks = r.Host, uint16(r.Port), ways
	cfg.TLSConfig, cfg.ValidateConnect = r.tls(cfg.TLSConfig), nil
	cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	return cfg, nil
}

// tls returns a server's settings as the replica's.
func (r Replica) tls(of *tls.Config) *tls.Config {
	if of == nil {
		return nil
	}
	own := of.Clone()
	if own.ServerName != "" {
		own.ServerName = r.Host
	}
	return own
}
