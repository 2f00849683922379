package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/payment"
	"florin/store"
	"florin/wallet"
)

// Store is what an audit reads.
type Store interface {
	Shards() int
	Snapshot(ctx context.Context, shard int) (store.Snapshot, error)
	Payment(ctx context.Context, id ident.ID) (payment.Payment, error)
	Transfer(ctx context.Context, id ident.ID) (wallet.Transfer, error)
	ReceivedTransfer(ctx context.Context, shard int, id ident.ID) (wallet.Transfer, error)
	LastHigh(ctx context.Context) (int64, error)
}

// Config is what an audit is made of.
type Config struct {
	Store Store
	// Journals are what the gateways themselves remember, by gateway; a gateway
	// that has none here is believed.
	Journals map[string]Journal
	// Absent are the gateways whose journal should be there and is not. What the store
	// has of theirs cannot be judged: it ends the audit with a JournalAbsentError.
	Absent []string
	// Acknowledgements are what callers were told; nil for none.
	Acknowledgements Acknowledgements
	Clock            clock.Clock
	// Each runs f(0) to f(n-1), at most limit of them at a time: loop.Each.
	Each func(n, limit int, f func(i int))
	// Readers is how many shards are read at a time; 2 by default.
	Readers int
	// Again is how long after the first look the second one comes; 2 s by
	// default.
	Again time.Duration
	// Progress is told how much is done, from 0 to 1; it may be nil. One call at
	// a time.
	Progress func(done float64)
}

func (c Config) withDefaults() Config {
	if c.Readers <= 0 {
		c.Readers = 2
	}
	if c.Again <= 0 {
		c.Again = 2 * time.Second
	}
	if c.Progress == nil {
		c.Progress = func(float64) {}
	}
	return c
}

// audit is one run.
type audit struct {
	cfg      Config
	sum      sum
	journal  journal
	told     told
	clearing clearing
	last     int64 // milliseconds of the latest id
	progress struct {
		sync.Mutex
		shards []float64
	}
}

// Run audits a store. Its error is of what could not be read; what is wrong with
// the books is in the report.
func Run(ctx context.Context, cfg Config) (Report, error) {
	a := &audit{cfg: cfg.withDefaults()}
	a.progress.shards = make([]float64, cfg.Store.Shards())
	began := a.cfg.Clock.Now()
	if err := a.run(ctx); err != nil {
		return Report{}, err
	}
	report := a.sum.report()
	report.Rechecked = a.journal.rechecked
	report.Took = a.cfg.Clock.Now().Sub(began)
	report.TookMS = report.Took.Milliseconds()
	return report, nil
}

func (a *audit) run(ctx context.Context) error {
	high, err := a.cfg.Store.LastHigh(ctx)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	a.last = ident.FromHalves(high, 0).Millis()
	before := []func() error{a.readAcknowledgements, a.readJournals}
	err = a.each(len(before), func(i int) error { return before[i]() })
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	a.sum.totals.JournalOperations = a.journal.read
	err = a.each(a.cfg.Store.Shards(), func(shard int) error { return a.readShard(ctx, shard) })
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	a.missingAcknowledged()
	a.lostKeys()
	a.unknownOperations()
	if err := a.lookAgain(ctx); err != nil {
		return fmt.Errorf("audit: second look: %w", err)
	}
	if err := a.clearAgain(ctx); err != nil {
		return fmt.Errorf("audit: second look at transfers: %w", err)
	}
	a.cfg.Progress(1)
	return nil
}

// each runs f(0) to f(n-1), some at a time, and returns all their errors.
func (a *audit) each(n int, f func(i int) error) error {
	failures := make([]error, n)
	a.cfg.Each(n, a.cfg.Readers, func(i int) { failures[i] = f(i) })
	return errors.Join(failures...)
}

// readShard audits one shard.
func (a *audit) readShard(ctx context.Context, number int) error {
	snapshot, err := a.cfg.Store.Snapshot(ctx, number)
	if err != nil {
		return fmt.Errorf("shard %d: %w", number, err)
	}
	s := newShard(a, number)
	err = s.read(ctx, snapshot)
	if err = errors.Join(err, snapshot.Close()); err != nil {
		return fmt.Errorf("shard %d: %w", number, err)
	}
	a.sum.add(&s.tally)
	a.journal.add(s.disagreeing)
	a.clearing.add(&s.transfers)
	return nil
}

// done tells how much of a shard is done.
func (a *audit) done(shard int, part float64) {
	a.progress.Lock()
	defer a.progress.Unlock()
	a.progress.shards[shard] = part
	total := 0.0
	for _, p := range a.progress.shards {
		total += p
	}
	a.cfg.Progress(total / float64(len(a.progress.shards)))
}
