package main

import (
	"context"
	"fmt"

	"florin/internal/config"
)

// place says which store a command works on.
type place struct {
	Config string `help:"Configuration file." placeholder:"FILE" type:"existingfile"`
	Data   string `help:"Directory of the data (default ./florin-data)." placeholder:"DIR"`
}

// load reads the configuration, the flags over it.
func (p place) load() (config.Config, error) {
	return config.Load(p.Config, map[string]string{"data": p.Data})
}

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Make the schema the latest, the store too when there is none."`
	Status migrateStatusCmd `cmd:"" help:"Tell each shard's schema version."`
}

type migrateUpCmd struct {
	place
	JSON bool `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (migrateUpCmd) Help() string {
	return `On PostgreSQL it makes Florin's tables in the databases that the configuration names, which are there already.
Servers of an earlier version that run keep the connections that they have and get no new ones: they answer 503 more and
more, until they are started anew as this version. Stop them before, or start them anew right afterwards. The embedded
store's server must not be running; it migrates by itself when it starts.

Example:
  florin migrate up --config florin.yaml
  florin migrate up --data /var/lib/florin`
}

// Run implements the command.
func (m migrateUpCmd) Run(ctx context.Context, c *console) error {
	cfg, err := m.load()
	if err != nil {
		return err
	}
	before, err := migrateStore(ctx, cfg)
	if err != nil {
		return err
	}
	rows := make([]schemaRow, len(before))
	for i, s := range before {
		rows[i] = schemaRow{Shard: s.shard, Before: s.version, Version: s.latest, Latest: s.latest}
	}
	return printSchemas(c, m.JSON, rows)
}

type migrateStatusCmd struct {
	place
	JSON bool `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (migrateStatusCmd) Help() string {
	return "Example:\n  florin migrate status --config florin.yaml\n  florin migrate status --data /var/lib/florin --json"
}

// Run implements the command.
func (m migrateStatusCmd) Run(ctx context.Context, c *console) error {
	cfg, err := m.load()
	if err != nil {
		return err
	}
	schemas, err := storeSchemas(ctx, cfg)
	if err != nil {
		return err
	}
	rows := make([]schemaRow, len(schemas))
	for i, s := range schemas {
		rows[i] = schemaRow{Shard: s.shard, Before: s.version, Version: s.version, Latest: s.latest}
	}
	return printSchemas(c, m.JSON, rows)
}

// schemaRow is one shard's schema as the commands print it.
type schemaRow struct {
	Shard   int   `json:"shard"`
	Before  int64 `json:"before"` // 0: there was none
	Version int64 `json:"version"`
	Latest  int64 `json:"latest"`
}

func printSchemas(c *console, asJSON bool, rows []schemaRow) error {
	if asJSON {
		return c.json(rows)
	}
	for _, r := range rows {
		state := "the latest"
		switch {
		case r.Version == 0:
			state = "not made yet"
		case r.Version < r.Latest:
			state = fmt.Sprintf("behind the latest, %d: run florin migrate up", r.Latest)
		case r.Version > r.Latest:
			state = fmt.Sprintf("newer than this program's, %d", r.Latest)
		case r.Before == 0:
			state = "the latest, made now"
		case r.Before != r.Version:
			state = fmt.Sprintf("the latest, was %d", r.Before)
		}
		fmt.Fprintf(c.out, "shard %d: version %d, %s\n", r.Shard, r.Version, state)
	}
	return nil
}
