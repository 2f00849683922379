package payment

import (
	"math/bits"
	"slices"
	"time"

	"florin/event"
	"florin/ident"
	"florin/problem"
)

// BatchStatus is where a batch stands.
type BatchStatus string

// The statuses of batches.
const (
	BatchProcessing BatchStatus = "processing"
	BatchCompleted  BatchStatus = "completed"
)

// MaxBatch is the most payments of a batch.
const MaxBatch = 1000

// Batch is many requests for payments that were accepted together, to be worked
// off later. Each succeeds or fails by itself.
//
//	accepted ─▶ processing ─── the last item is answered ─▶ completed
//
// Its versions are those two: what is counted in between is no state change.
type Batch struct {
	ID     ident.ID
	UserID int64 // its first payment's, whose shard keeps the batch
	Status BatchStatus
	Total  int
	// Succeeded, Declined and Failed count the items that are answered.
	Succeeded, Declined, Failed int
	// Done has a bit for each item that is answered.
	Done        []byte
	Version     int64
	CompletedAt time.Time
	// DueAt is when it is worked on next; zero once it is completed.
	DueAt time.Time
	Tries int // passes without any progress, one after the other
}

// BatchOutcome is what became of an item.
type BatchOutcome string

// The outcomes of items; an item that is open has none.
const (
	ItemOpen      BatchOutcome = ""
	ItemSucceeded BatchOutcome = "succeeded"
	ItemDeclined  BatchOutcome = "declined"
	ItemFailed    BatchOutcome = "failed" // no payment was made
)

// BatchItem is one request of a batch.
type BatchItem struct {
	Batch   ident.ID
	UserID  int64 // the batch's
	Index   int
	Outcome BatchOutcome
	// Request is what is asked for, as the flow wrote it; nil once it is answered.
	Request []byte
	// Result is what became of it, as the flow wrote it; nil while it is open.
	Result []byte
}

// BatchChanges is what a decision about a batch wants to be written.
type BatchChanges struct {
	Batch   Batch
	New     bool
	Changed bool
	Items   []Change[BatchItem]
	Events  []event.Event
}

// DecideAccept makes a batch of items, of which some may be answered already.
func DecideAccept(id ident.ID, userID int64, items []BatchItem, dueAt time.Time) (BatchChanges, error) {
	if len(items) == 0 || len(items) > MaxBatch {
		return BatchChanges{}, problem.Invalid("payments", "must have 1 to %d payments", MaxBatch)
	}
	b := Batch{
		ID: id, UserID: userID, Status: BatchProcessing, Total: len(items), Version: 1, DueAt: dueAt,
		Done: make([]byte, (len(items)+7)/8),
	}
	changes := BatchChanges{New: true, Changed: true}
	for i, item := range items {
		item.Batch, item.UserID, item.Index = id, userID, i
		b.count(item)
		changes.Items = append(changes.Items, Change[BatchItem]{Value: item, New: true})
	}
	changes.Events = []event.Event{b.event(event.BatchAccepted)}
	return changes.of(b)
}

// Work is what one pass over a batch has found out.
type Work struct {
	Answers []BatchItem // with their outcomes
	At      time.Time
	// DueAt is when to go on, unless nothing is left to do.
	DueAt time.Time
}

// DecideWork takes a pass' answers. What was answered already stays as it is, so
// that two may work on one batch.
func DecideWork(b Batch, w Work) (BatchChanges, error) {
	if b.Status == BatchCompleted {
		return BatchChanges{Batch: b}, nil
	}
	b.Done = slices.Clone(b.Done)
	changes := BatchChanges{Changed: true}
	for _, item := range w.Answers {
		if item.Outcome == ItemOpen || item.Index < 0 || item.Index >= b.Total || b.Answered(item.Index) {
			continue
		}
		item.Batch, item.UserID, item.Request = b.ID, b.UserID, nil
		b.count(item)
		changes.Items = append(changes.Items, Change[BatchItem]{Value: item})
	}
	b.DueAt = w.DueAt
	if b.Tries++; len(changes.Items) > 0 {
		b.Tries = 0
	}
	if b.Succeeded+b.Declined+b.Failed == b.Total {
		b.Status, b.CompletedAt, b.DueAt, b.Tries = BatchCompleted, w.At, time.Time{}, 0
		b.Version++
		changes.Events = []event.Event{b.event(event.BatchCompleted)}
	}
	return changes.of(b)
}

// Answered tells whether an item is.
func (b Batch) Answered(index int) bool { return b.Done[index/8]&(1<<(index%8)) != 0 }

// count takes an item's outcome.
func (b *Batch) count(item BatchItem) {
	switch item.Outcome {
	case ItemOpen:
		return
	case ItemSucceeded:
		b.Succeeded++
	case ItemDeclined:
		b.Declined++
	case ItemFailed:
		b.Failed++
	}
	b.Done[item.Index/8] |= 1 << (item.Index % 8)
}

// Check states the invariant: what is counted is what is done, and a batch is
// completed when all of it is.
func (b Batch) Check() error {
	done := 0
	for _, d := range b.Done {
		done += bits.OnesCount8(d)
	}
	counted := b.Succeeded + b.Declined + b.Failed
	switch {
	case counted != done || counted > b.Total || min(b.Succeeded, b.Declined, b.Failed) < 0:
		return problem.New(problem.Internal, "the batch counts %d of %d answers", counted, done)
	case b.Status == BatchCompleted && (counted != b.Total || !b.DueAt.IsZero() || b.CompletedAt.IsZero()):
		return problem.New(problem.Internal, "the batch is completed with %d of %d answers", counted, b.Total)
	case b.Status == BatchProcessing && b.DueAt.IsZero():
		return problem.New(problem.Internal, "nobody works on the batch")
	case b.Status != BatchProcessing && b.Status != BatchCompleted:
		return problem.New(problem.Internal, "the batch's status is %q", b.Status)
	}
	return nil
}

func (c BatchChanges) of(b Batch) (BatchChanges, error) {
	if err := b.Check(); err != nil {
		return BatchChanges{}, err
	}
	c.Batch = b
	return c, nil
}

// event returns the event of the batch's present version.
func (b Batch) event(kind event.Type) event.Event {
	data := append(make([]byte, 0, 192), `{"id":"`...)
	data = b.ID.Append(data, ident.Batch)
	data = append(data, `","object":"batch","status":"`...)
	data = append(append(data, b.Status...), '"')
	data = appendNumber(data, "total", int64(b.Total))
	data = appendNumber(data, "succeeded", int64(b.Succeeded))
	data = appendNumber(data, "declined", int64(b.Declined))
	data = appendNumber(data, "failed", int64(b.Failed))
	return event.Event{
		Type: kind, Kind: ident.Batch, Object: b.ID, Version: b.Version, UserID: b.UserID, Data: append(data, '}'),
	}
}
