package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"florin/access"
	"florin/bench"
	"florin/internal/config"
)

// benchCmd measures.
type benchCmd struct {
	Mode      []string      `help:"What to measure; see below (default single, batch, hot, echo, raw)." placeholder:"MODE"`
	Clients   int           `help:"Connections (default 64, or 256 where better; for batches 8)." placeholder:"N"`
	Duration  time.Duration `help:"How long each mode is measured (default 16s)." placeholder:"TIME"`
	Users     int           `help:"How many users pay (default 10000)." placeholder:"N"`
	BatchSize int           `help:"Payments in a batch (default 500), or transfers (default 2000)." placeholder:"N"`
	Fill      int64         `help:"Put this many payments in first." placeholder:"N"`
	Rate      float64       `help:"Payments (...) a second of an open loop (default: as fast as it goes)." placeholder:"R"`
	Processes int           `help:"Servers to start, with --config only (default 1)." placeholder:"N"`
	Config    string        `help:"Configuration file of the server." placeholder:"FILE" type:"existingfile"`
	Data      string        `help:"Keep the store here (default: temporary; PostgreSQL: see below)." placeholder:"DIR"`
	URL       string        `name:"url" help:"Measure a server that runs; FLORIN_API_KEY is its key." placeholder:"URL"`
	Journal   string        `help:"Write a JSON line for each acknowledged payment." placeholder:"FILE"`
	Replay    string        `help:"Send the payments of a CSV file, .gz or not." placeholder:"FILE" type:"existingfile"`
	Limit     int64         `help:"Rows of the replay to read (default all)." placeholder:"N"`
	Restart   bool          `help:"Start the server again when it dies, and repeat what it did not answer."`
	NetHTTP   bool          `name:"net-http" help:"Send with net/http's client, which takes more of the cores."`
	Profile   string        `help:"Profile the server: cpu, mem, or a file for the CPU's." placeholder:"FILE"`
	JSON      bool          `name:"json" help:"Print JSON."`

	// What the children of bench are told.
	ServeEcho  bool   `hidden:""`
	RawInserts string `hidden:"" placeholder:"DIR"`

	RawTransfers string `hidden:"" placeholder:"DIR"`
}

// Help implements kong.HelpProvider.
func (benchCmd) Help() string {
	return `Measures payments that are complete and durable, over HTTP, against a server that it starts and whose pid it
prints; every answer is checked. Beside them it measures two ceilings: a bare JSON server (echo) for single requests,
and raw inserts of the same rows (raw) for batches. What is compared is measured in turns, in one run of under 3
minutes; only the ratios mean something on another machine.

With --config on PostgreSQL the payments go into the databases of the file, which keep them (never those of a live
store); --data is the directory that these are served with (default: the file's, else ./florin-data), and --processes
starts several servers on them. The raw inserts go into a schema of their own there, florin_bench_raw, and so does
pgbench (florin_bench_tpcb: TPC-B-like, 16 clients, prepared), where it is installed at the server's version; both are
dropped afterwards.

Transfers are modes of their own: transfers (one a request), transfers-batch (within a shard, and of any two users) and
their ceiling raw-transfers; the wallets are funded first. So are wallet (adjustments up and down) and mixed (70 %
payments, 10 % captures of manual payments, 10 % refunds, 10 % transfers), one a request; of these, --journal has the
payments.

Example:
  florin bench
  florin bench --mode batch,raw --duration 30s
  florin bench --mode single --clients 64 --rate 2000
  florin bench --config florin.yaml --mode single,pgbench,batch,raw --processes 4
  florin bench --mode transfers-batch,raw-transfers --batch-size 10000
  florin bench --mode wallet,mixed --clients 32 --duration 10s
  florin bench --mode transfers --restart --data ./store
  florin bench --mode single --restart --journal acknowledged.jsonl --data ./store`
}

// Run implements the command.
func (b benchCmd) Run(ctx context.Context, c *console) error {
	switch {
	case b.ServeEcho:
		tuneCollector() // as serve does
		return bench.ServeEcho(os.Stdin, c.out)
	case b.RawInserts != "":
		return b.rawInserts(ctx, c)
	case b.RawTransfers != "":
		return rawTransfers(ctx, c, b.RawTransfers, b.Users, b.Duration)
	}
	cfg, err := b.config(c)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	after, err := b.onPostgres(ctx, c, &cfg)
	if err != nil {
		return err
	}
	report, err := bench.Run(ctx, cfg)
	if err = errors.Join(err, after()); err != nil {
		return err
	}
	if b.JSON {
		report.WriteCounts(c.err)
		return c.json(report.Figures())
	}
	report.Write(c.out)
	return nil
}

