//go:build unix

package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/store/sqlite"
)

// BenchmarkRaw puts complete payments through the port, as the committer does
// and with no decisions: two Txs each, four shards at once, two permits. It
// reports payments/s.
//
// FLORIN_BENCH_DIR is where the files go (a disk, never tmpfs; a temporary
// directory when empty), FLORIN_BENCH_STORE a store that is used and kept,
// FLORIN_BENCH_FILL how many payments are put in first, FLORIN_BENCH_USERS how
// many users there are (10,000), FLORIN_BENCH_CACHE and FLORIN_BENCH_WAL the
// Config's pages.
func BenchmarkRaw(b *testing.B) {
	for _, group := range []int{8, 64, 256} {
		b.Run(strconv.Itoa(group), func(b *testing.B) {
			s := open(b, sqlite.Config{
				Dir: benchDir(b), CachePages: setting(b, "FLORIN_BENCH_CACHE", 0), WALPages: setting(b, "FLORIN_BENCH_WAL", 0),
			})
			load := newWorkload(s, setting(b, "FLORIN_BENCH_USERS", 10_000))
			if high, err := s.LastHigh(b.Context()); err == nil {
				load.ids.Advance(high)
			}
			if fill := setting(b, "FLORIN_BENCH_FILL", 0); fill > 0 {
				start := time.Now()
				if err := load.run(b.Context(), fill/500, 500); err != nil {
					b.Fatal(err)
				}
				b.Logf("filled with %d payments at %.0f/s", fill, float64(fill)/time.Since(start).Seconds())
			}
			s.AwaitClaims()
			before := processorTime(b)
			b.ResetTimer()
			if err := load.run(b.Context(), b.N, group); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N*group)/b.Elapsed().Seconds(), "payments/s")
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N*group), "cpu-µs/payment")
		})
	}
}

// processorTime is what the process has used of all cores: on a machine that
// others use too it tells more than the rate does.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func benchDir(b *testing.B) string {
	b.Helper()
	if dir := os.Getenv("FLORIN_BENCH_STORE"); dir != "" {
		return dir
	}
	dir, err := os.MkdirTemp(os.Getenv("FLORIN_BENCH_DIR"), "florin-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			b.Error(err)
		}
	})
	return dir
}

