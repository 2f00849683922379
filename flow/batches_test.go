package flow_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"florin/flow"
	"florin/fraud"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/loop"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/worker"
)

// accept accepts requests as a batch.
func (w *world) accept(t *testing.T, requests ...flow.Authorize) payment.Batch {
	t.Helper()
	var r flow.AcceptBatch
	for _, request := range requests {
		r.Items = append(r.Items, flow.AcceptItem{Request: request})
	}
	b, replayed, err := w.flow.AcceptBatch(t.Context(), r)
	if err != nil || replayed || b.Status != payment.BatchProcessing || b.Total != len(requests) {
		t.Fatalf("%+v, %v, %v", b, replayed, err)
	}
	return b
}

// work lets the worker of the batch's shard make a step.
func (w *world) work(t *testing.T, b payment.Batch) payment.Batch {
	t.Helper()
	step := worker.NewBatch(worker.BatchConfig{
		Shard: b.ID.Shard(w.store.Shards()), Store: w.store, Flow: w.flow, Clock: w.clock,
	})
	if _, err := step.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w.batch(t, b.ID)
}

func (w *world) batch(t *testing.T, id ident.ID) payment.Batch {
	t.Helper()
	b, err := w.flow.Batch(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) results(t *testing.T, b payment.Batch) []flow.ItemResult {
	t.Helper()
	results, err := w.flow.BatchResults(t.Context(), b.ID, 0, 1000)
	if err != nil || len(results) != b.Total {
		t.Fatalf("%d results of %d: %v", len(results), b.Total, err)
	}
	return results
}

// mixed are requests of which the ith is declined when i%3 is 1, and cannot be
// when it is 2.
func mixed(n int) []flow.Authorize {
	methods := []string{"pm_card_visa", "pm_card_chargeDeclined", "pm_0192f3a4b5c67d008123456789ab0000"}
	var requests []flow.Authorize
	for i := range n {
		requests = append(requests, authorize(int64(65536*(i+1)), methods[i%3]))
	}
	return requests
}

func TestAcceptedBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.accept(t, mixed(450)...)
	for i, r := range w.results(t, b) {
		if r.Index != i || r.Outcome != payment.ItemOpen {
			t.Fatalf("before it is worked on item %d is %+v", i, r)
		}
	}
	b = w.work(t, b)
	if b.Status != payment.BatchCompleted || b.Succeeded != 150 || b.Declined != 150 || b.Failed != 150 ||
		b.Version != 2 || !b.CompletedAt.Equal(w.clock.Now().Truncate(time.Millisecond)) {
		t.Fatalf("%+v", b)
	}
	charges := 0
	for i, r := range w.results(t, b) {
		want := []payment.BatchOutcome{payment.ItemSucceeded, payment.ItemDeclined, payment.ItemFailed}[i%3]
		if r.Outcome != want || (r.Problem != nil) != (want == payment.ItemFailed) {
			t.Fatalf("item %d is %+v, want %s", i, r, want)
		}
		if want == payment.ItemFailed && r.Problem.Param != "payments["+string(rune('0'+i%10))+"].payment_method" && i < 10 {
			t.Errorf("item %d's problem is %v", i, r.Problem)
		}
		if want == payment.ItemSucceeded {
			charges += w.charges(t, r.Payment.ID)
		}
	}
	if charges != 150 {
		t.Errorf("%d charges stand, want 150", charges)
	}
	if again := w.work(t, b); again.Version != 2 {
		t.Errorf("a completed batch is worked on: %+v", again)
	}
	w.audited(t)
}

