package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/internal/config"
	"florin/internal/loop"
	"florin/move"
	"florin/store/postgres"
	"florin/store/sqlite"
)

type copyCmd struct {
	Data    string `help:"Directory of the embedded store (default ./florin-data)." placeholder:"DIR"`
	Config  string `required:"" help:"Configuration of the PostgreSQL store." placeholder:"FILE" type:"existingfile"`
	Verify  bool   `help:"Also read every object of the copy by its id, as the API does."`
	Rows    int    `hidden:"" help:"Rows of a Tx."`
	Abandon bool   `help:"Give an unfinished copy up: the embedded store is served again."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (copyCmd) Help() string {
	return `It moves an embedded store to PostgreSQL: ids, versions, history and the order of events stay, the number of
shards may be another. The databases are empty and migrated (florin migrate up), and of the same mode; no server runs.
Killed at any time, it goes on where it was when it is run again.

While it is unfinished neither store is served. It audits both, compares every row, and only then hands over: from then
on serve takes --config, with the same --data, which keeps the vault's key, the API key and the journals of simulated
gateways. The embedded store can still be read (audit), and is never served again: two stores that both take payments
would be worse than any loss of time. An unfinished copy may be given up with --abandon; its databases cannot be used
any more, make new ones.

Example:
  florin migrate up --config florin.yaml
  florin copy --data ./florin-data --config florin.yaml
  florin serve --config florin.yaml --data ./florin-data`
}

// Run implements the command.
func (m copyCmd) Run(ctx context.Context, c *console) error {
	cfg, err := place{Config: m.Config, Data: m.Data}.load()
	if err != nil {
		return err
	}
	if cfg.Store != config.Postgres {
		return fmt.Errorf("%s: store: a copy goes to databases, with store: postgres", cfg.Path())
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(50)
	from, err := sqlite.OpenToMove(ctx, sqlite.Config{Dir: cfg.Data, Mode: cfg.Mode})
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // what is to last was synced
	if m.Abandon {
		return abandon(ctx, c, from, cfg)
	}
	for _, warning := range cfg.Warnings {
		c.logger().WarnContext(ctx, warning)
	}
	into, err := postgres.OpenToFill(ctx, toFill(cfg))
	if err != nil {
		return explained(cfg, err)
	}
	defer func() { _ = into.Close() }() // what was not committed goes
	shown := &bars{console: c}
	order, err := m.order(cfg, from, into, shown)
	if err != nil {
		return err
	}
	report, err := move.Run(ctx, order)
	shown.end()
	if err != nil {
		return untilNow(report, withPlace(cfg, err))
	}
	if m.JSON {
		err = c.json(report)
	} else {
		printMove(c.out, report, cfg)
	}
	if err == nil && !report.OK {
		err = errSaid
	}
	return err
}

// toFill returns how the databases are opened to be filled: the primaries alone.
func toFill(cfg config.Config) postgres.Config {
	into := postgresConfig(cfg, writing)
	for i := range into.Shards {
		into.Shards[i].Replicas = nil
	}
	return into
}

// order is what the move is made of.
func (m copyCmd) order(
	cfg config.Config, from *sqlite.Store, into *postgres.Filling, shown *bars,
) (order move.Config, err error) {
	system := clock.System{}
	order = move.Config{
		Source: from, Target: into, Clock: system, Each: loop.Each, Verify: m.Verify, Rows: m.Rows,
		NewID:    func() ident.ID { return ident.NewSource(0, system.Now, newChance()).New(0) },
		Progress: shown.set,
	}
	order.Journals, order.Absent, err = journals(cfg)
	return order, err
}

// bars are progress bars, one after the other.
type bars struct {
	console *console
	mu      sync.Mutex
	now     *bar
}

func (b *bars) set(what string, done float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now == nil || b.now.what != what {
		if b.now != nil {
			b.now.end()
		}
		b.now = newBar(b.console, what)
	}
	b.now.set(done)
}

func (b *bars) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.now != nil {
		b.now.end()
	}
}

// untilNow says what an error leaves.
func untilNow(r move.Report, err error) error {
	if r.Copy == "" {
		return fmt.Errorf("%w; nothing was copied", err)
	}
	return fmt.Errorf("%w; what was copied stays, and the same command goes on from there", err)
}

func abandon(ctx context.Context, c *console, from *sqlite.Store, cfg config.Config) error {
	err := move.Abandon(ctx, from)
	if err != nil && !errors.Is(err, move.ErrNotMoving) {
		return err
	}
	fmt.Fprintf(c.out, "the store in %s is served as before\n", cfg.Data)
	if err == nil {
		fmt.Fprintf(c.out, "the databases of %s stay marked: make new ones for another copy\n", quoted(cfg.Path()))
	}
	return nil
}

// printMove prints what became of a copy.
func printMove(w io.Writer, r move.Report, cfg config.Config) {
	if r.Before {
		fmt.Fprintf(w, "the store in %s was moved before; it is served with --config %s\n", cfg.Data, quoted(cfg.Path()))
		return
	}
	fmt.Fprintln(w, "the embedded store:")
	printReport(w, *r.SourceAudit)
	if r.TargetAudit == nil {
		fmt.Fprintln(w, "\nNOTHING WAS COPIED: the embedded store's books are wrong")
		return
	}
	fmt.Fprintln(w, "\nthe copy:")
	printReport(w, *r.TargetAudit)
	fmt.Fprintln(w)
	for _, p := range r.Parts {
		verdict := "the same"
		if p.Different > 0 {
			verdict = fmt.Sprintf("%s DIFFERENT", digits(p.Different))
		}
		if p.Found > 0 {
			verdict += fmt.Sprintf(", %s read by id", digits(p.Found))
		}
		fmt.Fprintf(w, "%-20s %12s rows  %s\n", p.Part, digits(p.Rows), verdict)
		for _, row := range p.Named {
			fmt.Fprintf(w, "    %s\n", row)
		}
	}
	if !r.OK {
		fmt.Fprintln(w, "\nTHE COPY IS WRONG: nothing was handed over; --abandon lets the embedded store be served again")
		return
	}
	fmt.Fprintf(w, "\nmoved from %s to %d in %s; serve it with --config %s --data %s\n",
		counted(r.ShardsFrom, "shard"), r.ShardsTo, r.Took.Round(10*time.Millisecond), quoted(cfg.Path()), quoted(cfg.Data))
}
