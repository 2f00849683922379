package api_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

var began = time.Date(2026, 1, 31, 9, 30, 0, 123_000_000, time.UTC)

func newIDs() *ident.Source {
	return ident.NewSource(0, func() time.Time { return began }, func() uint64 { return 7 })
}

// fakeFlows are flows without a store: they remember what they were asked, and
// a payment's outcome goes by its payment method.
type fakeFlows struct {
	mu       sync.Mutex
	ids      *ident.Source
	asked    []any // every request that reached a flow
	err      error // the answer to everything, when set
	claims   map[string]fakeClaim
	payments map[ident.ID]payment.Payment
	refunds  map[ident.ID]payment.Refund
	disputes map[ident.ID]payment.Dispute
	methods  map[ident.ID]vault.PaymentMethod

	transfers map[ident.ID]wallet.Transfer
	events    []event.Stored
	batches   map[ident.ID]fakeBatch
	fakeWallets
}

type fakeClaim struct {
	digest [32]byte
	object ident.ID
}

func newFlows() *fakeFlows {
	return &fakeFlows{
		ids: newIDs(), claims: map[string]fakeClaim{}, payments: map[ident.ID]payment.Payment{},
		disputes: map[ident.ID]payment.Dispute{},
		refunds:  map[ident.ID]payment.Refund{}, methods: map[ident.ID]vault.PaymentMethod{},
		transfers:   map[ident.ID]wallet.Transfer{},
		batches:     map[ident.ID]fakeBatch{},
		fakeWallets: newWallets(),
	}
}

// ask notes a request.
func (f *fakeFlows) ask(request any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, request)
	return f.err
}

// claim returns what was made under a key before, or notes that object is.
func (f *fakeFlows) claim(i *flow.Idempotency, object ident.ID) (held ident.ID, replayed bool, err error) {
	if i == nil {
		return object, false, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	name := i.Scope + " " + i.Key
	if c, ok := f.claims[name]; ok {
		if c.digest != i.Digest {
			err := problem.New(problem.IdempotencyKeyReuse, "this key was used with another body")
			err.Param = "Idempotency-Key"
			return held, false, err
		}
		return c.object, true, nil
	}
	f.claims[name] = fakeClaim{i.Digest, object}
	return object, false, nil
}

func missing() error { return problem.New(problem.NotFound, "there is no such object") }

func find[T any](f *fakeFlows, all map[ident.ID]T, id ident.ID) (T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := all[id]
	if !ok {
		return v, missing()
	}
	return v, f.err
}

func keep[T any](f *fakeFlows, all map[ident.ID]T, id ident.ID, v T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all[id] = v
}

func (f *fakeFlows) Authorize(_ context.Context, r flow.Authorize) (flow.Result, error) {
	if err := f.ask(r); err != nil {
		return flow.Result{}, err
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(r.UserID))
	if err != nil {
		return flow.Result{}, err
	}
	if replayed {
		p, err := find(f, f.payments, id)
		return flow.Result{Payment: p, Replayed: true}, err
	}
	p := payment.Payment{
		ID: id, UserID: r.UserID, Amount: r.Amount, CaptureMethod: r.CaptureMethod, Purpose: r.Purpose,
		Details: r.Details,
	}
	p.PaymentMethod, p.Version = r.Method, 1
	switch {
	case r.Method == "":
		p.Status = payment.RequiresPaymentMethod
	case !r.Confirm:
		p.Status = payment.RequiresConfirmation
	default:
		f.charge(&p)
	}
	keep(f, f.payments, id, p)
	return flow.Result{Payment: p}, nil
}

func (f *fakeFlows) charge(p *payment.Payment) {
	p.Attempt, p.Gateway, p.Reason = f.ids.New(p.UserID), "simulated", ""
	switch p.PaymentMethod {
	case "pm_card_chargeDeclined":
		p.Status, p.Reason = payment.Declined, problem.GenericDecline
	case "pm_card_radarBlock":
		p.Status, p.Reason = payment.Declined, problem.FraudDetected
	case "pm_card_bypassPending":
		p.Status = payment.Processing
	default:
		p.Status, p.CapturedMinor, p.AuthorizedMinor = payment.Succeeded, p.Amount.Minor, p.Amount.Minor
	}
}

func (f *fakeFlows) AuthorizeBatch(ctx context.Context, requests []flow.Authorize) []flow.BatchResult {
	results := make([]flow.BatchResult, len(requests))
	for i, r := range requests {
		results[i].Result, results[i].Err = f.Authorize(ctx, r)
	}
	return results
}

func (f *fakeFlows) Confirm(_ context.Context, r flow.Confirm) (flow.Result, error) {
	if err := f.ask(r); err != nil {
		return flow.Result{}, err
	}
	p, err := find(f, f.payments, r.Payment)
	if err != nil {
		return flow.Result{}, err
	}
	if _, replayed, err := f.claim(r.Idempotency, r.Payment); err != nil || replayed {
		return flow.Result{Payment: p, Replayed: replayed}, err
	}
	if p.Status == payment.Succeeded {
		return flow.Result{}, problem.New(problem.WrongState, "a payment that is succeeded cannot be confirmed")
	}
	if r.Method != "" {
		p.PaymentMethod = r.Method
	}
	f.charge(&p)
	keep(f, f.payments, p.ID, p)
	return flow.Result{Payment: p}, nil
}

func (f *fakeFlows) Cancel(_ context.Context, r flow.Cancel) (flow.Result, error) {
	if err := f.ask(r); err != nil {
		return flow.Result{}, err
	}
	p, err := find(f, f.payments, r.Payment)
	if err != nil {
		return flow.Result{}, err
	}
	p.Status = payment.Canceled
	keep(f, f.payments, p.ID, p)
	return flow.Result{Payment: p}, nil
}

func (f *fakeFlows) Payment(_ context.Context, id ident.ID) (payment.Payment, error) {
	return find(f, f.payments, id)
}

func (f *fakeFlows) Timeline(_ context.Context, id ident.ID) (payment.Payment, []event.Stored, error) {
	p, err := find(f, f.payments, id)
	of := func(e event.Stored) bool { return e.UserID != p.UserID }
	return p, slices.DeleteFunc(slices.Clone(f.events), of), err
}

func (f *fakeFlows) Payments(_ context.Context, q store.PaymentQuery) ([]payment.Payment, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.payments, q.Page), nil
}

