package flow

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"florin/commit"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// A batch that is accepted is stored with all its items, and answered, before
// any of them is worked on. Each item then is a request with an idempotency key
// of its own, so that whoever repeats it after a crash charges nothing twice:
//
//	AcceptBatch: claim, batch, items ─▶ 202        WorkBatch: AuthorizeBatch ─▶ answers ─▶ completed

// AcceptBatch asks for payments that nobody waits for. An item is a request, or
// the problem that it has already.
type AcceptBatch struct {
	Items       []AcceptItem
	Idempotency *Idempotency // of the whole; an item's own is in its request
}

// AcceptItem is one item of a batch.
type AcceptItem struct {
	Request Authorize
	Problem *problem.Problem
}

// ItemResult is what became of an item, as far as that is known.
type ItemResult struct {
	Index   int
	Outcome payment.BatchOutcome
	Payment payment.Payment  // when one was made, as it stands now
	Problem *problem.Problem // when none was
}

// batchResult is how an item's answer is stored.
type batchResult struct {
	Payment string       `json:"payment,omitempty"`
	Code    problem.Code `json:"code,omitempty"`
	Detail  string       `json:"detail,omitempty"`
	Param   string       `json:"param,omitempty"`
}

// The measures of a batch's work.
const (
	batchChunk = 200 // payments that are authorized, and their answers written, together
	// batchPatience is how long items are tried that no gateway takes, or that fail
	// for our own reasons.
	batchPatience = 24 * time.Hour
	// batchScope is the scope of the keys that items are given.
	batchScope = "batch"
	// keyParam is what problems about idempotency keys name.
	keyParam = "Idempotency-Key"
)

// AcceptBatch stores a batch. It stands on the shard of its first good item's
// user, of which there must be one.
func (s *Service) AcceptBatch(ctx context.Context, r AcceptBatch) (b payment.Batch, replayed bool, err error) {
	var userID int64
	items := make([]payment.BatchItem, len(r.Items))
	for i, item := range r.Items {
		if item.Problem != nil {
			items[i] = failedItem(i, item.Problem)
			continue
		}
		if userID == 0 {
			userID = item.Request.UserID
		}
		if items[i].Request, err = json.Marshal(item.Request); err != nil {
			return b, false, problem.New(problem.Internal, "a request cannot be kept").With(err)
		}
	}
	if userID == 0 {
		return b, false, problem.Invalid("payments", "has no item that could be worked on")
	}
	id := s.cfg.IDs.New(userID)
	claim := s.claim(r.Idempotency, userID, ident.Batch, id)
	held, err := s.holder(ctx, claim)
	if err == nil && held == nil {
		command := &acceptCommand{id: id, userID: userID, items: items, claim: claim, dueAt: s.now()}
		held, err = lost(claim, s.cfg.Commit.Do(s.shardOf(userID), false, command))
		if err == nil && held == nil {
			return command.decided, false, nil
		}
	}
	if err != nil {
		return b, false, err
	}
	b, err = s.Batch(ctx, held.Object)
	return b, true, err
}

// Batch returns a batch.
func (s *Service) Batch(ctx context.Context, id ident.ID) (payment.Batch, error) {
	b, err := s.cfg.Store.Batch(ctx, id)
	return b, readError(err)
}