func setting(b *testing.B, name string, standard int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// workload makes groups of payments for every shard of a store.
type workload struct {
	store   store.Store
	ids     *ident.Source
	permits chan struct{}
	users   int
	now     func() time.Time
}

func newWorkload(s store.Store, users int) *workload {
	return &workload{
		store: s, users: users, permits: make(chan struct{}, 2), now: time.Now,
		ids: ident.NewSource(0, time.Now, rand.Uint64),
	}
}

// run puts groups of payments through, each shard taking the next one.
func (w *workload) run(ctx context.Context, groups, size int) error {
	var running sync.WaitGroup
	var taken atomic.Int64
	errs := make(chan error, w.store.Shards())
	for shard := range w.store.Shards() {
		running.Go(func() {
			for taken.Add(1) <= int64(groups) {
				if err := w.group(ctx, shard, size); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	running.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

func (w *workload) group(ctx context.Context, shard, size int) error {
	claims := make([]store.Claim, size)
	var open store.Changes
	for i := range size {
		user := int64(rand.IntN(w.users/w.store.Shards())*w.store.Shards() + shard)
		p := w.payment(user)
		a := payment.Attempt{
			ID: w.ids.New(user), Payment: p.ID, UserID: user, Gateway: "simulated", Method: p.PaymentMethod,
			Minor: p.Amount.Minor, Outcome: payment.OutcomePending,
			Inquiry: payment.Inquiry{At: w.now().Add(10 * time.Second)},
		}
		p.Attempt = a.ID
		claims[i] = store.Claim{
			Hash: int64(rand.Uint64()), Scope: "/api/v1/payments", UserID: user,
			Key: fmt.Sprintf("%016x-%016x", rand.Uint64(), rand.Uint64()), Kind: ident.Payment, Object: p.ID, At: w.now(),
		}
		open.Payments = append(open.Payments, store.Change[payment.Payment]{Value: p, New: true})
		open.Attempts = append(open.Attempts, store.Change[payment.Attempt]{Value: a, New: true})
		open.Events = append(open.Events, w.event(ident.Payment, user, p.ID, 1))
	}
	open.Group = w.ids.New(int64(shard))
	if err := w.tx(ctx, shard, claims, &open, nil); err != nil {
		return err
	}
	return w.tx(ctx, shard, nil, nil, &open)
}

func (w *workload) payment(user int64) payment.Payment {
	return payment.Payment{
		ID: w.ids.New(user), UserID: user, Amount: money.Amount{Minor: 100 + rand.Int64N(100_000), Currency: "EUR"},
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale,
		State: payment.State{
			Status: payment.Processing, Version: 1, PaymentMethod: "pm_0192f3a4b5c67d008123456789abcdef",
			Gateway: "simulated",
		},
	}
}

func (w *workload) event(kind ident.Kind, user int64, object ident.ID, version int64) event.Event {
	return event.Event{
		ID: w.ids.New(user), Type: event.PaymentProcessing, Kind: kind, Object: object, Version: version, UserID: user,
		Data: []byte(`{"id":"` + object.Text(kind) + `","amount":12345,"currency":"EUR","status":"processing"}`),
	}
}

// tx runs one Tx: the one that opens payments, or the one that completes them.
func (w *workload) tx(ctx context.Context, shard int, claims []store.Claim, open, complete *store.Changes) error {
	w.permits <- struct{}{}
	defer func() { <-w.permits }()
	tx, err := w.store.Begin(ctx, shard)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	changes := open
	if complete != nil {
		if changes, err = w.complete(ctx, tx, shard, complete); err != nil {
			return err
		}
	} else if err := w.open(ctx, tx, claims); err != nil {
		return err
	}
	if err := tx.Write(ctx, changes); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func (w *workload) open(ctx context.Context, tx store.Tx, claims []store.Claim) error {
	held, err := tx.Claim(ctx, claims)
	if err != nil {
		return err
	}
	for _, h := range held {
		if h != nil {
			return fmt.Errorf("key %s is held", h.Key)
		}
	}
	_, err = tx.Load(ctx, store.Keys{})
	return err
}

// complete loads the payments that were opened and books them.
func (w *workload) complete(
	ctx context.Context, tx store.Tx, shard int, opened *store.Changes,
) (*store.Changes, error) {
	debit := ledger.Key{Name: ledger.Receivable("simulated"), Currency: "EUR"}
	credit := ledger.Key{Name: ledger.Sales, Currency: "EUR"}
	keys := store.Keys{Accounts: []ledger.Key{debit, credit}}
	for _, p := range opened.Payments {
		keys.Payments = append(keys.Payments, p.Value.ID)
	}
	state, err := tx.Load(ctx, keys)
	if err != nil {
		return nil, err
	}
	changes := &store.Changes{Group: w.ids.New(int64(shard))}
	from, to := state.Accounts[debit], state.Accounts[credit]
	for _, id := range keys.Payments {
		p := state.Payments[id]
		a := p.Attempts[0]
		p.Status, p.Version, p.AnsweredVersion = payment.Succeeded, 2, 2
		p.AuthorizedMinor, p.CapturedMinor = p.Amount.Minor, p.Amount.Minor
		a.Outcome, a.Reference, a.AnsweredAt = payment.OutcomeApproved, a.ID.Text("sim"), w.now()
		a.Inquiry = payment.Inquiry{}
		c := payment.Capture{
			ID: w.ids.New(p.UserID), Payment: p.ID, Attempt: a.ID, UserID: p.UserID, Minor: p.Amount.Minor,
			Status: payment.OperationSucceeded, Version: 1,
		}
		t := ledger.Transaction{
			ID: w.ids.New(p.UserID), UserID: p.UserID, Kind: ledger.KindCapture, Object: c.ID, Payment: p.ID,
		}
		for i, account := range []*ledger.Account{&from, &to} {
			minor := p.Amount.Minor * int64(2*i-1)
			if *account, err = account.Apply(minor); err != nil {
				return nil, err
			}
			t.Entries = append(t.Entries, ledger.Entry{
				ID: w.ids.New(p.UserID), Account: account.Key, Minor: minor, Seq: account.Seq, Balance: account.Balance,
			})
		}
		changes.Payments = append(changes.Payments, store.Change[payment.Payment]{Value: p})
		changes.Attempts = append(changes.Attempts, store.Change[payment.Attempt]{Value: a})
		changes.Captures = append(changes.Captures, store.Change[payment.Capture]{Value: c, New: true})
		changes.Transactions = append(changes.Transactions, t)
		changes.Events = append(changes.Events,
			w.event(ident.Payment, p.UserID, p.ID, 2), w.event(ident.Capture, p.UserID, c.ID, 1))
	}
	changes.Accounts = []ledger.Account{from, to}
	return changes, nil
}

// BenchmarkRawTransfers is the ceiling of transfers, by the size of a group; with
// -benchtime 1x, a second each.
func BenchmarkRawTransfers(b *testing.B) {
	for _, group := range []int{64, 512, 2048} {
		b.Run(strconv.Itoa(group), func(b *testing.B) {
			before := processorTime(b)
			users := setting(b, "FLORIN_BENCH_USERS", 10_000)
			rate, err := sqlite.RawTransfers(b.Context(), benchDir(b), group, users, time.Second)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(rate, "transfers/s")
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/rate, "cpu-µs/transfer")
		})
	}
}
