package sim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// batchPatience is how long items are tried that cannot be charged.
const batchPatience = 24 * time.Hour

// batchRecord is what the auditor knows of a stored batch.
type batchRecord struct {
	row   payment.Batch
	asked *request
	seq   int64 // of the commit that made it
	items []payment.BatchItem
}

// wrongItem is what is wrong with an item that was refused before it was stored.
var wrongItem = problem.Invalid("amount", "must be 1 or more")

// takeItems takes what a commit writes of batches' items, before the batches: the
// first item that asks for something tells whose batch it is.
func (a *auditor) takeItems(changes []store.Change[payment.BatchItem]) {
	for _, change := range changes {
		item := change.Value
		record := a.batches[item.Batch]
		if record == nil {
			record = &batchRecord{seq: a.seq}
			a.batches[item.Batch] = record
		}
		if change.New {
			a.newItem(record, item)
			continue
		}
		name := item.Batch.Text(ident.Batch)
		if item.Index >= len(record.items) || record.items[item.Index].Outcome != payment.ItemOpen {
			a.fail("item %d of %s is answered twice", item.Index, name)
			return
		}
		record.items[item.Index] = item
		a.checkItem(record, item)
	}
}

func (a *auditor) newItem(record *batchRecord, item payment.BatchItem) {
	var asked flow.Authorize
	if item.Request != nil && json.Unmarshal(item.Request, &asked) == nil {
		if r := a.storing[asked.Details.Description]; record.asked == nil || record.asked == r {
			record.asked = r
		}
	}
	if item.Index != len(record.items) || (item.Request == nil) != (item.Outcome == payment.ItemFailed) {
		a.fail("item %d of %s begins %q", item.Index, item.Batch.Text(ident.Batch), item.Outcome)
	}
	record.items = append(record.items, item)
}

// itemResult is how an item's answer is kept.
type itemResult struct {
	Payment string
	Code    problem.Code
}

// checkItem holds an item's answer against what became of its request.
func (a *auditor) checkItem(record *batchRecord, item payment.BatchItem) {
	var kept itemResult
	r := record.asked.items[item.Index]
	if err := json.Unmarshal(item.Result, &kept); err != nil || item.Request != nil {
		a.fail("%s is answered with %s", r, item.Result)
		return
	}
	a.w.count("item " + string(item.Outcome))
	patient := a.w.latest.Sub(item.Batch.Time()) < batchPatience
	if kept.Payment == "" {
		reason := a.reason(r, problem.New(kept.Code, ""), sending{seq: record.seq})
		if kept.Code.Status() >= 500 && patient {
			reason = "it might have been tried again"
		}
		if reason != "" || item.Outcome != payment.ItemFailed {
			a.fail("%s is answered %s in its batch, but %s", r, kept.Code, reason)
		}
		return
	}
	id, err := ident.Parse(ident.Payment, kept.Payment)
	p := a.payments[id]
	if err != nil || p == nil || p.row.Details.Description != r.description() {
		a.fail("%s is answered with %s, which is another's", r, kept.Payment)
		return
	}
	declined := []payment.Status{payment.Declined, payment.Canceled}
	states := p.since(0)
	if p.row.Answered != nil { // which it may have been between two commands of one group
		states = append(states, *p.row.Answered)
	}
	right := slices.ContainsFunc(states, func(s payment.State) bool {
		if item.Outcome == payment.ItemSucceeded {
			return s.Status != payment.Processing && !slices.Contains(declined, s.Status)
		}
		return slices.Contains(declined, s.Status) && (s.Reason != problem.NotCharged || !patient)
	})
	if !right {
		a.fail("%s is answered %s in its batch; its payment is %s", r, item.Outcome, p.row.Status)
	}
}

// takeBatch takes a batch's row, once its items were taken.
func (a *auditor) takeBatch(shard int, change store.Change[payment.Batch]) {
	b := change.Value
	name := b.ID.Text(ident.Batch)
	record := a.batches[b.ID]
	if record == nil || record.asked == nil || b.ID.Shard(a.w.cfg.Shards) != shard {
		a.fail("%s is none that anybody asked for", name)
		return
	}
	if change.New {
		if a.descriptions[record.asked.description()] || len(record.items) != len(record.asked.items) ||
			record.row.Version != 0 || b.UserID != record.asked.user {
			a.fail("%s is stored twice, or as another", record.asked)
		}
		a.descriptions[record.asked.description()] = true
		a.objects[b.ID] = ident.Batch
	}
	count := map[payment.BatchOutcome]int{}
	for i, item := range record.items {
		count[item.Outcome]++
		if b.Answered(i) != (item.Outcome != payment.ItemOpen) {
			a.fail("%s says of item %d that it is done: %t", name, i, b.Answered(i))
		}
	}
	done := count[payment.ItemOpen] == 0
	switch {
	case b.Total != len(record.items) || b.Succeeded != count[payment.ItemSucceeded] ||
		b.Declined != count[payment.ItemDeclined] || b.Failed != count[payment.ItemFailed]:
		a.fail("%s counts %d, %d and %d; it has %v", name, b.Succeeded, b.Declined, b.Failed, count)
	case done != (b.Status == payment.BatchCompleted) || done != (b.Version == 2) || done != b.DueAt.IsZero():
		a.fail("%s is %s in version %d, with %d items open", name, b.Status, b.Version, count[payment.ItemOpen])
	case record.row.Status == payment.BatchCompleted:
		a.fail("%s is written after its end", name)
	}
	record.row = b
	a.note(b.ID, ident.Batch, !done)
	if done {
		a.w.count("batch completed")
	}
}

