package main

import (
	"context"
	"errors"
	"log/slog"

	"florin/internal/config"
)

func openPostgres(context.Context, config.Config, *slog.Logger, use) (engine, error) {
	return nil, errors.New("not yet")
}

func migratePostgres(context.Context, config.Config) ([]schema, error) { return nil, nil }
func postgresSchemas(context.Context, config.Config) ([]schema, error) { return nil, nil }