// config turns the flags into what bench takes.
func (b benchCmd) config(c *console) (bench.Config, error) {
	program, err := os.Executable()
	if err != nil {
		return bench.Config{}, err
	}
	if err := b.checkConfig(); err != nil {
		return bench.Config{}, err
	}
	if strings.HasPrefix(b.URL, "https:") {
		return bench.Config{}, errors.New("--url: bench speaks plain HTTP only, the cost of TLS would be its own")
	}
	key := os.Getenv(keyVariable)
	if key == "" && b.URL == "" {
		key = newSecret(access.Test)
	}
	cfg := bench.Config{
		Clients: b.Clients, Duration: b.Duration, Users: b.Users, BatchSize: b.BatchSize, Fill: b.Fill, Rate: b.Rate,
		Replay: b.Replay, Limit: b.Limit, URL: hostPort(b.URL), APIKey: key, Data: b.Data,
		Shared: b.Config != "", Processes: b.Processes, Restart: b.Restart, NetHTTP: b.NetHTTP, Journal: b.Journal,
		Log: c.err, Terminal: c.errTerminal,
		Serve: func(data, listen, group string, process int) *exec.Cmd {
			return b.serve(program, key, data, listen, group, process)
		},
		Echo: func() *exec.Cmd { return exec.Command(program, "bench", "--serve-echo") },
	}
	for _, m := range b.Mode {
		cfg.Modes = append(cfg.Modes, bench.Mode(m))
	}
	if b.Config == "" && b.URL == "" {
		cfg.Raw = func(dir string, duration time.Duration) *exec.Cmd {
			return exec.Command(program, "bench", "--raw-inserts", dir, "--duration", duration.String())
		}
		cfg.RawTransfers = func(dir string, duration time.Duration) *exec.Cmd {
			return exec.Command(program, "bench", "--raw-transfers", dir, "--duration", duration.String(),
				"--users", strconv.Itoa(b.Users))
		}
	}
	return cfg, nil
}

// checkConfig refuses a configuration that bench must not or cannot measure.
func (b benchCmd) checkConfig() error {
	if b.Config == "" {
		return nil
	}
	cfg, err := config.Load(b.Config, map[string]string{"data": b.Data})
	switch {
	case err != nil:
		return err
	case cfg.Mode != access.Test:
		return errors.New("the configuration is of a live store: bench makes payments up, and needs a test store")
	case cfg.Store == "sqlite" && b.Processes > 1:
		return errors.New("--processes: the embedded store belongs to one process at a time, " +
			"and the configuration names it")
	}
	return nil
}

// serve returns the command of a server.
func (b benchCmd) serve(program, key, data, listen, group string, process int) *exec.Cmd {
	args := []string{"serve", "--data", data, "--listen", listen}
	if b.Config != "" {
		args = append(args, "--config", b.Config)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), keyVariable+"="+key)
	switch b.Profile {
	case "":
	case "mem":
		cmd.Env = append(cmd.Env, memProfileVariable+"="+profileName("florin-mem.pprof", group, process))
	case "cpu":
		cmd.Env = append(cmd.Env, cpuProfileVariable+"="+profileName("florin-cpu.pprof", group, process))
	default:
		cmd.Env = append(cmd.Env, cpuProfileVariable+"="+profileName(b.Profile, group, process))
	}
	return cmd
}

// profileName tells the servers of a run apart: cpu.pprof becomes
// cpu-batch.pprof, and cpu-batch-1.pprof of the second process.
func profileName(file, group string, process int) string {
	extension := filepath.Ext(file)
	name := strings.TrimSuffix(file, extension) + "-" + group
	if process > 0 {
		name += "-" + strconv.Itoa(process)
	}
	return name + extension
}

// hostPort returns what a load dials: the host and port of a URL.
func hostPort(url string) string {
	url = strings.TrimRight(strings.TrimPrefix(url, "http://"), "/")
	if url != "" && !strings.Contains(url, ":") {
		url += ":80"
	}
	return url
}

// rawInserts prints how many payments' rows a second the engine takes.
func (b benchCmd) rawInserts(ctx context.Context, c *console) error {
	const groupSize = 256
	tuneCollector() // as serve does
	rate, err := b.rawRate(ctx, groupSize)
	if err == nil {
		fmt.Fprintln(c.out, rate)
	}
	return err
}
