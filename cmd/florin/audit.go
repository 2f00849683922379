package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"florin/audit"
	"florin/gateway/simulated"
	"florin/internal/clock"
	"florin/internal/config"
	"florin/internal/loop"
)

type auditCmd struct {
	place
	JSON    bool   `name:"json" help:"Print JSON."`
	Journal string `help:"What callers were told, as florin bench --journal writes it." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (auditCmd) Help() string {
	return `It reads the whole store, whether the server runs or not, changes nothing, and names the rows that are wrong;
the exit code is 1 if there are any. The journals of simulated gateways are in the data directory: it must be the one
that the store is served with.

Example:
  florin audit --data /var/lib/florin
  florin audit --config florin.yaml --data /var/lib/florin
  florin audit --journal acknowledged.jsonl --json`
}

// Run implements the command.
func (a auditCmd) Run(ctx context.Context, c *console) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	// What is kept is wanted to the end and holds no pointers: collecting is cheap.
	debug.SetGCPercent(20)
	s, err := openStore(ctx, cfg, c.logger(), reading)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it was only read
	if err := checkOwner(ctx, cfg, s); err != nil {
		return err
	}
	bar := newBar(c, "auditing")
	order := audit.Config{Store: s, Clock: clock.System{}, Each: loop.Each, Progress: bar.set}
	if order.Journals, order.Absent, err = journals(cfg); err != nil {
		return err
	}
	if a.Journal != "" {
		file, err := os.Open(a.Journal)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		order.Acknowledgements = audit.ReadAcknowledgements(a.Journal, file)
	}
	report, err := audit.Run(ctx, order)
	bar.end()
	if err != nil {
		return withPlace(cfg, err)
	}
	if a.JSON {
		err = c.json(report)
	} else {
		printReport(c.out, report)
	}
	if err == nil && !report.OK {
		err = errSaid
	}
	return err
}

// journals returns the journals of simulated gateways, and which of those that are
// configured have none.
func journals(cfg config.Config) (list map[string]audit.Journal, absent []string, err error) {
	dir := gatewayDir(cfg)
	names, err := simulated.Journals(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range cfg.Gateways {
		if g.Kind == config.Simulated && !slices.Contains(names, g.Name) {
			absent = append(absent, g.Name)
		}
	}
	list = map[string]audit.Journal{}
	for _, name := range names {
		list[name] = simulated.Audit(func(visit func(simulated.Entry) error) error {
			return simulated.ReadJournal(dir, name, visit)
		})
	}
	return list, absent, nil
}

// withPlace says of a journal that is absent where it was looked for.
func withPlace(cfg config.Config, err error) error {
	var absent audit.JournalAbsentError
	if !errors.As(err, &absent) {
		return err
	}
	return fmt.Errorf("%w: it was looked for in %s, so that the books cannot be judged; name the directory that the "+
		"store is served with in --data", absent, gatewayDir(cfg))
}

// printReport prints a line an invariant, the rows that break it, and totals.
func printReport(w io.Writer, r audit.Report) {
	for _, i := range r.Invariants {
		number, verdict := "-", "ok"
		if i.Number > 0 {
			number = fmt.Sprint(i.Number)
		}
		if i.Broken > 0 {
			verdict = fmt.Sprintf("BROKEN by %s", digits(i.Broken))
		}
		fmt.Fprintf(w, "%s %-13s %12s checked  %-10s %s\n", number, i.Name, digits(i.Checked), verdict, i.Text)
		for _, row := range i.Rows {
			fmt.Fprintf(w, "    %s %s\n", row.ID, row.What)
		}
		if more := i.Broken - int64(len(i.Rows)); more > 0 {
			fmt.Fprintf(w, "    and %s more\n", digits(more))
		}
	}
	t := r.Totals
	fmt.Fprintf(w, "\n%s payments, %s attempts, %s captures, %s refunds, %s payment methods\n", digits(t.Payments),
		digits(t.Attempts), digits(t.Captures), digits(t.Refunds), digits(t.Methods))
	fmt.Fprintf(w, "%s transfers, %s transactions, %s entries, %s accounts, %s events\n", digits(t.Transfers),
		digits(t.Transactions), digits(t.Entries), digits(t.Accounts), digits(t.Events))
	fmt.Fprintf(w, "%s operations in the gateways' journals, %s acknowledgements\n", digits(t.JournalOperations),
		digits(t.Acknowledgements))
	fmt.Fprintf(w, "open, and no violation: %s attempts, %s captures, %s refunds, %s reversals, %s transfers\n",
		digits(r.Open.Attempts), digits(r.Open.Captures), digits(r.Open.Refunds), digits(r.Open.Reversals),
		digits(r.Open.Transfers))
	verdict := "the books are right"
	if !r.OK {
		verdict = "THE BOOKS ARE WRONG"
	}
	fmt.Fprintf(w, "%s (%s)\n", verdict, r.Took.Round(10*time.Millisecond))
}

// digits writes a count with a comma between the thousands.
func digits(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
