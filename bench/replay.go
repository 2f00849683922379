package bench

import (
	"context"
	"errors"
	"maps"
	"slices"
)

// Replay is what became of a file of transactions.
type Replay struct {
	Rows    int64 // read
	Skipped int64 // of them, with amount 0
	Measured
}

// replay sends a file of transactions as payments.
func (r *run) replay(ctx context.Context) error {
	ids, rows, skipped, err := survey(r.cfg.Replay, r.cfg.Limit)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return errors.New(r.cfg.Replay + " holds no payment")
	}
	r.report.Replay = &Replay{Rows: rows, Skipped: skipped}
	return r.with(ctx, "replay", func(s *site) error {
		p := newProgress(r.cfg.Log, r.cfg.Terminal, "cards", int64(len(ids)), false)
		users, err := StoreCards(ctx, s.target, ids, r.keys(), p)
		p.end()
		if err != nil {
			return err
		}
		clients := batchClients
		if r.cfg.Clients > 0 {
			clients = r.cfg.Clients
		}
		r.report.BatchClients, r.report.BatchSize = clients, r.cfg.BatchSize
		return r.replayTo(ctx, s, newQueues(clients, r.cfg.BatchSize, users), rows-skipped)
	})
}

func (r *run) replayTo(ctx context.Context, s *site, q *queues, total int64) error {
	p := newProgress(r.cfg.Log, r.cfg.Terminal, "replay", total, true)
	defer p.end()
	l := r.newLoad(s.target, nil, len(q.ready), q.batch)
	l.Declines, l.Progress = true, p.set
	l.Traffic = func(client int) Traffic { return queue(q.ready[client]) }
	dealing, stop := context.WithCancel(ctx)
	dealt := make(chan struct{})
	go func() {
		defer close(dealt)
		q.deal(dealing, r.cfg.Replay, r.cfg.Limit)
	}()
	m, err := l.Run(ctx, 0, 0)
	stop()
	<-dealt
	if err = errors.Join(err, q.err); err != nil {
		return err
	}
	if err := r.finish(ctx, s.target, &m); err != nil {
		return err
	}
	r.report.Replay.Measured = m
	r.report.add(replayed, m.Slice)
	return nil
}

// survey reads a file once: who pays in it, and how much there is to send.
func survey(name string, limit int64) (users []int64, rows, skipped int64, err error) {
	ids := map[int64]struct{}{}
	for p, err := range readRows(name, limit) {
		if err != nil {
			return nil, 0, 0, err
		}
		rows++
		if p.Minor == 0 {
			skipped++
			continue
		}
		ids[p.UserID] = struct{}{}
	}
	return slices.Sorted(maps.Keys(ids)), rows, skipped, nil
}

// queues deals a file's payments out to the clients: a user's always to the same
// one, so that they stay in order. Clients run at most a few requests apart.
type queues struct {
	batch   int
	methods map[int64]string
	filling [][]Payment
	ready   []chan []Payment
	err     error // read it when the channels are closed
}

func newQueues(clients, batch int, users []User) *queues {
	q := &queues{batch: batch, methods: map[int64]string{}, filling: make([][]Payment, clients)}
	for _, u := range users {
		q.methods[u.ID] = u.Method
	}
	for range clients {
		q.ready = append(q.ready, make(chan []Payment, 2))
	}
	return q
}

// deal reads the file to its end and closes the channels.
func (q *queues) deal(ctx context.Context, name string, limit int64) {
	defer func() {
		for _, ready := range q.ready {
			close(ready)
		}
	}()
	for p, err := range readRows(name, limit) {
		if err != nil {
			q.err = err
			return
		}
		if p.Minor == 0 {
			continue
		}
		p.Method = q.methods[p.UserID]
		i := int(p.UserID % int64(len(q.ready)))
		q.filling[i] = append(q.filling[i], p)
		if len(q.filling[i]) == q.batch && !q.hand(ctx, i) {
			return
		}
	}
	for i := range q.ready {
		if len(q.filling[i]) > 0 && !q.hand(ctx, i) {
			return
		}
	}
}

func (q *queues) hand(ctx context.Context, i int) bool {
	select {
	case q.ready[i] <- q.filling[i]:
		q.filling[i] = make([]Payment, 0, q.batch)
		return true
	case <-ctx.Done():
		return false
	}
}

// queue is one client's part.
type queue <-chan []Payment

// Next implements Traffic.
func (q queue) Next(payments []Payment) int { return copy(payments, <-q) }
