package api

import (
	"context"
	"log/slog"
	"time"

	"florin/access"
	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/telemetry"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// Config is what an API is made of.
type Config struct {
	Flows Flows
	Keys  Keys
	// Digest hashes a body under a secret key, so that a repeated request is
	// recognised and what is kept tells nothing of a card.
	Digest func(parts ...[]byte) [32]byte
	IDs    *ident.Source // of requests
	Mode   access.Mode
	Shards int // a power of two
	// Feed is what streams of events read from: *flow.Feed.
	Feed Feed
	// Heartbeat is how often a stream without events says that it lives; 15 s by
	// default.
	Heartbeat time.Duration
	// RateLimit bounds the requests of each API key; none by default.
	RateLimit access.Limit
	// Clock is what RateLimit goes by; the machine's by default.
	Clock clock.Clock
	// MaxStreams is the most streams at a time; 1000 by default.
	MaxStreams int
	// Gateways tells of the gateways; nil for none.
	Gateways Gateways
	// Challenges are the simulated gateways'; nil for none.
	Challenges Challenges
	// Health answers /health and /api/v1/shards: a *Checker.
	Health Health
	// Ready returns why this process should get no requests, or nil; nil for
	// always ready. Drain makes it unready besides.
	Ready func() error
	// Written returns, by shard, a place behind all that this process has written;
	// nil when all reads go to where writes do.
	Written func() []store.Place
	// Queue returns how many commands wait on a shard; nil for none.
	Queue func(shard int) int
	// Metrics counts requests and payments and answers /metrics; by default one
	// of the API's own.
	Metrics *telemetry.Metrics
	// Log gets internal errors and slow requests; nil for none.
	Log *slog.Logger
	// SlowAfter is how long a request takes before it is logged; 2 s by default.
	SlowAfter time.Duration
	// Version stands in the OpenAPI document; "dev" by default.
	Version string
}

func (c Config) withDefaults() Config {
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
	if c.Queue == nil {
		c.Queue = func(int) int { return 0 }
	}
	if c.Metrics == nil {
		c.Metrics = telemetry.New(telemetry.Config{})
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.SlowAfter <= 0 {
		c.SlowAfter = 2 * time.Second
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 15 * time.Second
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.MaxStreams <= 0 {
		c.MaxStreams = 1000
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	return c
}

// Keys finds API keys. It is asked once a request, so it answers from memory.
type Keys interface {
	// Find returns the key with that secret, if there is one that is good.
	Find(secret string) (access.APIKey, bool)
}

// Flows are the use cases that the API serves: *flow.Service.
type Flows interface {
	PaymentFlows
	RefundFlows
	DisputeFlows
	MethodFlows
	EventFlows
	TransferFlows
	BatchFlows
	WalletFlows
	LedgerFlows
	ReportFlows
}

// PaymentFlows are the use cases of payments.
type PaymentFlows interface {
	Authorize(ctx context.Context, r flow.Authorize) (flow.Result, error)
	AuthorizeBatch(ctx context.Context, requests []flow.Authorize) []flow.BatchResult
	Confirm(ctx context.Context, r flow.Confirm) (flow.Result, error)
	Cancel(ctx context.Context, r flow.Cancel) (flow.Result, error)
	Capture(ctx context.Context, r flow.Capture) (flow.CaptureResult, error)
	Payment(ctx context.Context, id ident.ID) (payment.Payment, error)
	Payments(ctx context.Context, q store.PaymentQuery) ([]payment.Payment, error)
	Timeline(ctx context.Context, id ident.ID) (payment.Payment, []event.Stored, error)
}

// RefundFlows are the use cases of refunds.
type RefundFlows interface {
	Refund(ctx context.Context, r flow.Refund) (flow.RefundResult, error)
	RefundByID(ctx context.Context, id ident.ID) (payment.Refund, error)
	Refunds(ctx context.Context, q store.RefundQuery) ([]payment.Refund, error)
}

// DisputeFlows are the use cases of disputes.
type DisputeFlows interface {
	DisputeByID(ctx context.Context, id ident.ID) (payment.Dispute, error)
	Disputes(ctx context.Context, q store.DisputeQuery) ([]payment.Dispute, error)
	SubmitEvidence(ctx context.Context, r flow.Evidence) (flow.DisputeResult, error)
}

// MethodFlows are the use cases of payment methods.
type MethodFlows interface {
	StoreMethod(ctx context.Context, r flow.StoreMethod) (m vault.PaymentMethod, replayed bool, err error)
	DeleteMethod(ctx context.Context, id ident.ID) (vault.PaymentMethod, error)
	Method(ctx context.Context, id ident.ID) (vault.PaymentMethod, error)
	Methods(ctx context.Context, userID int64, page store.Page) ([]vault.PaymentMethod, error)
}

// TransferFlows are the use cases of transfers.
type TransferFlows interface {
	Transfer(ctx context.Context, r flow.Transfer) (flow.TransferResult, error)
	TransferBatch(ctx context.Context, requests []flow.Transfer) []flow.TransferResult
	TransferByID(ctx context.Context, id ident.ID) (wallet.Transfer, error)
	Transfers(ctx context.Context, q store.TransferQuery) ([]wallet.Transfer, error)
}

// BatchFlows are the use cases of batches that nobody waits for.
type BatchFlows interface {
	AcceptBatch(ctx context.Context, r flow.AcceptBatch) (b payment.Batch, replayed bool, err error)
	Batch(ctx context.Context, id ident.ID) (payment.Batch, error)
	BatchResults(ctx context.Context, id ident.ID, from, limit int) ([]flow.ItemResult, error)
}

// EventFlows read the feed.
type EventFlows interface {
	Events(ctx context.Context, after []event.Position, limit int) ([]event.Stored, []event.Position, error)
	LatestEvents(ctx context.Context, limit int) ([]event.Stored, []event.Position, error)
}

// Feed reads events as they come.
type Feed interface {
	// Watch says that somebody reads, until leave is called.
	Watch() (leave func())
	// LatestPositions returns where the feed ends now.
	LatestPositions(ctx context.Context) ([]event.Position, error)
	// Read returns up to limit events behind a position a shard. When there are
	// none, changed is closed once there may be.
	Read(ctx context.Context, after []event.Position, limit int) (
		events []event.Stored, changed <-chan struct{}, err error)
}

// Gateways tells of the gateways and changes the settings of simulated ones.
type Gateways interface {
	// Gateways lists them in the order in which they are tried.
	Gateways() []GatewayState
	// Configure calls merge with a pointer to a copy of a gateway's settings (a
	// flat struct with json tags) and, when merge returns nil, puts them in force.
	// It returns merge's error, an invalid_parameter problem naming the field that
	// is out of range, or a wrong_state problem for a gateway without settings.
	// One call at a time changes a gateway.
	Configure(name string, merge func(settings any) error) error
}

// GatewayState is a gateway as Gateways tells it.
type GatewayState struct {
	Name      string
	Kind      string // "simulated", "stripe", ...
	Breaker   string // "closed", "open" or "half_open"
	Available bool
	// These are gateway.Capabilities'.
	Consistent      bool
	Settling        time.Duration
	MultipleCapture bool
	PartialCapture  bool
	Void            bool
	Test            bool
	// Settings is written as JSON; nil when there is nothing to set.
	Settings any
}

// Health tells how the process and what it depends on are.
type Health interface {
	Check(ctx context.Context) Report
}
