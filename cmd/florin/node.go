package main

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"florin/access"
	"florin/cache/local"
	"florin/commit"
	"florin/flow"
	"florin/fraud"
	"florin/gateway"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/config"
	"florin/internal/loop"
	"florin/internal/telemetry"
	"florin/store"
	"florin/vault"
	"florin/vault/seal"
)

// maxClockBehind is how far the machine's clock may be behind the latest id in
// the store: ids must tell the time.
const maxClockBehind = 2 * time.Second

// commitPatience is how long a caller waits to learn of a commit that got no answer,
// while the store tells nothing: with what the commit took on a frozen shard, less
// than 3 s. All who come after it wait for it.
const commitPatience = 300 * time.Millisecond

// node is one process of the service, put together from the bottom to the top:
//
//	store ─▶ ids ─▶ vault ─▶ gateways ─▶ committers ─▶ flow ─▶ keys
//
// What its roles run stands in role.go.
type node struct {
	cfg        config.Config
	log        *slog.Logger
	clock      clock.Clock
	store      engine
	ids        *ident.Source
	vault      *seal.Vault
	gateways   *gateways
	methods    *local.Methods
	committers *commit.Set
	flow       *flow.Service
	feed       *flow.Feed
	keys       *access.Ring
	metrics    *telemetry.Metrics

	counting  sync.Mutex // over the two below
	counted   int        // the open operations
	countedAt time.Time

	madeData   bool        // the data directory was not there
	marked     bool        // it was not marked as the store's
	committing *committing // the committers' loops: the last to end
	working    *loop.Group // the workers' loops
}

// openNode opens everything, or nothing. The committers run, the roles do not.
func openNode(ctx context.Context, cfg config.Config, log *slog.Logger, fixed ...access.APIKey) (*node, error) {
	n := &node{cfg: cfg, log: log, clock: clock.System{}, keys: access.NewRing(fixed...)}
	for _, open := range []func(context.Context) error{
		n.openStore, n.ownData, n.openVault, n.openGateways, n.openCommitters, n.openFlow, n.reloadKeys,
	} {
		if err := open(ctx); err != nil {
			return nil, errors.Join(err, n.close(), n.leaveData())
		}
	}
	return n, nil
}

func (n *node) openStore(ctx context.Context) (err error) {
	if n.store, err = openStore(ctx, n.cfg, n.log, serving); err != nil {
		return err
	}
	if err := n.store.Ping(ctx, 0); err != nil {
		return located(n.cfg, 0, fmt.Errorf("no process starts without shard 0, which keeps the keys: %w", err))
	}
	if err := checkOwner(ctx, n.cfg, n.store); err != nil {
		return err
	}
	if n.madeData, err = makeData(n.cfg); err != nil {
		return err
	}
	n.ids = ident.NewSource(0, n.clock.Now, newChance())
	return advance(ctx, n.ids, n.store, n.clock)
}

// advance makes a source issue ids behind all that the store holds.
func advance(ctx context.Context, ids *ident.Source, s store.Store, c clock.Clock) error {
	high, err := s.LastHigh(ctx)
	if err != nil {
		return err
	}
	if behind := ident.FromHalves(high, 0).Time().Sub(c.Now()); behind > maxClockBehind {
		return fmt.Errorf("this machine's clock is %s behind the latest entry of the store: set it right, or wait",
			behind.Round(time.Second))
	}
	ids.Advance(high)
	return nil
}

// newChance returns a source of chance that one goroutine may use at a time.
func newChance() func() uint64 {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // it never fails
	return rand.NewChaCha8(seed).Uint64
}

// keysets is the store as vault/seal sees it.
type keysets struct{ store store.Store }

// Claim implements seal.Keysets.
func (k keysets) Claim(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	return k.store.ClaimKeyset(ctx, name, sealed)
}

// Find implements seal.Keysets.
func (k keysets) Find(ctx context.Context, name string) (sealed []byte, found bool, err error) {
	return k.store.FindKeyset(ctx, name)
}

func (n *node) openVault(ctx context.Context) error {
	path := n.cfg.Vault.KeyFile
	if path == "" {
		path = filepath.Join(n.cfg.Data, "vault-key")
	}
	kek, err := seal.OpenKeyFileFor(ctx, path, keysets{n.store})
	if errors.Is(err, seal.ErrKeyFileMissing) && n.cfg.Vault.KeyFile == "" {
		return fmt.Errorf("%w, or name the directory that has it in --data", err)
	}
	if err != nil {
		return err
	}
	n.vault, err = seal.Open(ctx, kek, keysets{n.store})
	return err
}

func (n *node) openGateways(context.Context) (err error) {
	n.gateways, err = openGateways(n.cfg, n.clock, n.breakerChanged)
	return err
}

// breakerChanged tells that a gateway is not called for now, or is again.
func (n *node) breakerChanged(name string, open bool) {
	if open {
		n.log.Warn("the breaker of a gateway opens: it is not called for now", "gateway", name)
	} else {
		n.log.Warn("the breaker of a gateway closes: it is called again", "gateway", name)
	}
}

// openOperationsKeep is how long a count of the open operations is good.
const openOperationsKeep = 5 * time.Second

