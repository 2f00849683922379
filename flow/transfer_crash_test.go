package flow_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"florin/access"
	"florin/audit"
	"florin/commit"
	"florin/flow"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/ledger"
	"florin/problem"
	"florin/store"
	"florin/store/sqlite"
	"florin/wallet"
	"florin/worker"
)

// errCrashed is what a process that is gone would have said.
var errCrashed = errors.New("the process is gone")

// doomed is a committer whose process ends at one of its calls: before what that
// wants is committed, or after, with nobody told.
type doomed struct {
	*commit.Set
	mu   sync.Mutex
	left int // calls until the end
	late bool
}

func (d *doomed) DoAll(urgent bool, items []commit.Item) []error {
	if len(items) == 0 {
		return nil
	}
	d.mu.Lock()
	d.left--
	left := d.left
	d.mu.Unlock()
	if left > 0 {
		return d.Set.DoAll(urgent, items)
	}
	if left == 0 {
		if d.late {
			d.Set.DoAll(urgent, items)
		} else {
			d.Set.DoAll(urgent, items[:len(items)/2])
		}
	}
	answers := make([]error, len(items))
	for i := range answers {
		answers[i] = errCrashed
	}
	return answers
}

func (d *doomed) Do(shard int, urgent bool, command commit.Command) error {
	return d.DoAll(urgent, []commit.Item{{Shard: shard, Command: command}})[0]
}

// shaky is a store some of whose commits end without an answer: done, or not.
type shaky struct {
	store.Store
	mu     sync.Mutex
	chance *rand.Rand
}

func (s *shaky) Begin(ctx context.Context, shard int) (store.Tx, error) {
	tx, err := s.Store.Begin(ctx, shard)
	if err != nil {
		return nil, err
	}
	return &shakyTx{tx, s}, nil
}

func (s *shaky) draw(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chance.IntN(n)
}

type shakyTx struct {
	store.Tx
	store *shaky
}

func (t *shakyTx) Commit(ctx context.Context) error {
	switch t.store.draw(12) {
	case 0:
		t.Rollback()
		return store.ErrCommitUnknown
	case 1:
		return errors.Join(t.Tx.Commit(ctx), store.ErrCommitUnknown)
	case 2:
		t.Rollback()
		return store.ErrConflict
	}
	return t.Tx.Commit(ctx)
}

// life is one life of a process on a store that outlives it.
type life struct {
	store   *sqlite.Store
	ids     *ident.Source
	commit  *doomed
	flow    *flow.Service
	workers []*worker.Transfer
	loops   *loop.Group
}

func begin(t *testing.T, dir string, now clock.Clock, chance *rand.Rand, calls int) *life {
	t.Helper()
	l := &life{}
	var err error
	if l.store, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Shards: 4}); err != nil {
		t.Fatal(err)
	}
	high, err := l.store.LastHigh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.ids = ident.NewSource(0, now.Now, rand.New(rand.NewPCG(chance.Uint64(), 1)).Uint64)
	l.ids.Advance(high)
	under := &shaky{Store: l.store, chance: rand.New(rand.NewPCG(chance.Uint64(), 2))}
	l.commit = &doomed{left: calls, late: chance.IntN(2) == 0, Set: commit.NewSet(commit.Config{
		Store: under, Clock: clock.System{}, IDs: l.ids, MaxGroup: 16,
	})}
	l.loops = loop.New(context.Background(), nil)
	for _, c := range l.commit.Committers() {
		l.loops.OnReady(c.Ready(), func(ctx context.Context) { _, _ = c.Step(context.WithoutCancel(ctx)) })
	}
	l.flow = flow.New(flow.Config{
		Store: l.store, Commit: l.commit, Vault: newVault(t), Clock: now, IDs: l.ids, Each: loop.Each, Mode: access.Test,
	})
	for shard := range l.store.Shards() {
		l.workers = append(l.workers, worker.NewTransfer(worker.TransferConfig{
			Shard: shard, Store: l.store, Flow: l.flow, Clock: now, Limit: 7,
		}))
	}
	return l
}

func (l *life) end(t *testing.T) {
	t.Helper()
	l.loops.Stop()
	if err := l.store.Close(); err != nil {
		t.Fatal(err)
	}
}

