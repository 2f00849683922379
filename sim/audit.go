package sim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// auditor keeps its own books, from the commits, calls and answers that it is
// shown. What it finds wrong fails the run.
type auditor struct {
	w   *world
	seq int64 // of the last commit

	payments     map[ident.ID]*paymentRecord
	order        []*paymentRecord            // by their creation
	owner        map[ident.ID]*paymentRecord // of attempts, captures, refunds and reversals
	methods      map[ident.ID]*methodRecord
	versions     map[ident.ID]int64 // of every versioned object
	accounts     map[accountKey]*accountRecord
	claims       map[claimKey]*claimRecord
	descriptions map[string]bool // of payments: each names one request
	events       [][]event.Event // by shard
	calls        map[ident.ID]*callRecord
	unsettled    map[ident.ID]string // operations that are open
	disputes     map[ident.ID]*disputeRecord
	cases        map[disputeKey]*disputeCase
	challenges   map[ident.ID]bool // those that their cardholders have ended: passed

	objects     map[ident.ID]ident.Kind // what wallets' requests have made
	asked       map[adjustmentName][]money.Amount
	adjustments map[adjustmentName]*adjustmentRecord
	transfers   map[ident.ID]*transferRecord
	holds       map[ident.ID]*holdRecord
	expires     map[ident.ID]time.Time // when authorizations were to end at first
	batches     map[ident.ID]*batchRecord
	storing     map[string]*request // by an item's description: its batch
	payouts     map[ident.ID]wallet.Payout
	settling    map[settlementName][]settlementValues // what was asked for
	settlements map[settlementName]*settlementRecord
	wanted      map[string]*request   // by description
	byBody      map[[16]byte]*request // by digest
}

// moment is a value from a commit on.
type moment[T any] struct {
	seq   int64
	value T
}

// paymentRecord is what the auditor knows of a payment.
type paymentRecord struct {
	row      payment.Payment         // without children
	states   []moment[payment.State] // as the commits left it
	events   []event.Event           // by version
	attempts []payment.Attempt
	captures []*captureRecord
	refunds  []*refundRecord
	disputes []*disputeRecord
	chain    int       // attempts since somebody asked for one
	began    time.Time // when somebody did
	told     int64     // the greatest version that a client was told

	cancelAsked bool // by a client
}

// refundRecord is what the auditor knows of a refund.
type refundRecord struct {
	row    payment.Refund
	states []refundState
}

// refundState is the part of a refund that clients are told.
type refundState struct {
	status    payment.OperationStatus
	reason    problem.Code
	version   int64
	minor     int64
	reference string
}

func stateOf(r payment.Refund) refundState {
	return refundState{r.Status, r.Reason, r.Version, r.Amount.Minor, r.Reference}
}

// captureRecord is what the auditor knows of a capture.
type captureRecord struct {
	row    payment.Capture
	states []captureState
}

// captureState is the part of a capture that clients are told.
type captureState struct {
	status  payment.OperationStatus
	reason  problem.Code
	version int64
	minor   int64
	final   bool
}

func captureStateOf(c payment.Capture) captureState {
	return captureState{c.Status, c.Reason, c.Version, c.Minor, c.Final}
}

func (r *paymentRecord) capture(id ident.ID) *captureRecord {
	i := slices.IndexFunc(r.captures, func(c *captureRecord) bool { return c.row.ID == id })
	if i < 0 {
		return nil
	}
	return r.captures[i]
}

// methodRecord is what the auditor knows of a payment method.
type methodRecord struct {
	row     vault.PaymentMethod
	number  string // the card's
	gone    int    // the step in which a client was told of its deletion
	deleted int64  // the commit that deleted it
}

// accountKey names an account among all shards.
type accountKey struct {
	shard int
	ledger.Key
}

// accountRecord is an account as its entries make it.
type accountRecord struct {
	seq, balance int64
	history      []moment[was] // of a user's
}

// claimKey is what makes an idempotency key unique.
type claimKey struct {
	scope string
	user  int64
	key   string
}

func keyOf(c store.Claim) claimKey { return claimKey{c.Scope, c.UserID, c.Key} }

// claimRecord is what the auditor knows of a key.
type claimRecord struct {
	seq      int64 // of the commit that won it
	claim    store.Claim
	state    *payment.State // the final answer that was told
	refund   *refundState
	capture  *captureState
	transfer *transferState
	step     int // in which it was told
}

// callRecord is what was sent to a gateway under an operation's id.
type callRecord struct {
	at      *provider
	times   int
	excused bool // it came too late, or lands too late: the gateway's promise is off
}

