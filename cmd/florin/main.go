// Command florin is the payment service and all its tools in one binary, a file
// a command.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"florin/problem"
)

// commands is what florin can be told to do.
type commands struct {
	Serve   serveCmd   `cmd:"" help:"Take payments: the service itself."`
	Keys    keysCmd    `cmd:"" help:"Create, list and revoke API keys."`
	Audit   auditCmd   `cmd:"" help:"Check that the books are right."`
	Migrate migrateCmd `cmd:"" help:"Bring a store's schema up to date."`
	Copy    copyCmd    `cmd:"" help:"Move an embedded store to PostgreSQL."`
	Shards  shardsCmd  `cmd:"" help:"Tell how the shards are."`
	Bench   benchCmd   `cmd:"" help:"Measure payments per second."`
	Sim     simCmd     `cmd:"" help:"Run the deterministic simulation."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	c := newConsole()
	os.Exit(profiled(c, func() int { return run(context.Background(), os.Args[1:], c) }))
}

// run runs one command line and returns the exit code: 0 only for success, 2
// for a command line that is not understood, else 1.
func run(ctx context.Context, args []string, c *console) (code int) {
	var cli commands
	exited := false
	parser, err := kong.New(&cli,
		kong.Name("florin"),
		kong.Description("A payment service: payments through several gateways, on a double-entry ledger."),
		kong.Writers(c.out, c.err),
		kong.Exit(func(int) { exited = true }), // after --help
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Vars{"scopes": scopeNames()},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
	)
	if err != nil {
		panic("florin: the command line is not well-formed: " + err.Error())
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(usual(args))
	switch {
	case exited:
		return 0
	case err != nil:
		c.fail(fmt.Errorf("%w; see florin %s--help", err, commandOf(parser, args)))
		return 2
	}
	if err := command.Run(); err != nil {
		if !errors.Is(err, errSaid) {
			c.fail(err)
		}
		return 1
	}
	return 0
}

// usual turns what other programs understand into what this one does: --version,
// and help with or without a command.
func usual(args []string) []string {
	switch {
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// errSaid ends a command that has already said why it fails.
var errSaid = errors.New("the command has said it")

// commandOf returns the name of the command that was meant, to point to its help;
// "" when there is none of that name.
func commandOf(parser *kong.Kong, args []string) string {
	for _, command := range parser.Model.Children {
		if command.Name == args[0] {
			return args[0] + " "
		}
	}
	return ""
}

// sentence writes an error for a person.
func sentence(err error) string {
	var p *problem.Problem
	if !errors.As(err, &p) {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	text := p.Detail
	if p.Param != "" {
		text = p.Param + " " + text
	}
	if cause := p.Unwrap(); cause != nil {
		text += ": " + cause.Error()
	}
	return strings.ReplaceAll(text, "\n", "; ")
}
