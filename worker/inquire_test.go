package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"florin/flow"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/store"
	"florin/worker"
)

// dueStore knows what is due, and nothing else.
type dueStore struct {
	store.Store
	due   []store.Due
	err   error
	asked time.Time
	limit int
}

func (s *dueStore) Due(_ context.Context, _ int, at time.Time, limit int) ([]store.Due, error) {
	s.asked, s.limit = at, limit
	return s.due[:min(limit, len(s.due))], s.err
}

// inquirer remembers what it was asked, and fails for some.
type inquirer struct {
	asked chan ident.ID
	fail  map[ident.ID]error
}

func (i *inquirer) Inquire(_ context.Context, due store.Due) error {
	i.asked <- due.Operation
	return i.fail[due.Operation]
}

func TestInquire(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ids := ident.NewSource(0, func() time.Time { return now }, func() uint64 { return 1 })
	due := make([]store.Due, 5)
	for i := range due {
		due[i].Operation = ids.New(1)
	}
	lost, away := errors.New("lost"), fmt.Errorf("%w: no answer", flow.ErrPutOff)
	for _, c := range []struct {
		name  string
		limit int
		fail  map[ident.ID]error
		down  error
		want  worker.Progress
		err   error
	}{
		{name: "all", limit: 10, want: worker.Progress{Asked: 5}},
		{name: "a full step has more", limit: 3, want: worker.Progress{Asked: 3, More: true}},
		{
			name: "a failure stops nobody", limit: 10, fail: map[ident.ID]error{due[1].Operation: lost},
			want: worker.Progress{Asked: 5, Failed: 1}, err: lost,
		},
		{
			name: "what failed comes again at once", limit: 3, fail: map[ident.ID]error{due[1].Operation: lost},
			want: worker.Progress{Asked: 3, Failed: 1}, err: lost,
		},
		{
			name: "a gateway that is away holds nobody up", limit: 3,
			fail: map[ident.ID]error{due[0].Operation: away, due[1].Operation: away, due[2].Operation: away},
			want: worker.Progress{Asked: 3, Failed: 3, More: true}, err: flow.ErrPutOff,
		},
		{name: "the store is away", limit: 10, down: store.ErrUnavailable, err: store.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &dueStore{due: due, err: c.down}
			i := &inquirer{asked: make(chan ident.ID, len(due)), fail: c.fail}
			w := worker.NewInquire(worker.InquireConfig{
				Store: s, Flow: i, Clock: clock.NewManual(now), Each: loop.Each, Limit: c.limit,
			})
			got, err := w.Step(t.Context())
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("Step: %+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
			if !s.asked.Equal(now) || s.limit != c.limit {
				t.Errorf("the store was asked for %d due at %s", s.limit, s.asked)
			}
			close(i.asked)
			var asked []ident.ID
			for id := range i.asked {
				asked = append(asked, id)
			}
			slices.SortFunc(asked, func(a, b ident.ID) int { return slices.Compare(a[:], b[:]) })
			if len(asked) != c.want.Asked || len(slices.Compact(asked)) != c.want.Asked {
				t.Errorf("asked about %d operations, each once; want %d", len(asked), c.want.Asked)
			}
		})
	}
}
