package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"

	"florin/internal/config"
	"florin/store/postgres"
)

// besideConnections is the most that a command beside a server takes of a shard.
const besideConnections = 4

// openPostgres opens the store in the configured databases.
func openPostgres(ctx context.Context, cfg config.Config, log *slog.Logger, purpose use) (engine, error) {
	how := postgresConfig(cfg, purpose)
	how.Log = log
	s, err := postgres.Open(ctx, how)
	if err != nil {
		return nil, explained(cfg, err)
	}
	return s, nil
}

// postgresConfig returns how the configured databases are opened.
func postgresConfig(cfg config.Config, purpose use) postgres.Config {
	how := map[use]postgres.Access{serving: postgres.ReadWrite, writing: postgres.Shared, reading: postgres.ReadOnly}
	c := postgres.Config{Mode: cfg.Mode, Access: how[purpose], MaxLag: cfg.Cluster.MaxLag}
	for _, d := range cfg.Databases {
		shard := postgres.Shard{
			DSN: withPassword(d.DSN, string(d.Password)), Unprepared: !d.PreparedStatements,
			Pool: &postgres.Pool{
				MinSize: d.Pool.MinSize, MaxSize: d.Pool.MaxSize, Timeout: d.Pool.Timeout, CommandTimeout: d.Pool.CommandTimeout,
			},
		}
		if purpose != serving {
			shard.Pool.MinSize, shard.Pool.MaxSize = 0, min(d.Pool.MaxSize, besideConnections)
		}
		for _, r := range d.Replicas {
			shard.Replicas = append(shard.Replicas, postgres.Replica(r))
		}
		c.Shards = append(c.Shards, shard)
	}
	return c
}

// withPassword puts a password into a DSN that has none, for the driver alone.
func withPassword(dsn, password string) string {
	if password == "" {
		return dsn
	}
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn + " password='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password) + "'"
	}
	before, query, _ := strings.Cut(dsn, "?")
	if query != "" {
		query += "&"
	}
	return before + "?" + query + "password=" + strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
}

// explained says how to mend a schema that is another version's, and which line of
// the configuration leads to a database that must not be used.
func explained(cfg config.Config, err error) error {
	const command = "florin migrate up"
	var one *postgres.ShardError
	switch {
	case errors.Is(err, postgres.ErrSchema):
		return oldSchema{err, strings.ReplaceAll(err.Error(), "`"+command+"`", command+" --config "+quoted(cfg.Path()))}
	case errors.As(err, &one):
		return located(cfg, one.Shard, one.Err)
	}
	return err
}

// located says which line of the configuration leads to a shard.
func located(cfg config.Config, shard int, err error) error {
	if shard >= len(cfg.Databases) {
		return err
	}
	return cfg.AtDatabase(shard, err)
}

// oldSchema is an error with a text of its own.
type oldSchema struct {
	error
	text string
}

// Error implements error.
func (o oldSchema) Error() string { return o.text }

// Unwrap returns the error.
func (o oldSchema) Unwrap() error { return o.error }

func migratePostgres(ctx context.Context, cfg config.Config) ([]schema, error) {
	list, err := postgres.Migrate(ctx, postgresConfig(cfg, writing))
	return schemasOf(list, explained(cfg, err))
}

func postgresSchemas(ctx context.Context, cfg config.Config) ([]schema, error) {
	list, err := postgres.Schemas(ctx, postgresConfig(cfg, reading))
	return schemasOf(list, explained(cfg, err))
}

func schemasOf(list []postgres.Schema, err error) ([]schema, error) {
	all := make([]schema, len(list))
	for i, s := range list {
		all[i] = schema{s.Shard, s.Version, s.Latest}
	}
	return all, err
}