// openOperations counts the operations whose outcome is still open, on the
// shards that answer.
func (n *node) openOperations() int {
	n.counting.Lock()
	defer n.counting.Unlock()
	now := n.clock.Now()
	if now.Sub(n.countedAt) < openOperationsKeep {
		return n.counted
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n.counted, n.countedAt = 0, now
	for shard := range n.store.Shards() {
		count, err := n.store.OpenCount(ctx, shard)
		if err != nil {
			n.log.Warn("the open operations of a shard cannot be counted", "shard", shard, "error", err)
		}
		n.counted += int(count)
	}
	return n.counted
}

func (n *node) openCommitters(context.Context) error {
	n.metrics = telemetry.New(telemetry.Config{
		QueueLength: func() int { return n.committers.Len() },
		Connections: n.store.Connections, OpenOperations: n.openOperations, Breakers: n.gateways.breakers,
	})
	n.committers = commit.NewSet(commit.Config{
		Store: n.store, Clock: n.clock, IDs: n.ids, Log: n.log, Alert: n.alert, Observe: n.metrics.Group,
		Permits:  commit.NewPermits(n.cfg.Commit.Permits, n.cfg.Commit.PermitHold, n.clock),
		MaxGroup: n.cfg.Commit.MaxGroup, MaxQueue: n.cfg.Commit.MaxQueue, Pause: n.cfg.Commit.Pause,
		Patience: commitPatience,
	})
	n.committing = runCommitters(n.committers, n.log)
	return nil
}

// committing is the committers at work.
type committing struct {
	set   *commit.Set
	loops *loop.Group
	log   *slog.Logger
	// ctx is the steps' own: it outlasts the loops, since somebody waits for what
	// a step commits, but not a store that never answers again.
	ctx  context.Context //nolint:containedctx // it bounds the steps
	stop context.CancelFunc
}

// runCommitters runs a loop a shard.
func runCommitters(set *commit.Set, log *slog.Logger) *committing {
	c := &committing{set: set, loops: loop.New(context.Background(), log), log: log}
	c.ctx, c.stop = context.WithCancel(context.Background())
	for _, committer := range set.Committers() {
		c.loops.OnReady(committer.Ready(), func(context.Context) { c.step(committer) })
	}
	return c
}

// step commits one group.
func (c *committing) step(committer *commit.Committer) {
	if _, err := committer.Step(c.ctx); err != nil {
		c.log.Error("a committer failed", "error", err)
	}
}

// drain ends the loops once everything that was queued is answered, after
// stopTimeout without the store's word.
func (c *committing) drain() {
	late := time.AfterFunc(stopTimeout, c.stop)
	defer late.Stop()
	c.loops.Stop()
	for _, committer := range c.set.Committers() {
		for committer.Len() > 0 {
			c.step(committer)
		}
	}
	c.stop()
}

func (n *node) openFlow(context.Context) (err error) {
	if n.methods, err = local.NewMethods(local.Config{}); err != nil {
		return err
	}
	n.flow = flow.New(flow.Config{
		Store: n.store, Commit: n.committers, Gateways: n.gateways.flow(), Vault: n.vault, Methods: n.methods,
		Scorer: timedScorer{
			scorer:  fraud.BlockedCards{n.vault.Fingerprint(vault.AlwaysBlocked): {}},
			metrics: n.metrics,
		},
		Clock: n.clock, IDs: n.ids, Each: loop.Each, Within: loop.Within, Mode: n.cfg.Mode,
		ChargeDeadline: n.gateways.deadline(), FraudThreshold: n.cfg.Fraud.Threshold,
		Log: n.log, Alert: n.alert,
		Observe: func(name string, status gateway.Status, took time.Duration) {
			n.metrics.GatewayCall(name, string(status), took)
		},
	})
	n.feed = flow.NewFeed(n.flow)
	n.gateways.listen(n.flow.Notice)
	return nil
}

// timedScorer measures a scorer.
type timedScorer struct {
	scorer  flow.Scorer
	metrics *telemetry.Metrics
}

// Score implements flow.Scorer.
func (t timedScorer) Score(r fraud.Request) fraud.Score {
	began := time.Now()
	defer func() { t.metrics.Fraud(time.Since(began)) }()
	return t.scorer.Score(r)
}

// reloadKeys takes over the keys as they are stored now.
func (n *node) reloadKeys(ctx context.Context) error {
	keys, err := n.store.APIKeys(ctx)
	if err != nil {
		return fmt.Errorf("the API keys cannot be read: %w", err)
	}
	n.keys.Replace(keys)
	return nil
}

// alert tells what a human should look at.
func (n *node) alert(what string, err error) {
	n.log.Error(what, "alert", true, "error", err)
}

// close ends everything from the top to the bottom; what was not opened is left
// out. Requests must have ended.
func (n *node) close() error {
	var errs []error
	if n.working != nil {
		n.working.Stop()
	}
	if n.gateways != nil {
		errs = append(errs, n.gateways.close())
	}
	if n.committing != nil {
		n.committing.drain()
	}
	if n.methods != nil {
		n.methods.Close()
	}
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	return errors.Join(errs...)
}
