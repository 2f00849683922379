package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"time"
)

// A Mode is one kind of load, or a ceiling.
type Mode string

// The modes.
const (
	Single Mode = "single" // one payment a request, users drawn evenly
	Batch  Mode = "batch"  // many payments a request
	Hot    Mode = "hot"    // one payment a request, always the same user and card
	Echo   Mode = "echo"   // ceiling: single requests to a bare server
	Raw    Mode = "raw"    // ceiling: batched inserts of the same rows

	// PGBench is what PostgreSQL's own bench reaches on the same server.
	PGBench Mode = "pgbench"
)

// Modes lists every mode.
func Modes() []Mode { return []Mode{Single, Batch, Hot, Echo, Raw} }

// Config says what to measure, and how the children are started.
type Config struct {
	// Modes are what is measured; by default all, or what of them fits the rest.
	Modes []Mode
	// Clients is how many connections single, hot and echo have, by default the
	// better of 64 and 256; transfers, wallet and mixed, by default 64; and the
	// batches, where nothing else is measured, by default 8.
	Clients int
	// Duration is how long each mode is measured, over its slices; 16 s by
	// default.
	Duration time.Duration
	// Users is how many users pay; 10,000 by default.
	Users int
	// BatchSize is how many payments a batch has, 500 by default, or transfers,
	// 2000 by default.
	BatchSize int
	// Fill is how many payments are put in first.
	Fill int64
	// Rate is the payments (or what else the mode makes) a second of an open loop; 0 is a closed loop.
	Rate float64
	// Replay is a file of transactions to send in place of the modes; Limit is
	// how many rows of it, 0 for all.
	Replay string
	Limit  int64

	// URL is the host:port of a server that runs already; else one is started.
	URL string
	// APIKey is the key of that server, or of those that are started.
	APIKey string
	// Data is where the server keeps its store, which then stays; else a
	// temporary folder.
	Data string
	// Shared says that the processes share a database, which stays too.
	Shared bool
	// Processes is how many servers are started; more than 1 only with Shared.
	Processes int
	// Restart starts a server that died again, and repeats what it did not answer.
	Restart bool
	// NetHTTP takes net/http's client in place of the cheap one.
	NetHTTP bool
	// Journal is a file for what was acknowledged; "" for none.
	Journal string

	// Serve returns the command of a server: data and listen are its flags, group
	// and process name it for a profile.
	Serve func(data, listen, group string, process int) *exec.Cmd
	// Echo returns a command that calls ServeEcho.
	Echo func() *exec.Cmd
	// Raw returns a command that prints how many payments' rows a second went into
	// a new store in dir; nil where nothing can.
	Raw func(dir string, duration time.Duration) *exec.Cmd

	// RawTransfers does the same for transfers.
	RawTransfers func(dir string, duration time.Duration) *exec.Cmd

	// PGBench measures PGBench's transactions a second for a while; nil where
	// nothing can.
	PGBench func(ctx context.Context, duration time.Duration) (float64, error)

	// Log is where progress goes; Terminal says that a person looks at it.
	Log      io.Writer
	Terminal bool

	transferBatch int // transfers in a batch
}

// The defaults.
const (
	defaultDuration  = 16 * time.Second
	defaultUsers     = 10_000
	defaultBatchSize = 500
	batchClients     = 8
	fewClients       = 64
	manyClients      = 256
)

func (c *Config) withDefaults() {
	if c.Duration <= 0 {
		c.Duration = defaultDuration
	}
	if c.Users <= 0 {
		c.Users = defaultUsers
	}
	if c.transferBatch = c.BatchSize; c.transferBatch <= 0 {
		c.transferBatch = defaultTransfers
	}
	if c.BatchSize <= 0 {
		c.BatchSize = defaultBatchSize
	}
	if c.Processes <= 0 {
		c.Processes = 1
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	if len(c.Modes) > 0 || c.Replay != "" {
		return
	}
	switch {
	case c.Rate > 0 || c.Restart: // ceilings would say nothing
		c.Modes = []Mode{Single}
	case c.URL != "":
		c.Modes = []Mode{Single, Batch, Hot}
	case c.Raw == nil:
		c.Modes = []Mode{Single, Batch, Hot, Echo}
	default:
		c.Modes = Modes()
		if c.PGBench != nil {
			c.Modes = append(c.Modes, PGBench)
		}
	}
}

func (c *Config) validate() error {
	for _, m := range c.Modes {
		if !slices.Contains(AllModes(), m) {
			return fmt.Errorf("there is no mode %q: the modes are single, batch, hot, echo, raw, pgbench, transfers, "+
				"transfers-batch, raw-transfers, wallet and mixed", m)
		}
	}
	if err := c.checkTransfers(); err != nil {
		return err
	}
	switch {
	case c.Replay != "" && len(c.Modes) > 0:
		return errors.New("a replay is a run of its own: leave --mode out")
	case c.Limit != 0 && c.Replay == "":
		return errors.New("--limit is for --replay")
	case c.Processes > 1 && !c.Shared:
		return errors.New("--processes needs --config with a database that processes can share: " +
			"the embedded store belongs to one process at a time")
	case c.URL != "" && (c.Data != "" || c.Shared || c.Restart || c.Processes > 1):
		return errors.New("--url measures a server that runs already: " +
			"--data, --config, --processes and --restart are for one that bench starts")
	case c.URL != "" && c.APIKey == "":
		return errors.New("--url needs the server's API key in FLORIN_API_KEY")
	case c.Has(Raw) && c.Raw == nil:
		return errors.New("raw inserts can be measured in an embedded store of bench's own, or with --config on PostgreSQL")
	case c.Has(PGBench) && c.PGBench == nil:
		return errors.New("pgbench can be measured with --config on PostgreSQL only, where pgbench is installed")
	case c.Rate < 0 || c.Fill < 0 || c.Limit < 0 || c.Clients < 0 || c.BatchSize > 1000 && c.Has(Batch):
		return errors.New("--rate, --fill, --limit and --clients cannot be negative, and a batch has at most 1000")
	case c.Rate > 0 && (c.Has(Echo) || c.Has(Raw) || c.Has(PGBench) || c.Has(RawTransfers) || c.Replay != ""):
		return errors.New("--rate is for loads: ceilings and a replay have none")
	}
	return nil
}

// Has tells whether a mode is measured.
func (c *Config) Has(m Mode) bool { return slices.Contains(c.Modes, m) }

// keeps tells whether one server and its store serve the whole run.
func (c *Config) keeps() bool {
	return c.URL != "" || c.Data != "" || c.Shared || c.Fill > 0 || c.Restart
}

// slices returns how many slices a mode is cut in, to take turns with another.
func (c *Config) slices() int {
	return int(min(max(c.Duration/(2*time.Second), 1), 8))
}
