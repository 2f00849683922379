package worker_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/payment"
	"florin/worker"
)

// batches is what is due, and who has worked on it.
type batches struct {
	due    []payment.Batch
	worked []ident.ID
	fails  ident.ID
	err    error
}

func (b *batches) DueBatches(_ context.Context, _ int, _ time.Time, limit int) ([]payment.Batch, error) {
	return b.due[:min(limit, len(b.due))], b.err
}

func (b *batches) WorkBatch(_ context.Context, id ident.ID) error {
	b.worked = append(b.worked, id)
	if id == b.fails {
		return errors.New("away")
	}
	return nil
}

func TestBatchStep(t *testing.T) {
	t.Parallel()
	id := func(n int64) ident.ID { return ident.FromHalves(n, -1) }
	all := []payment.Batch{{ID: id(1)}, {ID: id(2)}, {ID: id(3)}}
	for _, c := range []struct {
		name  string
		limit int
		fails ident.ID
		want  worker.Progress
	}{
		{"all", 4, ident.ID{}, worker.Progress{Asked: 3}},
		{"some", 2, ident.ID{}, worker.Progress{Asked: 2, More: true}},
		{"one fails", 4, id(2), worker.Progress{Asked: 3, Failed: 1}},
	} {
		b := &batches{due: all, fails: c.fails}
		got, err := worker.NewBatch(worker.BatchConfig{Store: b, Flow: b, Clock: clock.System{}, Limit: c.limit}).
			Step(t.Context())
		if got != c.want || (err != nil) != (c.want.Failed > 0) {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
		if want := []ident.ID{id(1), id(2), id(3)}[:c.want.Asked]; !slices.Equal(b.worked, want) {
			t.Errorf("%s: %v are worked on", c.name, b.worked)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	b := &batches{due: all}
	if _, err := worker.NewBatch(worker.BatchConfig{Store: b, Flow: b, Clock: clock.System{}}).Step(stopped); err != nil ||
		len(b.worked) != 0 {
		t.Errorf("a worker that is to stop works on %v: %v", b.worked, err)
	}
}
