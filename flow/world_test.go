package flow_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"florin/access"
	"florin/cache/local"
	"florin/commit"
	"florin/flow"
	"florin/fraud"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/store/sqlite"
	"florin/vault"
	"florin/vault/seal"
	"florin/worker"
)

// world is a whole Florin over the embedded engine and two simulated gateways,
// under a clock that is moved by hand.
type world struct {
	clock    *clock.Manual
	store    *sqlite.Store
	gateways []*simulated.Gateway
	flow     *flow.Service
	cfg      flow.Config // of flow
	guards   []flow.Gateway
	commit   *commit.Set
	ids      *ident.Source
	vault    *seal.Vault
	inquire  []*worker.Inquire
	begin    atomic.Pointer[func()] // called before each Tx, if set
	running  sync.WaitGroup         // what goes on after its request was answered
	holds    []*worker.ExpireHolds
	expire   []*worker.Expire
	mu       sync.Mutex
	alerts   int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldWith(t, 2*time.Second)
}

// newWorldWith sets how long, by the wall clock too, a charge may take.
func newWorldWith(t testing.TB, deadline time.Duration) *world {
	t.Helper()
	w := &world{clock: clock.NewManual(time.Now())}
	var err error
	if w.store, err = sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(1, 2))
	ids := ident.NewSource(0, w.clock.Now, chance.Uint64)
	w.ids = ids
	set := commit.NewSet(commit.Config{
		Store: hooked{w.store, &w.begin}, Clock: clock.System{}, IDs: ids, Alert: w.alert,
		Permits: commit.NewPermits(2, 50*time.Millisecond, clock.System{}),
	})
	loops := commits(t, set)
	sealed := newVault(t)
	w.commit, w.ids, w.vault = set, ids, sealed
	methods, err := local.NewMethods(local.Config{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := flow.Config{
		Store: w.store, Commit: set, Vault: sealed, Methods: methods, Clock: w.clock, IDs: ids,
		Scorer: fraud.BlockedCards{sealed.Fingerprint(vault.AlwaysBlocked): {}},
		Within: w.within,
		Each:   loop.Each, Mode: access.Test, Alert: w.alert, ChargeDeadline: deadline,
	}
	for _, name := range []string{"first", "second"} {
		g, err := simulated.Open(simulated.Config{Name: name, Clock: w.clock, Chance: rand.New(rand.NewPCG(3, 4)).Uint64})
		if err != nil {
			t.Fatal(err)
		}
		w.gateways = append(w.gateways, g)
		cfg.Gateways = append(cfg.Gateways, gateway.NewGuard(g, gateway.GuardConfig{
			FailureThreshold: 1000, MaxConcurrent: 2000,
		}))
	}
	w.guards = cfg.Gateways
	w.flow, w.cfg = flow.New(cfg), cfg
	for _, g := range w.gateways {
		g.Listen(w.flow.Notice)
	}
	for shard := range w.store.Shards() {
		w.inquire = append(w.inquire, worker.NewInquire(worker.InquireConfig{
			Shard: shard, Store: w.store, Flow: w.flow, Clock: w.clock, Each: loop.Each,
		}))
		w.holds = append(w.holds, worker.NewExpireHolds(worker.ExpireHoldsConfig{
			Shard: shard, Store: w.store, Flow: w.flow, Clock: w.clock, Each: loop.Each,
		}))
		w.expire = append(w.expire, worker.NewExpire(worker.ExpireConfig{
			Shard: shard, Store: w.store, Flow: w.flow, Clock: w.clock, Each: loop.Each,
		}))
	}
	t.Cleanup(func() {
		w.running.Wait()
		for _, g := range w.gateways {
			_ = g.Close()
		}
		loops.Stop()
		methods.Close()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// hooked is a store that calls a function before each Tx.
type hooked struct {
	store.Store
	begin *atomic.Pointer[func()]
}

func (h hooked) Begin(ctx context.Context, shard int) (store.Tx, error) {
	if f := h.begin.Load(); f != nil {
		(*f)()
	}
	return h.Store.Begin(ctx, shard)
}

// within is loop.Within, waited for at the end.
func (w *world) within(limit time.Duration, f func()) bool {
	w.running.Add(1)
	return loop.Within(limit, func() {
		defer w.running.Done()
		f()
	})
}

func (w *world) alert(string, error) {
	w.mu.Lock()
	w.alerts++
	w.mu.Unlock()
}

// keysets is a vault's keysets in memory.
type keysets struct {
	mu     sync.Mutex
	sealed map[string][]byte
}

func (k *keysets) Find(_ context.Context, name string) ([]byte, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	sealed, ok := k.sealed[name]
	return sealed, ok, nil
}

func (k *keysets) Claim(_ context.Context, name string, sealed []byte) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if there, ok := k.sealed[name]; ok {
		return there, nil
	}
	k.sealed[name] = sealed
	return sealed, nil
}

func newVault(t testing.TB) *seal.Vault {
	t.Helper()
	kek, err := seal.OpenKeyFile(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	v, err := seal.Open(t.Context(), kek, &keysets{sealed: map[string][]byte{}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// authorize is a confirmed payment of 100.00 USD by a test card.
func authorize(user int64, method string) flow.Authorize {
	return flow.Authorize{
		UserID: user, Amount: money.Amount{Minor: 100_00, Currency: "USD"}, Method: method, Confirm: true,
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale,
	}
}

func withKey(r flow.Authorize, key string) flow.Authorize {
	r.Idempotency = &flow.Idempotency{Scope: "payments", Key: key}
	return r
}

// set changes the settings of the i-th gateway.
func (w *world) set(t testing.TB, i int, s simulated.Settings) {
	t.Helper()
	if err := w.gateways[i].Set(s); err != nil {
		t.Fatal(err)
	}
}

// pay authorizes and returns the payment, whose status must be want.
func (w *world) pay(t testing.TB, r flow.Authorize, want payment.Status) payment.Payment {
	t.Helper()
	result, err := w.flow.Authorize(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if result.Payment.Status != want {
		t.Fatalf("the payment is %s (%s), want %s", result.Payment.Status, result.Payment.Reason, want)
	}
	return result.Payment
}

// later moves the clock and lets the workers ask.
func (w *world) later(t testing.TB, d time.Duration) {
	t.Helper()
	w.clock.Advance(d)
	for _, worker := range w.inquire {
		if _, err := worker.Step(t.Context()); err != nil {
			t.Logf("inquiry: %v", err)
		}
	}
	for _, worker := range w.expire {
		if _, err := worker.Step(t.Context()); err != nil {
			t.Logf("expiry: %v", err)
		}
	}
}

// stored reads a payment back.
func (w *world) stored(t testing.TB, id ident.ID) payment.Payment {
	t.Helper()
	p, err := w.flow.Payment(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// charges counts the charges of a payment that stand at the gateways.
func (w *world) charges(t testing.TB, id ident.ID) int {
	t.Helper()
	standing := map[ident.ID]bool{}
	for _, g := range w.gateways {
		err := g.Entries(func(e simulated.Entry) error {
			switch {
			case e.Outcome.Status != gateway.Approved:
			case e.Kind == simulated.KindCharge && e.Payment == id:
				standing[e.Operation] = true
			case e.Kind == simulated.KindVoid:
				delete(standing, e.Charge)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return len(standing)
}

// open counts the operations that nobody knows the outcome of.
func (w *world) open(t testing.TB) (n int64) {
	t.Helper()
	for shard := range w.store.Shards() {
		open, err := w.store.OpenCount(t.Context(), shard)
		if err != nil {
			t.Fatal(err)
		}
		n += open
	}
	return n
}

func wantCode(t testing.TB, err error, code problem.Code) {
	t.Helper()
	if !problem.Is(err, code) {
		t.Errorf("the error is %v, want %s", err, code)
	}
}

// commits lets a set's committers run.
func commits(t testing.TB, set *commit.Set) *loop.Group {
	t.Helper()
	loops := loop.New(context.WithoutCancel(t.Context()), nil)
	for _, c := range set.Committers() {
		loops.OnReady(c.Ready(), func(ctx context.Context) { _, _ = c.Step(ctx) })
	}
	return loops
}
