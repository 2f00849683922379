package audit_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"florin/audit"
	"florin/event"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// shards of the world.
const shards = 4

// began is when every test begins.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// rows are what a shard of the world holds.
type rows struct {
	payments     []payment.Payment
	methods      []vault.PaymentMethod
	transfers    []wallet.Transfer
	received     []wallet.Transfer
	batches      []payment.Batch
	batchItems   []payment.BatchItem
	transactions []ledger.Transaction
	accounts     []ledger.Account
	events       []event.Stored
	claims       []store.Claim
	holds        []wallet.Hold
	payouts      []wallet.Payout
	checkpoints  []store.Checkpoint
}

// world is a small store, made by the program's own decisions, to be spoiled by
// hand.
type world struct {
	t       *testing.T
	ids     *ident.Source
	shards  [shards]rows
	journal []audit.Operation
	told    []audit.Acknowledgement
	// slept is called between the two looks; it may be nil.
	slept func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	now := began
	w := &world{t: t, ids: ident.NewSource(0, func() time.Time { now = now.Add(time.Millisecond); return now },
		func() uint64 { return 1 })}
	for user := int64(1); user <= 8; user++ {
		w.method(user, user%2 == 0)
		w.batch(user)
		w.charge(user, payment.OutcomeApproved)
		w.refund(w.charge(user, payment.OutcomeApproved), payment.OperationSucceeded)
		w.refund(w.charge(user, payment.OutcomeApproved), payment.OperationPending)
		w.refund(w.charge(user, payment.OutcomeApproved), payment.OperationFailed)
		w.charge(user, payment.OutcomeDeclined)
		w.charge(user, payment.OutcomeUnknown)
		w.late(user)
		w.tell(w.write(payment.DecideCreate(payment.Create{
			ID: w.ids.New(user), UserID: user, Amount: money.Amount{Minor: 5, Currency: "JPY"}, Method: "pm_card_visa",
		})))
	}
	return w
}

func (w *world) of(userID int64) *rows { return &w.shards[ident.Shard(userID, shards)] }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// write does what a committer does.
func (w *world) write(changes payment.Changes, err error) payment.Payment {
	w.t.Helper()
	w.must(err)
	p := changes.Payment
	r := w.of(p.UserID)
	i := slices.IndexFunc(r.payments, func(q payment.Payment) bool { return q.ID == p.ID })
	if i < 0 {
		r.payments = append(r.payments, p)
	} else {
		r.payments[i] = p
	}
	for _, t := range changes.Transactions {
		w.post(r, t)
	}
	for _, e := range changes.Events {
		w.emit(r, e)
	}
	return p
}

func (w *world) emit(r *rows, e event.Event) {
	e.ID = w.ids.New(e.UserID)
	r.events = append(r.events, event.Stored{Event: e, Position: event.Position(len(r.events) + 1)})
}

func (w *world) post(r *rows, t ledger.Transaction) {
	w.t.Helper()
	if t.ID.IsZero() {
		t.ID = w.ids.New(t.UserID)
	}
	for i := range t.Entries {
		e := &t.Entries[i]
		a := r.account(e.Account)
		next, err := a.Apply(e.Minor)
		w.must(err)
		*a = next
		e.ID, e.Seq, e.Balance = w.ids.New(t.UserID), next.Seq, next.Balance
	}
	r.transactions = append(r.transactions, t)
}

func (r *rows) account(key ledger.Key) *ledger.Account {
	i := slices.IndexFunc(r.accounts, func(a ledger.Account) bool { return a.Key == key })
	if i < 0 {
		i = len(r.accounts)
		r.accounts = append(r.accounts, ledger.Account{Key: key})
	}
	return &r.accounts[i]
}

// method stores a card, and deletes it.
func (w *world) method(userID int64, deleted bool) {
	r := w.of(userID)
	m := vault.PaymentMethod{ID: w.ids.New(userID), UserID: userID, Sealed: []byte("sealed"), Version: 1}
	emit := func(kind event.Type) {
		w.emit(r, event.Event{
			Type: kind, Kind: ident.PaymentMethod, Object: m.ID, Version: m.Version, UserID: userID,
		})
	}
	emit(event.MethodCreated)
	if deleted {
		m = vault.Delete(m, began)
		emit(event.MethodDeleted)
	}
	r.methods = append(r.methods, m)
}

