package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"florin/store"
)

type shardsCmd struct {
	Status shardsStatusCmd `cmd:"" help:"Tell each shard's size, rows, replicas, connections, partitions and epoch."`
}

type shardsStatusCmd struct {
	place
	JSON bool `name:"json" help:"Print JSON."`
}

// Help implements kong.HelpProvider.
func (shardsStatusCmd) Help() string {
	return `It works while servers run, and prints a line a shard. The count of payments is what the engine knows without
counting; a replica is behind by what it has not replayed of the primary's log, and is read from unless it is away,
lags or follows another primary. The exit code is 1 if a shard does not answer.

Example:
  florin shards status --config florin.yaml
  florin shards status --data /var/lib/florin --json`
}

// shardRow is a shard as the command prints it. What an engine does not have is
// left out.
type shardRow struct {
	Shard       int             `json:"shard"`
	Where       string          `json:"where,omitempty"`
	Error       string          `json:"error,omitempty"`
	SizeBytes   int64           `json:"size_bytes"`
	Payments    int64           `json:"payments_estimated"`
	Epoch       int64           `json:"epoch,omitempty"`
	Connections *connectionsRow `json:"connections,omitempty"`
	Partitions  *partitionsRow  `json:"partitions,omitempty"`
	Replicas    []replicaRow    `json:"replicas,omitempty"`
}

type connectionsRow struct {
	InUse int `json:"in_use"`
	Open  int `json:"open"`
	Max   int `json:"max_per_process"`
}

type partitionsRow struct {
	First string `json:"first"`
	Last  string `json:"last"`
	Count int    `json:"count"`
}

type replicaRow struct {
	Server string `json:"server"`
	Weight int    `json:"weight"`
	// The two below are left out where the replica has not said how far it is.
	LagBytes *int64 `json:"lag_bytes,omitempty"`
	LagMS    *int64 `json:"lag_ms,omitempty"`
	Read     bool   `json:"read"`
	Error    string `json:"error,omitempty"`
}

// inspectTimeout is how long a shard may take to answer.
const inspectTimeout = 10 * time.Second

// Run implements the command.
func (s shardsStatusCmd) Run(ctx context.Context, c *console) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	opened, err := openStore(ctx, cfg, c.logger(), reading)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }() // it was only read
	inspector, ok := opened.(store.Inspector)
	if !ok {
		return fmt.Errorf("a store of kind %s does not tell how its shards are", cfg.Store)
	}
	rows, away := make([]shardRow, opened.Shards()), 0
	for shard := range rows {
		limited, cancel := context.WithTimeout(ctx, inspectTimeout)
		status, err := inspector.Inspect(limited, shard)
		cancel()
		if cfg.Databases != nil {
			status.Connections.Max = cfg.Databases[shard].Pool.MaxSize // a server's, not this command's
		}
		rows[shard] = rowOfShard(shard, status, err)
		if err != nil {
			away++
		}
	}
	if s.JSON {
		err = c.json(rows)
	} else {
		err = printShards(c, rows)
	}
	if err == nil && away > 0 {
		err = fmt.Errorf("%d of %d shards do not answer", away, len(rows))
	}
	return err
}

func rowOfShard(shard int, s store.Status, err error) shardRow {
	row := shardRow{Shard: shard, Where: s.Where, SizeBytes: s.SizeBytes, Payments: s.Payments, Epoch: s.Epoch}
	if err != nil {
		row.Error = sentence(err)
		return row
	}
	if s.Connections != (store.Connections{}) {
		row.Connections = &connectionsRow{s.Connections.InUse, s.Connections.Open, s.Connections.Max}
	}
	if s.Partitions.Count > 0 {
		row.Partitions = &partitionsRow{s.Partitions.First, s.Partitions.Last, s.Partitions.Count}
	}
	for _, r := range s.Replicas {
		replica := replicaRow{Server: r.Server, Weight: r.Weight, Read: r.Read}
		if r.Compared {
			replica.LagBytes, replica.LagMS = new(r.LagBytes), new(r.Lag.Milliseconds())
		}
		if r.Err != nil {
			replica.Error = sentence(r.Err)
		}
		row.Replicas = append(row.Replicas, replica)
	}
	return row
}

func printShards(c *console, rows []shardRow) error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SHARD\tWHERE\tSIZE\tPAYMENTS\tCONNECTIONS\tPARTITIONS\tEPOCH\tREPLICAS")
	for _, r := range rows {
		if r.Error != "" {
			fmt.Fprintf(table, "%d\t%s\tdoes not answer: %s\n", r.Shard, cmp.Or(r.Where, "-"), r.Error)
			continue
		}
		connections, partitions, epoch := "-", "-", "-"
		if p := r.Connections; p != nil {
			connections = fmt.Sprintf("%d in use, %d open, %d a process", p.InUse, p.Open, p.Max)
		}
		if p := r.Partitions; p != nil {
			partitions = fmt.Sprintf("%s to %s, %d", p.First, p.Last, p.Count)
		}
		if r.Epoch > 0 {
			epoch = fmt.Sprint(r.Epoch)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t~%s\t%s\t%s\t%s\t%s\n", r.Shard, r.Where, megabytes(r.SizeBytes),
			digits(r.Payments), connections, partitions, epoch, replicasOf(r.Replicas))
	}
	return table.Flush()
}

// replicasOf says how far each replica is behind.
func replicasOf(replicas []replicaRow) string {
	if len(replicas) == 0 {
		return "-"
	}
	list := make([]string, len(replicas))
	for i, r := range replicas {
		switch {
		case !r.Read:
			list[i] = r.Server + " is not read from: " + r.Error
		case r.LagBytes == nil || *r.LagBytes == 0:
			list[i] = r.Server + " is read from, up to date"
		default:
			list[i] = fmt.Sprintf("%s is read from, %s bytes, %s behind", r.Server, digits(*r.LagBytes),
				(time.Duration(*r.LagMS) * time.Millisecond).String())
		}
	}
	return strings.Join(list, "; ")
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }
