package worker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"florin/ident"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/store"
	"florin/worker"
)

// expiringStore knows what has expired, and nothing else.
type expiringStore struct {
	store.Store
	due []store.Due
	err error
}

func (s *expiringStore) Expiring(_ context.Context, shard int, at time.Time, limit int) ([]store.Due, error) {
	if shard != 2 || !at.Equal(time.UnixMilli(1000)) {
		return nil, errors.New("asked for something else")
	}
	return s.due[:min(limit, len(s.due))], s.err
}

// expirer fails for one of them.
type expirer struct {
	fail    ident.ID
	expired atomic.Int64
}

func (e *expirer) Expire(_ context.Context, due store.Due) error {
	if e.expired.Add(1); due.Operation == e.fail {
		return errors.New("lost")
	}
	return nil
}

func TestExpire(t *testing.T) {
	t.Parallel()
	due := []store.Due{{Operation: ident.ID{1}}, {Operation: ident.ID{2}}, {Operation: ident.ID{3}}}
	for _, c := range []struct {
		name  string
		limit int
		fail  ident.ID
		down  error
		want  worker.Progress
		errs  bool
	}{
		{name: "all", want: worker.Progress{Asked: 3}},
		{name: "a full step has more", limit: 2, want: worker.Progress{Asked: 2, More: true}},
		{name: "one that fails waits", limit: 3, fail: ident.ID{2}, want: worker.Progress{Asked: 3, Failed: 1}, errs: true},
		{name: "no store", down: store.ErrUnavailable, errs: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			flow := &expirer{fail: c.fail}
			got, err := worker.NewExpire(worker.ExpireConfig{
				Shard: 2, Store: &expiringStore{due: due, err: c.down}, Flow: flow, Each: loop.Each,
				Clock: clock.NewManual(time.UnixMilli(1000)), Limit: c.limit,
			}).Step(t.Context())
			if got != c.want || (err != nil) != c.errs || flow.expired.Load() != int64(c.want.Asked) {
				t.Errorf("%+v, %v, %d expired", got, err, flow.expired.Load())
			}
		})
	}
}
