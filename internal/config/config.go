// Package config reads the one YAML file that says how Florin runs. What a file
// leaves out has a default; what a file says that is not known, or not possible,
// is an error that names its line.
package config

import (
	"time"

	"florin/access"
)

// Config is the file's contents. Every block may be left out.
type Config struct {
	// Store is the engine: sqlite, or postgres, which is meant too where the file
	// has database_cluster, or a list of shards, and names no store.
	Store string `yaml:"store"`
	// Mode is test (the default) or live. A store keeps the mode it was made in.
	Mode access.Mode `yaml:"mode"`
	// Listen is the address of the HTTP server; 127.0.0.1:8080 by default.
	Listen string `yaml:"listen"`
	// PublicURL is where cardholders' browsers reach this server, for the challenges
	// of simulated gateways; http:// and the address by default.
	PublicURL string `yaml:"public_url"`
	// Data is the directory for what is kept on this machine; ./florin-data by
	// default.
	Data string `yaml:"data"`
	// Shards is the number of shards, or on PostgreSQL the list of them.
	Shards Shards `yaml:"shards"`
	// Cluster is for PostgreSQL.
	Cluster Cluster `yaml:"database_cluster"`
	// Gateways are tried in this order; by default one simulated gateway.
	Gateways []Gateway `yaml:"gateways"`
	Fraud    Fraud     `yaml:"fraud"`
	Commit   Commit    `yaml:"commit"`
	Vault    Vault     `yaml:"vault"`
	// Partitions says how long the ledger is kept; on PostgreSQL.
	Partitions Partitions `yaml:"partitions"`
	// RateLimit bounds the requests of each API key; by default nothing does.
	RateLimit RateLimit `yaml:"rate_limit"`

	// Databases is what Shards and Cluster come to on PostgreSQL, one a shard.
	Databases []Database `yaml:"-"`
	// Warnings are what Load has chosen and its caller should know.
	Warnings []string `yaml:"-"`

	source source
}

// Gateway is one connector to a payment service provider.
type Gateway struct {
	// Name is 1 to 64 of a-z, 0-9, '_' and '-', and stays: payments remember it.
	Name string `yaml:"name"`
	// Kind is simulated, for test stores only.
	Kind string `yaml:"kind"`
	// Deadline is the longest that a call may take; 8 s by default.
	Deadline time.Duration `yaml:"deadline"`
	// FailureThreshold is how many calls in a row fail until the circuit breaker
	// opens; 3 by default.
	FailureThreshold int `yaml:"failure_threshold"`
	// OpenFor is how long it stays open; 30 s by default.
	OpenFor time.Duration `yaml:"open_for"`
	// MaxConcurrent is how many calls are out at a time; 100 by default.
	MaxConcurrent int `yaml:"max_concurrent"`
}

// Fraud says when a payment is declined.
type Fraud struct {
	// Threshold is the score above which it is, 0 to 1; 0.8 by default.
	Threshold float64 `yaml:"threshold"`
}

// Commit is the group commit's measure.
type Commit struct {
	// Permits is how many shards commit at a time; 2 by default, all of them on
	// PostgreSQL.
	Permits int `yaml:"permits"`
	// PermitHold is after what time a permit is lent to another shard; 50 ms by
	// default.
	PermitHold time.Duration `yaml:"permit_hold"`
	// Pause is how long a shard gathers before a group while requests come at the
	// same time, up to 50 times as long where groups take long: 0 on the embedded
	// store, 2 ms on PostgreSQL, by default.
	Pause time.Duration `yaml:"pause"`
	// MaxGroup is the most requests that are committed together; 512 by default.
	MaxGroup int `yaml:"max_group"`
	// MaxQueue is the most that wait, a shard, until more are refused with 503;
	// 32768 by default.
	MaxQueue int `yaml:"max_queue"`
}

// Vault says where the vault's key is.
type Vault struct {
	// KeyFile holds the key-encryption key; DATA/vault-key by default.
	KeyFile string `yaml:"key_file"`
}

// Partitions says how long the ledger is kept.
type Partitions struct {
	// KeepMonths is how many whole months stay in the ledger before the present
	// one, 1 to 1200; older ones are closed. 0, the default, keeps all.
	KeepMonths int `yaml:"keep_months"`
}

// RateLimit says how many requests an API key may send.
type RateLimit struct {
	// Requests is how many in a window, 1 to a million; without the block, 0 for
	// no limit.
	Requests int `yaml:"requests"`
	// Window is how long that is, whole seconds from 1s to 1h; 1 s by default.
	Window time.Duration `yaml:"window"`
}

// Path is the file that the configuration was read from; "" for none.
func (c *Config) Path() string { return c.source.path }

// The kinds of stores and gateways.
const (
	SQLite    = "sqlite"
	Postgres  = "postgres"
	Simulated = "simulated"
)

// Default returns what a file that says nothing means.
func Default() Config {
	return Config{
		Store: SQLite, Mode: access.Test, Listen: "127.0.0.1:8080", Data: "./florin-data",
		Fraud:     Fraud{Threshold: 0.8},
		Commit:    Commit{Permits: 2, PermitHold: 50 * time.Millisecond, MaxGroup: 512, MaxQueue: 32_768},
		RateLimit: RateLimit{Window: time.Second},
	}
}