// drive runs the workers until they find nothing more, or fail.
func (l *life) drive(ctx context.Context) error {
	for _, w := range l.workers {
		for {
			progress, err := w.Step(ctx)
			if err != nil {
				return err
			}
			if !progress.More {
				break
			}
		}
	}
	return nil
}

// TestTransfersSurviveCrashes: whatever calls a process dies at, and however its
// commits end, the next ones end what it began: nothing is in flight for ever,
// no sum changes, and the books are right.
func TestTransfersSurviveCrashes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			crashes(t, seed)
		})
	}
}

func crashes(t *testing.T, seed uint64) {
	const users, each = 12, 500
	chance := rand.New(rand.NewPCG(seed, 3))
	dir, now := t.TempDir(), clock.NewManual(time.Now())
	first := begin(t, dir, now, chance, math.MaxInt)
	w := &world{store: first.store, commit: first.commit.Set, ids: first.ids}
	for user := int64(1); user <= users; user++ {
		w.fund(t, each, user)
	}
	w.fund(t, math.MaxInt64-100, users+1) // takes hardly anything more
	first.end(t)
	told := map[ident.ID]wallet.TransferStatus{}
	for range 12 {
		l := begin(t, dir, now, chance, 1+chance.IntN(6))
		if chance.IntN(2) == 0 {
			now.Advance(11 * time.Second)
			if err := l.drive(t.Context()); err != nil && !errors.Is(err, errCrashed) {
				t.Error(err)
			}
		}
		for range 3 {
			batch := make([]flow.Transfer, 10)
			for i := range batch {
				from := chance.Int64N(users) + 1
				batch[i] = transfer(from, (from+chance.Int64N(users))%(users+1)+1, 1+chance.Int64N(200))
			}
			for _, r := range l.flow.TransferBatch(t.Context(), batch) {
				switch {
				case r.Err == nil:
					told[r.Transfer.ID] = r.Transfer.Status
				case !errors.Is(r.Err, errCrashed) && !problem.Is(r.Err, problem.InsufficientFunds) &&
					!problem.Is(r.Err, problem.WalletFull):
					t.Error(r.Err)
				}
			}
		}
		l.end(t)
	}
	last := begin(t, dir, now, chance, math.MaxInt)
	defer last.end(t)
	now.Advance(11 * time.Second)
	if err := last.drive(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.store = last.store
	w.checkConserved(t, users*each+math.MaxInt64-100, users+1)
	for id, status := range told {
		stored, err := last.flow.TransferByID(t.Context(), id)
		if err != nil || stored.Status == wallet.TransferPending ||
			status != wallet.TransferPending && stored.Status != status {
			t.Errorf("a transfer was told as %s and is %s: %v", status, stored.Status, err)
		}
	}
	if len(told) < 25 {
		t.Errorf("only %d transfers were acknowledged", len(told))
	}
}

// checkConserved holds the wallets' sum against what was put in, and the books
// against every invariant; fundings are what nothing in the store books.
func (w *world) checkConserved(t *testing.T, total uint64, fundings int64) {
	t.Helper()
	sum := uint64(0)
	for name, balance := range w.balances(t) {
		switch _, ofUser := name.UserID(); {
		case ofUser && balance < 0:
			t.Errorf("%s is %d", name, balance)
		case ofUser:
			sum += uint64(balance)
		case name == ledger.Transfers && balance != 0:
			t.Errorf("clearing is %d", balance)
		}
	}
	if sum != total {
		t.Errorf("the wallets have %d, want %d", sum, total)
	}
	report, err := audit.Run(t.Context(), audit.Config{Store: w.store, Clock: clock.System{}, Each: loop.Each})
	if err != nil {
		t.Fatal(err)
	}
	if report.Open.Transfers != 0 {
		t.Errorf("%d transfers are in flight", report.Open.Transfers)
	}
	for _, i := range report.Invariants {
		if i.Name == "booked" && i.Broken == fundings {
			continue
		}
		if i.Broken > 0 {
			t.Errorf("%s is broken: %+v", i.Name, i.Rows)
		}
	}
}
