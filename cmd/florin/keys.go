package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"

	"florin/access"
	"florin/commit"
	"florin/flow"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/config"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make an API key and print its secret, once."`
	List   keysListCmd   `cmd:"" help:"List the API keys, without their secrets."`
	Revoke keysRevokeCmd `cmd:"" help:"Make an API key useless, for ever."`
}

type keysCreateCmd struct {
	place
	Name   string   `required:"" help:"What the key is for." placeholder:"NAME"`
	Scopes []string `name:"scope" aliases:"scopes" help:"What it may do: ${scopes} (default admin)." placeholder:"SCOPE"`
	JSON   bool     `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (keysCreateCmd) Help() string {
	return "It works while the server runs, which knows the key within 10 s.\n\n" +
		"Example:\n  florin keys create --name shop --scope payments,refunds"
}

// scopeNames lists the scopes that a key can have.
func scopeNames() string {
	var names []string
	for _, scope := range access.Scopes() {
		names = append(names, string(scope))
	}
	return strings.Join(names, ", ")
}

// keyRow is an API key as the commands print it.
type keyRow struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Secret    string   `json:"secret,omitempty"`
	Hint      string   `json:"hint"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"created_at"`
	RevokedAt string   `json:"revoked_at,omitempty"`
}

// timeForm is RFC 3339 with milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z07:00"

func rowOf(k access.APIKey) keyRow {
	row := keyRow{
		ID: k.ID.Text(ident.APIKey), Name: k.Name, Hint: k.Hint, Scopes: k.Scopes,
		CreatedAt: k.ID.Time().Format(timeForm),
	}
	if !k.RevokedAt.IsZero() {
		row.RevokedAt = k.RevokedAt.UTC().Format(timeForm)
	}
	return row
}

// Run implements the command.
func (k keysCreateCmd) Run(ctx context.Context, c *console) error {
	return k.withFlow(ctx, c, func(f *flow.Service, cfg config.Config) error {
		secret := newSecret(cfg.Mode)
		key, err := f.CreateAPIKey(ctx, flow.CreateAPIKey{Name: k.Name, Secret: secret, Scopes: k.Scopes})
		if err != nil {
			return err
		}
		row := rowOf(key)
		row.Secret = secret
		if k.JSON {
			return c.json(row)
		}
		fmt.Fprintf(c.out, "%s\n", secret)
		fmt.Fprintf(c.err, "This is the secret of %s, %q. It is shown this once.\n", row.ID, key.Name)
		return nil
	})
}

type keysListCmd struct {
	place
	JSON bool `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (keysListCmd) Help() string {
	return "Example:\n  florin keys list --json\n  florin keys list --config florin.yaml"
}

// Run implements the command.
func (k keysListCmd) Run(ctx context.Context, c *console) error {
	cfg, err := k.load()
	if err != nil {
		return err
	}
	s, err := openStore(ctx, cfg, c.logger(), reading)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it was only read
	keys, err := s.APIKeys(ctx)
	if err != nil {
		return err
	}
	rows := make([]keyRow, len(keys))
	for i, key := range keys {
		rows[i] = rowOf(key)
	}
	if k.JSON {
		return c.json(rows)
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tSECRET\tSCOPES\tCREATED\tREVOKED")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s...%s\t%s\t%s\t%s\n", r.ID, r.Name, cfg.Mode.Prefix(), r.Hint,
			strings.Join(r.Scopes, ","), r.CreatedAt, cmp.Or(r.RevokedAt, "no"))
	}
	return table.Flush()
}

type keysRevokeCmd struct {
	place
	ID   string `arg:"" name:"key" help:"The key's id, as keys list shows it."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (keysRevokeCmd) Help() string {
	return "A server that runs refuses the key within 10 s. Revoking it again changes nothing.\n\n" +
		"Example:\n  florin keys revoke key_0192f3a4b5c67d008123456789ab0000"
}

// Run implements the command.
func (k keysRevokeCmd) Run(ctx context.Context, c *console) error {
	id, err := ident.Parse(ident.APIKey, k.ID)
	if err != nil {
		return fmt.Errorf("%q is no API key's id; florin keys list shows them", k.ID)
	}
	return k.withFlow(ctx, c, func(f *flow.Service, _ config.Config) error {
		key, err := f.RevokeAPIKey(ctx, id)
		if err != nil {
			return err
		}
		if k.JSON {
			return c.json(rowOf(key))
		}
		fmt.Fprintf(c.out, "%s, %q, is revoked.\n", k.ID, key.Name)
		return nil
	})
}

// withFlow runs f with flows that can write to the store beside a server.
func (p place) withFlow(
	ctx context.Context, c *console, f func(*flow.Service, config.Config) error,
) (err error) {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := openStore(ctx, cfg, log, writing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ids := ident.NewSource(0, clock.System{}.Now, newChance())
	if err := advance(ctx, ids, s, clock.System{}); err != nil {
		return err
	}
	set := commit.NewSet(commit.Config{Store: s, Clock: clock.System{}, IDs: ids, Log: log})
	defer runCommitters(set, log).drain()
	return f(flow.New(flow.Config{
		Store: s, Commit: set, Clock: clock.System{}, IDs: ids, Mode: cfg.Mode, Log: log,
	}), cfg)
}
