package audit

import (
	"hash/fnv"

	"florin/ident"
	"florin/payment"
)

// batch is what is kept of a batch until its items are seen.
type batch struct {
	user                        int64
	done                        uint64 // its bits' hash
	total                       int32
	succeeded, declined, failed int32
	broken                      bool // and told already
	met                         bool // it has items
}

// items is what was read of the items of one batch.
type items struct {
	batch  ident.ID // zero: none was read
	counts [3]int32 // by their outcomes
	bits   [(payment.MaxBatch + 7) / 8]byte
	next   int // index
	wrong  bool
}

// batch takes a batch: its versions must be told, and what it counts must be
// what is done.
func (s *shard) batch(b payment.Batch) error {
	s.row(b.ID)
	s.placed(ident.Batch, b.ID, b.UserID)
	s.check(Consistent)
	err := b.Check()
	s.objects.add(b.ID, object{
		user: b.UserID, version: int32(b.Version), kind: batchKind, last: batchTypes[b.Status].unlessBroken(err),
	})
	if err != nil {
		s.fail(Consistent, ident.Batch, b.ID, "is inconsistent: %v", err)
	}
	s.batches.add(b.ID, batch{
		user: b.UserID, total: int32(b.Total), done: hashBits(b.Done), broken: err != nil,
		succeeded: int32(b.Succeeded), declined: int32(b.Declined), failed: int32(b.Failed),
	})
	return nil
}

func hashBits(bits []byte) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write(bits)
	return hash.Sum64()
}

// batchItem takes an item. Those of a batch come together, by index.
func (s *shard) batchItem(i payment.BatchItem) error {
	if i.Batch != s.items.batch {
		s.endBatch()
		s.items = items{batch: i.Batch}
	}
	r := &s.items
	s.check(Consistent)
	b := s.batches.one(&s.batchAt, i.Batch)
	wrong := ""
	switch {
	case b == nil:
		wrong = "of a batch that is not there"
	case i.UserID != b.user:
		wrong = "of another user"
	case i.Index != r.next || i.Index >= len(r.bits)*8:
		wrong = "where another should be"
	case i.Outcome == payment.ItemOpen && (len(i.Request) == 0 || len(i.Result) > 0):
		wrong = "that is open, and has no request or a result"
	case i.Outcome != payment.ItemOpen && (len(i.Request) > 0 || len(i.Result) == 0):
		wrong = "that is answered, and has a request or no result"
	case !r.count(i):
		wrong = "whose outcome is " + string(i.Outcome)
	}
	r.next++
	if wrong != "" && !r.wrong {
		r.wrong = true
		s.fail(Consistent, ident.Batch, i.Batch, "has an item %d %s", i.Index, wrong)
	}
	return nil
}

// count takes an item's outcome; false for one that is none.
func (r *items) count(i payment.BatchItem) bool {
	switch i.Outcome {
	case payment.ItemOpen:
		return true
	case payment.ItemSucceeded:
		r.counts[0]++
	case payment.ItemDeclined:
		r.counts[1]++
	case payment.ItemFailed:
		r.counts[2]++
	default:
		return false
	}
	r.bits[i.Index/8] |= 1 << (i.Index % 8)
	return true
}

// endBatch holds a batch against its items, all of which were read.
func (s *shard) endBatch() {
	r := &s.items
	if r.batch.IsZero() {
		return
	}
	b := s.batches.one(&s.batchAt, r.batch)
	if b == nil {
		return
	}
	b.met = true
	switch {
	case r.wrong || b.broken:
	case r.next != int(b.total):
		s.fail(Consistent, ident.Batch, r.batch, "has %d items of %d", r.next, b.total)
	case r.counts != [3]int32{b.succeeded, b.declined, b.failed}:
		s.fail(Consistent, ident.Batch, r.batch, "counts %d that succeeded, %d declined and %d failed, its items %d",
			b.succeeded, b.declined, b.failed, r.counts)
	case hashBits(r.bits[:(r.next+7)/8]) != b.done:
		s.fail(Consistent, ident.Batch, r.batch, "has others done than its items are")
	}
}

// endItems ends the last batch, and names those without any item.
func (s *shard) endItems() {
	s.endBatch()
	s.batches.all(func(id ident.ID, b *batch) {
		if !b.met && !b.broken {
			s.fail(Consistent, ident.Batch, id, "has no items of %d", b.total)
		}
	})
}