func newAuditor(w *world) *auditor {
	return &auditor{
		w: w, payments: map[ident.ID]*paymentRecord{}, owner: map[ident.ID]*paymentRecord{},
		methods: map[ident.ID]*methodRecord{}, versions: map[ident.ID]int64{},
		accounts: map[accountKey]*accountRecord{}, claims: map[claimKey]*claimRecord{},
		descriptions: map[string]bool{}, events: make([][]event.Event, w.cfg.Shards),
		calls: map[ident.ID]*callRecord{}, unsettled: map[ident.ID]string{}, challenges: map[ident.ID]bool{},
		expires: map[ident.ID]time.Time{}, batches: map[ident.ID]*batchRecord{}, storing: map[string]*request{},
		payouts: map[ident.ID]wallet.Payout{}, settling: map[settlementName][]settlementValues{},
		settlements: map[settlementName]*settlementRecord{},
		disputes:    map[ident.ID]*disputeRecord{}, cases: map[disputeKey]*disputeCase{},
		objects: map[ident.ID]ident.Kind{}, asked: map[adjustmentName][]money.Amount{},
		adjustments: map[adjustmentName]*adjustmentRecord{}, transfers: map[ident.ID]*transferRecord{},
		holds: map[ident.ID]*holdRecord{}, wanted: map[string]*request{}, byBody: map[[16]byte]*request{},
	}
}

func (a *auditor) fail(format string, args ...any) { a.w.fail("audit: "+format, args...) }

// open says which operations are open; "" for none.
func (a *auditor) open() string {
	var all []string
	a.overdue(func(id ident.ID) { all = append(all, id.Text(ident.Attempt)+", which has expired") })
	for _, what := range a.unsettled {
		all = append(all, what)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// note opens or settles an operation.
func (a *auditor) note(id ident.ID, kind ident.Kind, open bool) {
	if open {
		a.unsettled[id] = id.Text(kind)
	} else {
		delete(a.unsettled, id)
	}
}

// had tells whether the payment has ever been in a state. Between two commands
// of one group it may have been in one that only its event knows.
func (r *paymentRecord) had(state payment.State) bool {
	match := func(m moment[payment.State]) bool {
		if state.Version == 0 { // rebuilt from the attempt
			m.value.Version = 0
		}
		return m.value == state
	}
	if slices.ContainsFunc(r.states, match) {
		return true
	}
	for v := int64(1); state.Version == 0 && v <= int64(len(r.events)); v++ {
		at := state
		if at.Version = v; r.had(at) {
			return true
		}
	}
	if state.Version < 1 || state.Version > int64(len(r.events)) {
		return false
	}
	var told struct {
		Status   payment.Status
		Reason   problem.Code
		Attempt  string
		Gateway  string
		Captured int64 `json:"amount_captured"`
	}
	err := json.Unmarshal(r.events[state.Version-1].Data, &told)
	return err == nil && told.Status == state.Status && told.Reason == state.Reason &&
		told.Attempt == state.Attempt.Text(ident.Attempt) && told.Gateway == state.Gateway &&
		told.Captured == state.CapturedMinor
}

// since returns the states in which the payment has been after a commit.
func (r *paymentRecord) since(seq int64) []payment.State {
	var states []payment.State
	for i, m := range r.states {
		if i+1 == len(r.states) || r.states[i+1].seq > seq {
			states = append(states, m.value)
		}
	}
	return states
}

func (r *paymentRecord) attempt(id ident.ID) (payment.Attempt, bool) {
	i := slices.IndexFunc(r.attempts, func(a payment.Attempt) bool { return a.ID == id })
	if i < 0 {
		return payment.Attempt{}, false
	}
	return r.attempts[i], true
}

func (r *paymentRecord) refund(id ident.ID) *refundRecord {
	i := slices.IndexFunc(r.refunds, func(f *refundRecord) bool { return f.row.ID == id })
	if i < 0 {
		return nil
	}
	return r.refunds[i]
}

// stands tells whether an attempt's charge stands.
func stands(a payment.Attempt) bool {
	return a.Outcome == payment.OutcomeApproved && (a.Reversal == nil || a.Reversal.Rest)
}

// number returns the card behind a payment method's name; "" for none.
func (a *auditor) number(method string) string {
	if id, err := ident.Parse(ident.PaymentMethod, method); err == nil {
		if m := a.methods[id]; m != nil {
			return m.number
		}
		return ""
	}
	card, _ := vault.TestMethod(method)
	return card.Number
}
