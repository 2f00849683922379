package move

import (
	"container/heap"
	"errors"
	"iter"

	"florin/ledger"
	"florin/store"
)

// stream is rows, the last with what ended them too early.
type stream[T any] iter.Seq2[T, error]

// errEnough ends a visit whose rows nobody wants any more.
var errEnough = errors.New("move: enough")

// streamOf makes a stream of what calls a visitor.
func streamOf[T any](visit func(func(T) error) error) stream[T] {
	return func(yield func(T, error) bool) {
		err := visit(func(v T) error {
			if !yield(v, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			var none T
			yield(none, err)
		}
	}
}

// puller takes a stream's rows one by one.
type puller[T any] struct {
	next func() (T, error, bool)
	stop func()
	row  T
	some bool
	err  error
}

func pull[T any](s stream[T]) *puller[T] {
	p := &puller[T]{}
	p.next, p.stop = iter.Pull2(iter.Seq2[T, error](s))
	p.advance()
	return p
}

func (p *puller[T]) advance() {
	p.row, p.err, p.some = p.next()
}

// merged visits the rows of several streams, the least first; of equal ones those
// of the first stream. Each stream's own order stays.
func merged[T any](streams []stream[T], less func(a, b *T) bool, visit func(T) error) error {
	heads := make([]*puller[T], 0, len(streams))
	for _, s := range streams {
		p := pull(s)
		defer p.stop()
		heads = append(heads, p)
	}
	for {
		var least *puller[T]
		for _, p := range heads {
			if p.err != nil {
				return p.err
			}
			if p.some && (least == nil || less(&p.row, &least.row)) {
				least = p
			}
		}
		if least == nil {
			return nil
		}
		if err := visit(least.row); err != nil {
			return err
		}
		least.advance()
	}
}

// entriesOf makes entries, by ascending id, of transactions by ascending id. An
// entry's id is never less than its transaction's, but entries of a later one may
// come before it: they wait for their turn.
func entriesOf(transactions stream[ledger.Transaction]) stream[store.Posted] {
	return func(yield func(store.Posted, error) bool) {
		var waiting entryHeap
		for t, err := range transactions {
			if err != nil {
				yield(store.Posted{}, err)
				return
			}
			for len(waiting) > 0 && waiting[0].ID.High() < t.ID.High() {
				if !yield(heap.Pop(&waiting).(store.Posted), nil) {
					return
				}
			}
			bare := t
			bare.Entries = nil
			for _, e := range t.Entries {
				heap.Push(&waiting, store.Posted{Entry: e, Transaction: bare})
			}
		}
		for len(waiting) > 0 {
			if !yield(heap.Pop(&waiting).(store.Posted), nil) {
				return
			}
		}
	}
}

// entryHeap is a heap of entries by their ids.
type entryHeap []store.Posted

// Len implements heap.Interface.
func (h entryHeap) Len() int { return len(h) }

// Less implements heap.Interface.
func (h entryHeap) Less(i, j int) bool { return h[i].ID.Compare(h[j].ID) < 0 }

// Swap implements heap.Interface.
func (h entryHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *entryHeap) Push(v any) { *h = append(*h, v.(store.Posted)) }

// Pop implements heap.Interface.
func (h *entryHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