// batch accepts a batch of three items, and works them off, of an even user's all
// but one.
func (w *world) batch(userID int64) {
	w.t.Helper()
	r := w.of(userID)
	open := payment.BatchItem{Request: []byte("{}")}
	accepted, err := payment.DecideAccept(w.ids.New(userID), userID, []payment.BatchItem{open, open, open}, began)
	if err != nil {
		w.t.Fatal(err)
	}
	answers := []payment.BatchItem{
		{Index: 2, Outcome: payment.ItemSucceeded, Result: []byte("{}")},
		{Index: 0, Outcome: payment.ItemFailed, Result: []byte("{}")},
		{Index: 1, Outcome: payment.ItemSucceeded, Result: []byte("{}")},
	}
	if userID%2 == 0 {
		answers = answers[:2]
	}
	worked, err := payment.DecideWork(accepted.Batch, payment.Work{At: began, DueAt: began, Answers: answers})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range append(accepted.Events, worked.Events...) {
		w.emit(r, e)
	}
	items := make([]payment.BatchItem, 3)
	for _, change := range append(accepted.Items, worked.Items...) {
		items[change.Value.Index] = change.Value
	}
	r.batches, r.batchItems = append(r.batches, worked.Batch), append(r.batchItems, items...)
}

// charge makes a payment and charges it at gateway alpha.
func (w *world) charge(userID int64, outcome payment.Outcome) payment.Payment {
	w.t.Helper()
	p := w.write(payment.DecideCreate(payment.Create{
		ID: w.ids.New(userID), UserID: userID, Amount: money.Amount{Minor: 1000 + userID, Currency: "USD"},
		CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale, Method: "pm_card_visa", Confirm: true,
		Start: payment.Start{Attempt: w.ids.New(userID), Gateway: "alpha", InquireAt: began},
	}))
	w.tell(p)
	if outcome == payment.OutcomeApproved {
		w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
	}
	p = w.settle(p, p.Attempt, outcome)
	w.tell(p)
	return p
}

func (w *world) settle(p payment.Payment, attempt ident.ID, outcome payment.Outcome) payment.Payment {
	w.t.Helper()
	s := payment.Settle{
		Attempt: attempt, Outcome: outcome, At: began,
		InquireAt: began, ExpiresAt: began.Add(time.Hour), Capture: w.ids.New(p.UserID), Reversal: w.ids.New(p.UserID),
	}
	if outcome == payment.OutcomeDeclined {
		s.Reason = "generic_decline"
	}
	return w.write(payment.DecideOutcome(p, s))
}

// late makes a payment that was declined, approved late, and taken back.
func (w *world) late(userID int64) {
	w.t.Helper()
	p := w.charge(userID, payment.OutcomeDeclined)
	w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
	p = w.settle(p, p.Attempt, payment.OutcomeApproved)
	w.approve(audit.Void, p.Attempts[0].Reversal.ID, p.Attempt, p.ID, p.Amount)
	w.write(payment.DecideReversal(p, payment.Reverse{Attempt: p.Attempt, Done: true}))
}

func (w *world) refund(p payment.Payment, status payment.OperationStatus) {
	w.t.Helper()
	id := w.ids.New(p.UserID)
	p = w.write(payment.DecideRefund(p, payment.GiveBack{ID: id, Minor: 100, InquireAt: began}))
	if status == payment.OperationSucceeded {
		w.approve(audit.Refund, id, p.Attempt, p.ID, p.Refunds[0].Amount)
	}
	w.write(payment.DecideRefundOutcome(p, payment.SettleRefund{
		Refund: id, Status: status, At: began, InquireAt: began,
	}))
}

func (w *world) approve(kind audit.OperationKind, id, charge, of ident.ID, amount money.Amount) {
	w.journal = append(w.journal, audit.Operation{
		ID: id, Kind: kind, Charge: charge, Payment: of, Amount: amount, Approved: true,
	})
}