// page lists objects as a store does.
func page[T any](f *fakeFlows, all map[ident.ID]T, p store.Page) []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []ident.ID
	for id := range all {
		older := p.After.IsZero() || id.Compare(p.After) < 0
		newer := p.Before.IsZero() || id.Compare(p.Before) > 0
		if older && newer {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b ident.ID) int { return b.Compare(a) })
	if len(ids) > p.Limit && !p.Before.IsZero() {
		ids = ids[len(ids)-p.Limit:]
	}
	var objects []T
	for _, id := range ids[:min(len(ids), p.Limit)] {
		objects = append(objects, all[id])
	}
	return objects
}

func (f *fakeFlows) Refund(_ context.Context, r flow.Refund) (flow.RefundResult, error) {
	if err := f.ask(r); err != nil {
		return flow.RefundResult{}, err
	}
	p, err := find(f, f.payments, r.Payment)
	if err != nil {
		return flow.RefundResult{}, problem.New(problem.CodeOf(err), "there is no such payment").In("payment")
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(p.UserID))
	if err != nil || replayed {
		refund, _ := find(f, f.refunds, id)
		return flow.RefundResult{Refund: refund, Replayed: replayed}, err
	}
	amount := p.Amount
	if r.Minor != 0 {
		amount.Minor = r.Minor
	}
	refund := payment.Refund{
		ID: id, Payment: p.ID, UserID: p.UserID, Gateway: "simulated", Amount: amount,
		Status: payment.OperationSucceeded,
	}
	if amount.Minor == 7 { // a gateway that does not answer
		refund.Status = payment.OperationPending
	}
	keep(f, f.refunds, id, refund)
	return flow.RefundResult{Refund: refund}, nil
}

func (f *fakeFlows) Capture(_ context.Context, r flow.Capture) (flow.CaptureResult, error) {
	if err := f.ask(r); err != nil {
		return flow.CaptureResult{}, err
	}
	p, err := find(f, f.payments, r.Payment)
	if err != nil {
		return flow.CaptureResult{}, err
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(p.UserID))
	captured := payment.Capture{
		ID: id, Payment: p.ID, UserID: p.UserID, Minor: r.Minor, Final: r.Final != nil && *r.Final,
		Status: payment.OperationSucceeded,
	}
	if r.Minor == 7 { // a gateway that does not answer
		captured.Status = payment.OperationPending
	}
	return flow.CaptureResult{Payment: p, Capture: captured, Replayed: replayed}, err
}

func (f *fakeFlows) DisputeByID(_ context.Context, id ident.ID) (payment.Dispute, error) {
	return find(f, f.disputes, id)
}

func (f *fakeFlows) Disputes(_ context.Context, q store.DisputeQuery) ([]payment.Dispute, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.disputes, q.Page), nil
}

func (f *fakeFlows) SubmitEvidence(_ context.Context, r flow.Evidence) (flow.DisputeResult, error) {
	if err := f.ask(r); err != nil {
		return flow.DisputeResult{}, err
	}
	d, err := find(f, f.disputes, r.Dispute)
	if err != nil {
		return flow.DisputeResult{}, err
	}
	_, replayed, err := f.claim(r.Idempotency, d.ID)
	d.Status, d.Evidence = payment.DisputeUnderReview, r.Text
	return flow.DisputeResult{Dispute: d, Replayed: replayed}, err
}

func (f *fakeFlows) RefundByID(_ context.Context, id ident.ID) (payment.Refund, error) {
	return find(f, f.refunds, id)
}

func (f *fakeFlows) Refunds(_ context.Context, q store.RefundQuery) ([]payment.Refund, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.refunds, q.Page), nil
}