// checkBatches checks, after a commit, the events of its batches.
func (a *auditor) checkBatches(c *store.Changes) {
	for _, change := range c.Batches {
		a.checkVersion(ident.Batch, change.Value.ID, change.Value.Version)
	}
	for _, e := range c.Events {
		want := map[int64]event.Type{1: event.BatchAccepted, 2: event.BatchCompleted}[e.Version]
		if e.Kind == ident.Batch && (a.batches[e.Object] == nil || e.Type != want) {
			a.fail("%s of %s", e.Type, e.Object.Text(e.Kind))
		}
	}
}

func (a *auditor) toldBatch(r *request, b payment.Batch, replayed bool) {
	record := a.batches[b.ID]
	if record == nil || record.asked == nil || record.asked.description() != r.description() || b.Total != len(r.items) {
		a.fail("%s is told of another batch, or of one that is not durable", r)
		return
	}
	if c := a.claimOf(r); c != nil && c.claim.Object != b.ID {
		a.fail("%s is told of another batch than its key's", r)
	}
	a.w.count("told batch " + string(b.Status))
	if replayed {
		a.w.count("told batch again")
	}
}

// checkStored checks, at the end, that every item that was told as failed has no
// payment, unless its client has also asked for it apart from the batch.
func (a *auditor) checkStored() {
	charged := map[string]bool{}
	for _, r := range a.order {
		charged[r.row.Details.Description] = slices.ContainsFunc(r.attempts, stands)
	}
	for _, record := range a.batches {
		for i, item := range record.items {
			r := record.asked.items[i]
			// Of two processes one may give an item up that no gateway takes, while the
			// other one has stood still for a day just before it writes the payment.
			raced := a.w.shape.instances > 1 && strings.Contains(string(item.Result), string(problem.GatewayUnavailable))
			if item.Outcome == payment.ItemFailed && r.key == "" && charged[r.description()] && !raced {
				a.fail("%s has failed in its batch, and was charged", r)
			}
		}
	}
}

// readBatches reads, at the end, every batch and what became of its items.
func (l *workload) readBatches(s *flow.Service) {
	for _, id := range slices.SortedFunc(maps.Keys(l.w.audit.batches), ident.ID.Compare) {
		record := l.w.audit.batches[id]
		b, err := s.Batch(background(), id)
		if err != nil || b.Status != payment.BatchCompleted {
			l.w.fail("audit: %s is read as %s: %v", id.Text(ident.Batch), b.Status, err)
		}
		results, err := s.BatchResults(background(), id, 0, len(record.items))
		if err != nil || len(results) != len(record.items) {
			l.w.fail("audit: %s has %d results: %v", id.Text(ident.Batch), len(results), err)
			return
		}
		for i, result := range results {
			if (result.Problem == nil) == result.Payment.ID.IsZero() || result.Outcome != record.items[i].Outcome {
				l.w.fail("audit: item %d of %s is read as %q", i, id.Text(ident.Batch), result.Outcome)
			}
		}
	}
}

// storeBatch makes a batch that nobody waits for. Some of its items are sent by
// themselves too.
func (l *workload) storeBatch(r *request) {
	r.kind, r.scope = storeBatch, root+"payments/batch"
	for i := range 1 + l.dice.IntN(10) {
		item := l.request(pick(l.dice, r.user, pick(l.dice, users...)))
		if i == 0 {
			item.user = r.user
		}
		l.authorize(item)
		item.wrong = i > 0 && l.dice.hit(0.05)
		if l.dice.hit(0.7) {
			item.key = ""
		} else if item.key != "" && !item.wrong {
			l.sent = append(l.sent, item)
		}
		r.items = append(r.items, item)
		l.w.audit.storing[item.description()] = r
	}
	l.keyed(r)
}

func (r *request) stored() flow.AcceptBatch {
	accept := flow.AcceptBatch{Idempotency: r.idempotency()}
	for _, item := range r.items {
		one := flow.AcceptItem{Request: item.authorization()}
		if item.wrong {
			one.Problem = wrongItem
		}
		accept.Items = append(accept.Items, one)
	}
	return accept
}