// BatchResults returns what became of a batch's items, from an index on.
func (s *Service) BatchResults(ctx context.Context, id ident.ID, from, limit int) ([]ItemResult, error) {
	if _, err := s.Batch(ctx, id); err != nil {
		return nil, err
	}
	items, err := s.cfg.Store.BatchItems(ctx, id, store.BatchItemQuery{From: from, Limit: limit})
	if err != nil {
		return nil, readError(err)
	}
	results := make([]ItemResult, len(items))
	for i, item := range items {
		if results[i], err = s.itemResult(ctx, item); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (s *Service) itemResult(ctx context.Context, item payment.BatchItem) (ItemResult, error) {
	result := ItemResult{Index: item.Index, Outcome: item.Outcome}
	if item.Outcome == payment.ItemOpen {
		return result, nil
	}
	var kept batchResult
	if err := json.Unmarshal(item.Result, &kept); err != nil {
		return result, problem.New(problem.Internal, "a kept result cannot be read").With(err)
	}
	if kept.Payment == "" {
		result.Problem = problem.New(kept.Code, "%s", kept.Detail)
		result.Problem.Param = kept.Param
		return result, nil
	}
	id, err := ident.Parse(ident.Payment, kept.Payment)
	if err != nil {
		return result, problem.New(problem.Internal, "a kept result names no payment").With(err)
	}
	result.Payment, err = s.Payment(ctx, id)
	return result, err
}

// failedItem is an item of which no payment was made.
func failedItem(index int, p *problem.Problem) payment.BatchItem {
	kept := batchResult{Code: p.Code, Detail: p.Detail, Param: p.Param}
	if p.Code == problem.Internal {
		kept.Detail = ""
	}
	text, _ := json.Marshal(kept) // three strings
	outcome := payment.ItemFailed
	if p.Code.IsDecline() {
		outcome = payment.ItemDeclined
	}
	return payment.BatchItem{Index: index, Outcome: outcome, Result: text}
}

// WorkBatch makes one pass over the items of a batch that are open. What fails
// for our own reasons, or whose outcome is not known yet, stays open for the
// next one. It may be repeated, cut off at any point, and run twice at once.
func (s *Service) WorkBatch(ctx context.Context, id ident.ID) error {
	b, err := s.Batch(ctx, id)
	if err != nil {
		return err
	}
	for from, first := 0, true; b.Status == payment.BatchProcessing && ctx.Err() == nil; first = false {
		items, err := s.cfg.Store.BatchItems(ctx, id, store.BatchItemQuery{From: from, Limit: batchChunk, Open: true})
		if err != nil {
			return readError(err)
		}
		if len(items) == 0 && !first {
			return nil
		}
		answers := s.workItems(ctx, b, items)
		now := s.now()
		work := payment.Work{Answers: answers, At: now.Truncate(time.Millisecond), DueAt: now.Add(batchPause(b.Tries))}
		if len(items) > 0 {
			from = items[len(items)-1].Index + 1
		}
		command := &workCommand{batch: id, work: work}
		if err := s.cfg.Commit.Do(s.shard(id), true, command); err != nil {
			return err
		}
		b = command.decided
	}
	return nil
}

// batchPause is how long a batch waits after so many passes without progress.
func batchPause(tries int) time.Duration {
	const least, most = 2 * time.Second, 5 * time.Minute
	return min(least<<min(tries, 10), most)
}

// workItems asks for the items' payments and returns what is known of them.
func (s *Service) workItems(ctx context.Context, b payment.Batch, items []payment.BatchItem) []payment.BatchItem {
	var answers []payment.BatchItem
	requests := make([]Authorize, 0, len(items))
	asked := make([]int, 0, len(items)) // indexes
	for _, item := range items {
		r, err := s.itemRequest(item)
		if err != nil {
			s.cfg.Alert("a batch's item cannot be read", err)
			answers = append(answers, failedItem(item.Index, problem.New(problem.Internal, "")))
			continue
		}
		requests, asked = append(requests, r), append(asked, item.Index)
	}
	patient := s.now().Sub(b.ID.Time()) < batchPatience
	results := s.AuthorizeBatch(ctx, requests)
	var again []int // what a crash or a gateway that was away left uncharged
	for i, r := range results {
		if r.Err == nil && notCharged(r.Payment) {
			again = append(again, i)
		}
	}
	s.cfg.Each(len(again), s.cfg.BatchCalls, func(i int) {
		results[again[i]] = s.chargeAgain(ctx, results[again[i]].Payment.ID)
	})
	for i, result := range results {
		if answer := answerOf(asked[i], result, patient); answer.Outcome != payment.ItemOpen {
			answers = append(answers, answer)
		}
	}
	return answers
}

// notCharged tells whether a payment was declined because no gateway has
// charged it, for no fault of the card's.
func notCharged(p payment.Payment) bool {
	return p.Status == payment.Declined && p.Reason == problem.NotCharged
}

// chargeAgain confirms an item's payment that surely was not charged, unless it
// has moved on since: nobody waits for the answer, so that there is time to try.
func (s *Service) chargeAgain(ctx context.Context, id ident.ID) BatchResult {
	p, err := s.Payment(ctx, id)
	if err == nil && notCharged(p) {
		var result Result
		if result, err = s.Confirm(ctx, Confirm{Payment: id, Idempotency: &Idempotency{
			Scope: batchScope, Key: id.Text(ident.Payment) + ":" + strconv.FormatInt(p.Version, 10),
		}}); err == nil {
			p = result.Payment
		}
	}
	switch {
	case problem.Is(err, problem.NotFound): // its payment method was deleted
		return BatchResult{Err: err}
	case problem.Is(err, problem.GatewayUnavailable): // it stays as it was
	case err != nil:
		return BatchResult{Err: problem.New(problem.Unavailable, "the payment could not be charged again").With(err)}
	}
	return BatchResult{Result: Result{Payment: p}}
}

// itemRequest returns what an item asks for, with a key that is the same in
// every pass.
func (s *Service) itemRequest(item payment.BatchItem) (r Authorize, err error) {
	if err := json.Unmarshal(item.Request, &r); err != nil {
		return r, err
	}
	if r.Idempotency == nil {
		r.Idempotency = &Idempotency{
			Scope: batchScope, Key: item.Batch.Text(ident.Batch) + ":" + strconv.Itoa(item.Index),
			Digest: s.cfg.Vault.Digest(item.Request),
		}
	}
	return r, nil
}

// answerOf turns a payment's answer into the item's; an item that is to be tried
// again stays open.
func answerOf(index int, r BatchResult, patient bool) payment.BatchItem {
	var p *problem.Problem
	switch {
	case r.Err == nil && (r.Payment.Status == payment.Processing || notCharged(r.Payment) && patient):
		return payment.BatchItem{Index: index}
	case r.Err != nil && !errors.As(r.Err, &p):
		p = problem.New(problem.Internal, "")
	case r.Err == nil:
		text, _ := json.Marshal(batchResult{Payment: r.Payment.ID.Text(ident.Payment)}) // a string
		outcome := payment.ItemSucceeded
		if r.Payment.Status == payment.Declined || r.Payment.Status == payment.Canceled {
			outcome = payment.ItemDeclined
		}
		return payment.BatchItem{Index: index, Outcome: outcome, Result: text}
	}
	const serverError = 500
	switch p.Code {
	case problem.IdempotencyInProgress, problem.Unavailable, problem.Overloaded, problem.OutcomeUnknown:
		// An earlier pass may have made the payment: only the store can tell.
		return payment.BatchItem{Index: index}
	default:
		if p.Code.Status() >= serverError && patient {
			return payment.BatchItem{Index: index}
		}
	}
	if p.Param != "" && p.Param != keyParam {
		p = p.In("payments[" + strconv.Itoa(index) + "]")
	}
	return failedItem(index, p)
}

// acceptCommand stores a batch.
type acceptCommand struct {
	id      ident.ID
	userID  int64
	items   []payment.BatchItem
	claim   *store.Claim
	dueAt   time.Time
	decided payment.Batch
}

// Keys implements commit.Command.
func (c *acceptCommand) Keys(*store.Keys) {}

// Claim implements commit.Command.
func (c *acceptCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *acceptCommand) Decide(*commit.View) (commit.Decision, error) {
	changes, err := payment.DecideAccept(c.id, c.userID, c.items, c.dueAt)
	c.decided = changes.Batch
	return commit.Decision{Batch: changes}, err
}

// workCommand takes the answers of a pass.
type workCommand struct {
	batch   ident.ID
	work    payment.Work
	decided payment.Batch
}

// Keys implements commit.Command.
func (c *workCommand) Keys(k *store.Keys) { k.Batches = append(k.Batches, c.batch) }

// Claim implements commit.Command.
func (c *workCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *workCommand) Decide(v *commit.View) (commit.Decision, error) {
	b, err := v.Batch(c.batch)
	if err != nil {
		return commit.Decision{}, err
	}
	changes, err := payment.DecideWork(b, c.work)
	c.decided = changes.Batch
	return commit.Decision{Batch: changes}, err
}