// Several passes at once, as after a crash or in two processes, charge each item
// once.
func TestAcceptedBatchIsChargedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var requests []flow.Authorize
	for i := range 60 {
		requests = append(requests, authorize(int64(i+1), "pm_card_visa"))
	}
	b := w.accept(t, requests...)
	var passes sync.WaitGroup
	for range 4 {
		passes.Go(func() {
			if err := w.flow.WorkBatch(t.Context(), b.ID); err != nil {
				t.Error(err)
			}
		})
	}
	passes.Wait()
	for range 10 {
		if b = w.batch(t, b.ID); b.Status == payment.BatchCompleted {
			break
		}
		w.later(t, 20*time.Second)
		b = w.work(t, b)
	}
	if b.Status != payment.BatchCompleted || b.Succeeded != 60 {
		t.Fatalf("%+v", b)
	}
	standing, payments := 0, map[ident.ID]bool{}
	for _, r := range w.results(t, b) {
		standing += w.charges(t, r.Payment.ID)
		payments[r.Payment.ID] = true
	}
	entries := 0
	for _, g := range w.gateways {
		if err := g.Entries(func(simulated.Entry) error { entries++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if standing != 60 || len(payments) != 60 || entries != 60 {
		t.Errorf("%d charges stand for %d payments, and %d were made, want 60", standing, len(payments), entries)
	}
	w.audited(t)
}

// An item whose outcome is unknown keeps the batch open until it is known.
func TestAcceptedBatchWaitsForUnknownOutcomes(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, 100*time.Millisecond)
	w.set(t, 0, simulated.Settings{TimeoutRate: 1})
	b := w.work(t, w.accept(t, authorize(1, "pm_card_visa"), authorize(2, "pm_card_chargeDeclined")))
	if b.Status != payment.BatchProcessing || b.Succeeded+b.Declined+b.Failed != 0 || b.DueAt.IsZero() {
		t.Fatalf("with unknown outcomes it is %+v", b)
	}
	w.set(t, 0, simulated.Settings{})
	for range 4 {
		w.later(t, time.Minute)
	}
	if b = w.work(t, b); b.Status != payment.BatchCompleted || b.Succeeded != 1 || b.Declined != 1 {
		t.Errorf("%+v", b)
	}
	w.audited(t)
}

// blindStore finds no claim and no payment, since it cannot be reached.
type blindStore struct{ store.Store }

func (blindStore) FindClaim(context.Context, int, store.Claim) (store.Claim, error) {
	return store.Claim{}, store.ErrUnavailable
}

func (blindStore) FindClaims(context.Context, int, []store.Claim) ([]*store.Claim, error) {
	return nil, store.ErrUnavailable
}

func (blindStore) Payment(context.Context, ident.ID) (payment.Payment, error) {
	return payment.Payment{}, store.ErrUnavailable
}

// An item whose payment may have been made is not told as failed, however long its
// batch was left alone, because the store is away just then.
func TestAcceptedBatchWaitsForTheStore(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, 100*time.Millisecond)
	w.set(t, 0, simulated.Settings{TimeoutRate: 1})
	b := w.work(t, w.accept(t, authorize(1, "pm_card_visa")))
	w.set(t, 0, simulated.Settings{})
	for range 3 {
		w.later(t, time.Minute)
	}
	w.clock.Advance(25 * time.Hour)
	cfg := w.cfg
	cfg.Store = blindStore{w.store}
	if err := flow.New(cfg).WorkBatch(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	if b = w.batch(t, b.ID); b.Status != payment.BatchProcessing || b.Failed != 0 {
		t.Errorf("without the store it is %+v", b)
	}
	w.clock.Advance(time.Minute)
	if b = w.work(t, b); b.Status != payment.BatchCompleted || b.Succeeded != 1 {
		t.Errorf("%+v", b)
	}
}

// While no gateway can be called nothing fails: the batch waits.
func TestAcceptedBatchWaitsForAGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := withKey(authorize(1, "pm_card_visa"), "own")
	b := w.accept(t, own)
	down := &world{clock: w.clock, store: w.store}
	down.flow = flow.New(flow.Config{
		Store: w.store, Commit: w.commit, Vault: w.vault, Clock: w.clock, IDs: w.ids, Mode: "test",
		Scorer: fraud.BlockedCards{}, Each: loop.Each,
	})
	if b = down.work(t, b); b.Status != payment.BatchProcessing || b.Failed != 0 {
		t.Fatalf("without gateways it is %+v", b)
	}
	w.clock.Advance(time.Minute)
	if b = w.work(t, b); b.Status != payment.BatchCompleted || b.Succeeded != 1 {
		t.Errorf("%+v", b)
	}
	// The item's own key is the caller's: the same request by itself is its replay.
	result, err := w.flow.Authorize(t.Context(), own)
	if err != nil || !result.Replayed || result.Payment.ID != w.results(t, b)[0].Payment.ID {
		t.Errorf("%+v, %v", result, err)
	}
	w.audited(t)
}

func TestAcceptBatchOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := flow.AcceptBatch{
		Items: []flow.AcceptItem{
			{Problem: problem.Invalid("payments[0].amount", "is required")}, {Request: authorize(6, "pm_card_visa")},
		},
		Idempotency: &flow.Idempotency{Scope: "batch", Key: "k"},
	}
	var accepting sync.WaitGroup
	ids := make([]ident.ID, 20)
	for i := range ids {
		accepting.Go(func() {
			b, _, err := w.flow.AcceptBatch(t.Context(), r)
			if err != nil || b.Failed != 1 || b.ID.Bucket() != 6 {
				t.Errorf("%+v, %v", b, err)
			}
			ids[i] = b.ID
		})
	}
	accepting.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatal("two batches with one key")
		}
	}
	b := w.work(t, w.batch(t, ids[0]))
	if r := w.results(t, b); b.Status != payment.BatchCompleted || r[0].Problem.Param != "payments[0].amount" {
		t.Errorf("%+v, %+v", b, r)
	}
	_, replayed, err := w.flow.AcceptBatch(t.Context(), r)
	if err != nil || !replayed {
		t.Errorf("replayed %v, %v", replayed, err)
	}
	r.Idempotency.Digest[0] = 1
	_, _, err = w.flow.AcceptBatch(t.Context(), r)
	wantCode(t, err, problem.IdempotencyKeyReuse)
	_, _, err = w.flow.AcceptBatch(t.Context(), flow.AcceptBatch{Items: r.Items[:1]})
	wantCode(t, err, problem.InvalidParameter)
	_, err = w.flow.BatchResults(t.Context(), ident.FromHalves(1, -1), 0, 10)
	wantCode(t, err, problem.NotFound)
	w.audited(t)
}
