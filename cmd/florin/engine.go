package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"florin/internal/config"
	"florin/store"
	"florin/store/sqlite"
)

// engine is an open store, whatever keeps it.
type engine interface {
	store.Store
	// Connections returns how many connections are in use now.
	Connections() int
}

// use is what a process wants of a store.
type use int

const (
	serving use = iota // the server's own
	writing            // now and then, beside a server
	reading
)

// schema is the version of one shard's schema.
type schema struct {
	shard           int
	version, latest int64 // 0: there is none yet
}

// openStore opens the configured store.
func openStore(ctx context.Context, cfg config.Config, log *slog.Logger, purpose use) (engine, error) {
	for _, warning := range cfg.Warnings {
		log.WarnContext(ctx, warning)
	}
	if cfg.Store == config.Postgres {
		return openPostgres(ctx, cfg, log, purpose)
	}
	if purpose == serving {
		if err := checkFree(ctx, cfg); err != nil {
			return nil, err
		}
	}
	s, err := sqlite.Open(ctx, embedded(cfg, purpose))
	if err != nil {
		return nil, err
	}
	return s, nil
}

// embedded returns how the embedded store is opened.
func embedded(cfg config.Config, purpose use) sqlite.Config {
	how := map[use]sqlite.Access{serving: sqlite.ReadWrite, writing: sqlite.Shared, reading: sqlite.ReadOnly}
	return sqlite.Config{Dir: cfg.Data, Shards: cfg.Shards.Count, Mode: cfg.Mode, Access: how[purpose]}
}

// migrateStore brings the configured store's schema to the latest version, making
// it when there is none, and tells what each shard's was before.
func migrateStore(ctx context.Context, cfg config.Config) ([]schema, error) {
	if cfg.Store == config.Postgres {
		return migratePostgres(ctx, cfg)
	}
	return schemas(sqlite.Migrate(ctx, embedded(cfg, serving)))
}

// storeSchemas tells the schema of each shard and changes nothing.
func storeSchemas(ctx context.Context, cfg config.Config) ([]schema, error) {
	if cfg.Store == config.Postgres {
		return postgresSchemas(ctx, cfg)
	}
	return schemas(sqlite.Schemas(ctx, embedded(cfg, reading)))
}

func schemas(list []sqlite.Schema, err error) ([]schema, error) {
	all := make([]schema, len(list))
	for i, s := range list {
		all[i] = schema{s.Shard, s.Version, s.Latest}
	}
	return all, err
}

// makeData makes the directory of what is no database, and tells whether there was
// none.
func makeData(cfg config.Config) (made bool, err error) {
	_, err = os.Stat(cfg.Data)
	made = errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return false, fmt.Errorf("the data directory cannot be made: %w", err)
	}
	return made, nil
}
