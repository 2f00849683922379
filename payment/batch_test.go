package payment_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/event"
	"florin/ident"
	"florin/payment"
)

var batchAt = time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC)

var itemOutcomes = []payment.BatchOutcome{
	payment.ItemOpen, payment.ItemSucceeded, payment.ItemDeclined, payment.ItemFailed,
}

// Whatever passes find out, in whatever order and how often: an item's first
// answer stays, the counts are those answers, and the batch is completed with the
// last one, once.
func TestBatchCountsEachItemOnce(t *testing.T) {
	t.Parallel()
	id := ident.NewSource(0, func() time.Time { return batchAt }, func() uint64 { return 0 }).New(7)
	rapid.Check(t, func(t *rapid.T) {
		first := map[int]payment.BatchOutcome{}
		items := make([]payment.BatchItem, rapid.IntRange(1, 40).Draw(t, "items"))
		answer := func(index int) payment.BatchItem {
			outcome := rapid.SampledFrom(itemOutcomes).Draw(t, "outcome")
			if _, ok := first[index]; !ok && outcome != payment.ItemOpen && index < len(items) {
				first[index] = outcome
			}
			return payment.BatchItem{Index: index, Outcome: outcome, Result: []byte("{}")}
		}
		for i := range items {
			items[i] = answer(i)
		}
		changes, err := payment.DecideAccept(id, 7, items, batchAt)
		if err != nil || len(changes.Items) != len(items) || changes.Events[0].Type != event.BatchAccepted {
			t.Fatalf("%+v, %v", changes, err)
		}
		b, completed := changes.Batch, 0
		for range 60 {
			work := payment.Work{At: batchAt, DueAt: batchAt.Add(time.Second)}
			for range rapid.IntRange(0, 10).Draw(t, "answers") {
				if b.Status == payment.BatchCompleted {
					break // nothing is taken any more
				}
				work.Answers = append(work.Answers, answer(rapid.IntRange(0, len(items)).Draw(t, "index")))
			}
			changes, err := payment.DecideWork(b, work)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range changes.Items {
				if b.Answered(item.Value.Index) || item.Value.Outcome != first[item.Value.Index] || item.Value.Request != nil {
					t.Fatalf("item %d is written again, or with its request: %+v", item.Value.Index, item)
				}
			}
			b = changes.Batch
			completed += len(changes.Events)
		}
		counts := map[payment.BatchOutcome]int{}
		for _, outcome := range first {
			counts[outcome]++
		}
		done := len(first) == len(items)
		if b.Succeeded != counts[payment.ItemSucceeded] || b.Declined != counts[payment.ItemDeclined] ||
			b.Failed != counts[payment.ItemFailed] || (b.Status == payment.BatchCompleted) != done && len(b.Done) > 0 &&
			done != (completed == 1) {
			t.Fatalf("%+v of %v", b, first)
		}
		if completed > 1 || (completed == 1) != (b.Version == 2) {
			t.Fatalf("it was completed %d times: %+v", completed, b)
		}
	})
}

func TestBatchIsBounded(t *testing.T) {
	t.Parallel()
	id := ident.FromHalves(1<<40, -1)
	for _, n := range []int{0, payment.MaxBatch + 1} {
		if _, err := payment.DecideAccept(id, 7, make([]payment.BatchItem, n), batchAt); err == nil {
			t.Errorf("a batch of %d was taken", n)
		}
	}
}

func TestBatchWaitsLongerWithoutProgress(t *testing.T) {
	t.Parallel()
	changes, err := payment.DecideAccept(ident.FromHalves(1<<40, -1), 7, make([]payment.BatchItem, 2), batchAt)
	if err != nil {
		t.Fatal(err)
	}
	b := changes.Batch
	for want, answers := range [][]payment.BatchItem{{{Outcome: payment.ItemSucceeded}}, nil, nil} {
		due := batchAt.Add(time.Duration(want) * time.Second)
		if changes, err = payment.DecideWork(b, payment.Work{Answers: answers, DueAt: due.Add(1)}); err != nil {
			t.Fatal(err)
		}
		if b = changes.Batch; b.Tries != want || !b.DueAt.Equal(due.Add(1)) || len(changes.Events) != 0 {
			t.Errorf("after %d passes in vain: %+v", want, b)
		}
	}
}

// TestCheckOfBatches: a status that is none is not sound.
func TestCheckOfBatches(t *testing.T) {
	t.Parallel()
	b := payment.Batch{Status: payment.BatchProcessing, Total: 1, Done: []byte{0}, DueAt: batchAt}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	b.Status = "gone"
	if b.Check() == nil {
		t.Error("a batch that is gone is sound")
	}
}
