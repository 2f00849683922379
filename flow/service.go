// Package flow holds the use cases, a file each: what happens between a request
// and its answer. A flow reads, has its commands committed and calls gateways,
// in the order of every gateway operation:
//
//	Tx 1: the operation pending, with what it reserves ─▶ the call ─▶ Tx 2: booked or released
//
// From Tx 1 on it no longer listens to its caller: one that hangs up changes
// nothing. What a crash leaves open between the two, worker/inquire settles.
package flow

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"florin/access"
	"florin/commit"
	"florin/fraud"
	"florin/gateway"
	"florin/ident"
	"florin/internal/clock"
	"florin/store"
	"florin/vault"
)

// Committer makes commands durable: commit.Set, or the simulator's.
type Committer interface {
	Do(shard int, urgent bool, command commit.Command) error
	DoAll(urgent bool, items []commit.Item) []error
}

// Gateway is a gateway that says whether it is worth a call.
type Gateway interface {
	gateway.Gateway
	// Available is false while the circuit breaker is open.
	Available() bool
}

// Vault seals cards and keys digests.
type Vault interface {
	Seal(id ident.ID, card vault.Card) ([]byte, error)
	Unseal(id ident.ID, sealed []byte) (vault.Card, error)
	Fingerprint(number string) string
	Digest(parts ...[]byte) [32]byte
}

// Scorer scores fraud. A repeated request may be scored, too: what it learns from, it
// is told when a payment is made.
type Scorer interface {
	Score(fraud.Request) fraud.Score
}

// MethodCache keeps payment methods near. It may forget at any time, but of two
// versions of a method it keeps the later one, in whatever order they come.
type MethodCache interface {
	Get(id ident.ID) (vault.PaymentMethod, bool)
	Put(m vault.PaymentMethod)
}

// Each runs f(0) to f(n-1), at most limit of them at a time, and returns when
// all have ended.
type Each func(n, limit int, f func(i int))

// Config is what a Service is made of.
type Config struct {
	Store    store.Store
	Commit   Committer
	Gateways []Gateway // in the order in which they are tried
	Vault    Vault
	Scorer   Scorer
	Methods  MethodCache
	Clock    clock.Clock
	IDs      *ident.Source
	Each     Each
	Mode     access.Mode
	// ChargeDeadline is how long a call to a gateway may take; 8 s by default.
	ChargeDeadline time.Duration
	// AuthorizedFor is how long an approval waits to be captured until it is
	// voided; 6 days by default.
	AuthorizedFor time.Duration
	// InquireAfter is when an open operation is asked about first; 10 s by
	// default, then doubling.
	InquireAfter time.Duration
	// FraudThreshold is the score above which a payment is declined; 0.8 by
	// default.
	FraudThreshold float64
	// BatchCalls is how many gateway calls of one batch are out at a time; 10 by
	// default.
	BatchCalls int
	// Within runs f and returns when it has ended, true, or after limit, false: f
	// goes on then. By default it waits for f.
	Within func(limit time.Duration, f func()) bool
	// TransferWait is how long a transfer to another shard is waited for; 2 s by
	// default.
	TransferWait time.Duration
	Log          *slog.Logger
	// Alert is told what a human should look at; it may be nil.
	Alert func(what string, err error)
	// Observe is told of every call to a gateway; it may be nil.
	Observe func(gateway string, status gateway.Status, took time.Duration)
}

// Service runs the use cases.
type Service struct {
	cfg      Config
	gateways map[string]Gateway
	pace     atomic.Int64  // of calls to gateways, in nanoseconds
	crossing sync.Map      // the ids of transfers whose requests wait for their end
	driving  []atomic.Bool // the receivers' shards that a worker's transfers wait for
}

// maxInquiryPause is the longest time between two inquiries.
const maxInquiryPause = time.Hour

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.ChargeDeadline <= 0 {
		cfg.ChargeDeadline = 8 * time.Second
	}
	if cfg.InquireAfter <= 0 {
		cfg.InquireAfter = 10 * time.Second
	}
	if cfg.AuthorizedFor <= 0 {
		cfg.AuthorizedFor = 6 * 24 * time.Hour
	}
	if cfg.FraudThreshold <= 0 {
		cfg.FraudThreshold = fraud.Threshold
	}
	if cfg.BatchCalls <= 0 {
		cfg.BatchCalls = 10
	}
	if cfg.Within == nil {
		cfg.Within = inline
	}
	if cfg.TransferWait <= 0 {
		cfg.TransferWait = 2 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Alert == nil {
		cfg.Alert = func(string, error) {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, gateway.Status, time.Duration) {}
	}
	s := &Service{cfg: cfg, gateways: map[string]Gateway{}, driving: make([]atomic.Bool, cfg.Store.Shards())}
	for _, g := range cfg.Gateways {
		s.gateways[g.Name()] = g
	}
	return s
}

func (s *Service) shard(id ident.ID) int         { return id.Shard(s.cfg.Store.Shards()) }
func (s *Service) shardOf(userID int64) int      { return ident.Shard(userID, s.cfg.Store.Shards()) }
func (s *Service) now() time.Time                { return s.cfg.Clock.Now() }
func (s *Service) inquireAt(count int) time.Time { return s.now().Add(s.pause(count)) }

// pause returns how long to wait before the inquiry after count others.
func (s *Service) pause(count int) time.Duration {
	pause := s.cfg.InquireAfter
	for range count {
		if pause *= 2; pause >= maxInquiryPause {
			return maxInquiryPause
		}
	}
	return pause
}

// detached returns a context for work that its caller no longer stops, with a
// deadline of its own.
func (s *Service) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.cfg.ChargeDeadline)
}