func (w *world) tell(p payment.Payment) {
	claim := store.Claim{UserID: p.UserID, Key: "key of " + p.ID.Text(ident.Payment), Kind: ident.Payment, Object: p.ID}
	r := w.of(p.UserID)
	if !slices.ContainsFunc(r.claims, claim.Same) {
		r.claims = append(r.claims, claim)
	}
	w.told = append(w.told, audit.Acknowledgement{
		Payment: p.ID, UserID: p.UserID, Minor: p.Amount.Minor, Currency: string(p.Amount.Currency),
		Status: p.Status, Key: "key of " + p.ID.Text(ident.Payment),
	})
}

// Shards implements audit.Store.
func (w *world) Shards() int { return shards }

// LastHigh implements audit.Store.
func (w *world) LastHigh(context.Context) (int64, error) { return w.ids.New(0).High(), nil }

// Payment implements audit.Store.
func (w *world) Payment(_ context.Context, id ident.ID) (payment.Payment, error) {
	for _, p := range w.shards[id.Shard(shards)].payments {
		if p.ID == id {
			return p, nil
		}
	}
	return payment.Payment{}, store.ErrNotFound
}

// Snapshot implements audit.Store.
func (w *world) Snapshot(_ context.Context, shard int) (store.Snapshot, error) {
	return snapshot{&w.shards[shard]}, nil
}

type snapshot struct{ rows *rows }

func visitAll[T any](rows []T, visit func(T) error) error {
	for _, row := range rows {
		if err := visit(row); err != nil {
			return err
		}
	}
	return nil
}

func (s snapshot) Checkpoints(_ context.Context, visit func(store.Checkpoint) error) error {
	return visitAll(s.rows.checkpoints, visit)
}

func (s snapshot) Payments(_ context.Context, visit func(payment.Payment) error) error {
	return visitAll(s.rows.payments, visit)
}

func (s snapshot) Methods(_ context.Context, visit func(vault.PaymentMethod) error) error {
	return visitAll(s.rows.methods, visit)
}

func (s snapshot) Transfers(_ context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(s.rows.transfers, visit)
}

func (s snapshot) Received(_ context.Context, visit func(wallet.Transfer) error) error {
	return visitAll(s.rows.received, visit)
}

func (s snapshot) Batches(_ context.Context, visit func(payment.Batch) error) error {
	return visitAll(s.rows.batches, visit)
}

func (s snapshot) BatchItems(_ context.Context, visit func(payment.BatchItem) error) error {
	return visitAll(s.rows.batchItems, visit)
}

func (s snapshot) Transactions(_ context.Context, visit func(ledger.Transaction) error) error {
	return visitAll(s.rows.transactions, visit)
}

func (s snapshot) Accounts(_ context.Context, visit func(ledger.Account) error) error {
	return visitAll(s.rows.accounts, visit)
}

func (s snapshot) Events(_ context.Context, visit func(event.Stored) error) error {
	return visitAll(s.rows.events, visit)
}

func (s snapshot) Claims(_ context.Context, visit func(store.Claim) error) error {
	return visitAll(s.rows.claims, visit)
}

func (s snapshot) Holds(_ context.Context, visit func(wallet.Hold) error) error {
	return visitAll(s.rows.holds, visit)
}

func (s snapshot) Payouts(_ context.Context, visit func(wallet.Payout) error) error {
	return visitAll(s.rows.payouts, visit)
}

func (s snapshot) Close() error { return nil }

// nap is a clock whose Sleep takes no time.
type nap struct {
	*clock.Manual
	slept func()
}

func (n nap) Sleep(context.Context, time.Duration) error {
	if n.slept != nil {
		n.slept()
	}
	return nil
}

// audit runs an audit of the world.
func (w *world) audit() audit.Report {
	w.t.Helper()
	report, err := audit.Run(context.Background(), audit.Config{
		Store: w, Clock: nap{clock.NewManual(began), w.slept}, Each: loop.Each,
		Journals: map[string]audit.Journal{
			"alpha": func(visit func(audit.Operation) error) error { return visitAll(w.journal, visit) },
		},
		Acknowledgements: func(visit func(audit.Acknowledgement) error) error { return visitAll(w.told, visit) },
	})
	w.must(err)
	return report
}

// broken lists the invariants that an audit names.
func broken(r audit.Report) []string {
	var names []string
	for _, i := range r.Invariants {
		if i.Broken > 0 {
			names = append(names, i.Name)
		}
	}
	return names
}
