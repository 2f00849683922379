package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"florin/store"
	"florin/worker"
)

// months notes what it is asked.
type months struct {
	asked   []string
	closing store.Closing
	err     error
}

func (m *months) MakePartitions(_ context.Context, shard int) (int, error) {
	m.asked = append(m.asked, fmt.Sprintf("make %d", shard))
	return 1, m.err
}

func (m *months) CloseMonth(_ context.Context, shard, keep int) (store.Closing, error) {
	m.asked = append(m.asked, fmt.Sprintf("close %d, keep %d", shard, keep))
	return m.closing, nil
}

func TestPartitionStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		keep  int
		store months
		asked []string
		more  bool
	}{
		{name: "keeps all", asked: []string{"make 3"}},
		{name: "nothing to close", keep: 2, asked: []string{"make 3", "close 3, keep 2"}},
		{
			name: "closed", keep: 1, store: months{closing: store.Closing{Month: "2026-01"}},
			asked: []string{"make 3", "close 3, keep 1"}, more: true,
		},
		{
			name: "waits", keep: 1, store: months{closing: store.Closing{Month: "2026-01", Waits: "a hold"}},
			asked: []string{"make 3", "close 3, keep 1"},
		},
		{name: "away", keep: 1, store: months{err: errors.New("away")}, asked: []string{"make 3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := worker.NewPartition(worker.PartitionConfig{Shard: 3, Store: &c.store, Keep: c.keep})
			got, err := w.Step(t.Context())
			if !errors.Is(err, c.store.err) || !slices.Equal(c.store.asked, c.asked) || got.More != c.more {
				t.Errorf("asked %v, more %v, %v", c.store.asked, got.More, err)
			}
		})
	}
}
