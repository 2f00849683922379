package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// Journal visits every operation that a gateway knows of.
type Journal func(visit func(Operation) error) error

// OperationKind is what an operation does.
type OperationKind uint8

// The kinds.
const (
	Charge OperationKind = iota
	Refund
	Void
	Capture
)

var operationKinds = [...]ident.Kind{
	Charge: ident.Attempt, Refund: ident.Refund, Void: ident.Reversal, Capture: ident.Capture,
}

// Operation is a charge, capture, refund or void as a gateway's journal has it, or
// the news that one has failed since.
type Operation struct {
	ID       ident.ID
	Kind     OperationKind
	Charge   ident.ID // what a capture, refund or void is of
	Payment  ident.ID // zero when the gateway does not know
	Amount   money.Amount
	Approved bool
	// Failed is of a refund that was approved, which another entry tells, and has
	// failed later.
	Failed bool
}

// journal is what the gateways' journals say, and what of the store does not
// agree with it.
type journal struct {
	approved index[theirs]
	gateways []string // by number
	read     int64

	mu          sync.Mutex
	disagreeing []operation
	rechecked   int64
}

func (j *journal) add(some []operation) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.disagreeing = append(j.disagreeing, some...)
}

// theirs is an approved operation as a gateway has it.
type theirs struct {
	minor    int64
	parent   ident.ID // of a charge the payment, else the charge
	currency [3]byte
	kind     OperationKind
	gateway  uint8
	met      bool // the store has it too
	failed   bool // later
}

func theirsOf(o Operation, gateway int) theirs {
	t := theirs{
		minor: o.Amount.Minor, parent: o.Charge, currency: code(o.Amount.Currency), kind: o.Kind, gateway: uint8(gateway),
	}
	if o.Kind == Charge {
		t.parent = o.Payment
	}
	return t
}

// operation is one as the store has it, to be held against a journal.
type operation struct {
	id       ident.ID
	payment  ident.ID
	gateway  string
	kind     OperationKind
	missing  bool // the store does not have it
	approved bool
	open     bool
	failed   bool // after it had been approved
	minor    int64
	parent   ident.ID
	currency [3]byte
}

// errTooMany gateways: their numbers are bytes.
var errTooMany = errors.New("more than 255 gateways have a journal")

// readJournals keeps what the journals say is approved.
func (a *audit) readJournals() error {
	j := &a.journal
	for name := range a.cfg.Journals {
		j.gateways = append(j.gateways, name)
	}
	slices.Sort(j.gateways)
	if len(j.gateways) > 255 {
		return errTooMany
	}
	var failed []ident.ID
	for number, name := range j.gateways {
		err := a.cfg.Journals[name](func(o Operation) error {
			if o.Failed {
				failed = append(failed, o.ID)
				return nil
			}
			j.read++
			if o.Approved {
				j.approved.add(o.ID, theirsOf(o, number))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("journal of gateway %s: %w", name, err)
		}
	}
	j.approved.sort()
	var last ident.ID
	j.approved.all(func(id ident.ID, t *theirs) {
		if id == last {
			a.sum.fail(ChargedOnce, operationKinds[t.kind], id, "is approved twice in the gateways' journals")
		}
		last = id
	})
	var at finger
	for _, id := range failed {
		if t := j.approved.one(&at, id); t != nil {
			t.failed = true
		}
	}
	return nil
}

// holdAgainstJournals compares a payment's operations with the journals.
func (s *shard) holdAgainstJournals(p payment.Payment) (err error) {
	if len(s.cfg.Journals) == 0 && len(s.cfg.Absent) == 0 {
		return nil
	}
	eachOperation(p, func(o operation) {
		if o.approved && slices.Contains(s.cfg.Absent, o.gateway) {
			err = JournalAbsentError{o.gateway}
		}
		if s.cfg.Journals[o.gateway] == nil {
			return
		}
		s.check(ChargedOnce)
		t := s.journal.approved.one(&s.journalAt, o.id)
		if t != nil {
			t.met = true
		}
		if s.journal.disagreement(o, t) != "" {
			s.disagreeing = append(s.disagreeing, o)
		}
	})
	return err
}

// JournalAbsentError says that the store has what a gateway has approved, and the
// gateway's journal is not there to confirm it.
type JournalAbsentError struct{ Gateway string }

// Error implements error.
func (e JournalAbsentError) Error() string {
	return "the journal of gateway " + e.Gateway + " is not there, and the store has payments of it"
}

// eachOperation visits what was asked of gateways for a payment.
func eachOperation(p payment.Payment, visit func(operation)) {
	currency := code(p.Amount.Currency)
	for _, a := range p.Attempts {
		visit(operation{
			id: a.ID, payment: p.ID, gateway: a.Gateway, kind: Charge,
			approved: a.Outcome == payment.OutcomeApproved, open: a.Outcome.Open() || !a.Inquiry.At.IsZero(),
			minor: a.Minor, parent: p.ID, currency: currency,
		})
		if a.Reversal != nil {
			visit(operation{
				id: a.Reversal.ID, payment: p.ID, gateway: a.Gateway, kind: Void,
				approved: a.Reversal.Status == payment.OperationSucceeded,
				open:     a.Reversal.Status == payment.OperationPending,
				minor:    a.Minor, parent: a.ID, currency: currency,
			})
		}
	}
	for _, c := range p.Captures {
		if i := attemptOf(p, c); i >= 0 && p.CaptureMethod == payment.CaptureManual {
			visit(operation{
				id: c.ID, payment: p.ID, gateway: p.Attempts[i].Gateway, kind: Capture,
				approved: c.Status == payment.OperationSucceeded, open: c.Status == payment.OperationPending,
				minor: c.Minor, parent: c.Attempt, currency: currency,
			})
		}
	}
	for _, r := range p.Refunds {
		visit(operation{
			id: r.ID, payment: p.ID, gateway: r.Gateway, kind: Refund,
			approved: r.Status == payment.OperationSucceeded,
			open:     r.Status == payment.OperationPending,
			failed:   r.FailedLater(),
			minor:    r.Amount.Minor, parent: r.Attempt, currency: code(r.Amount.Currency),
		})
	}
}

// disagreement says in what the store and a journal differ about an operation; ""
// when they do not. t is nil when the journal has no approval of it.
func (j *journal) disagreement(o operation, t *theirs) string {
	switch {
	case t == nil && o.missing:
		return ""
	case t == nil && o.approved:
		return "is approved here, and not in the gateway's journal"
	case t == nil:
		return ""
	case o.missing:
		return "is approved by the gateway, and not in the store"
	case j.gateways[t.gateway] != o.gateway:
		return "was approved by gateway " + j.gateways[t.gateway] + ", not by " + o.gateway
	case t.kind != o.kind || t.parent != o.parent || t.currency != o.currency:
		return "is of something else in the gateway's journal"
	case t.kind != Void && t.minor != o.minor:
		return fmt.Sprintf("is %d here, and %d in the gateway's journal", o.minor, t.minor)
	case t.failed && o.approved:
		return "has failed at the gateway since, and not here"
	case !t.failed && o.failed:
		return "has failed here since, and not at the gateway"
	case !o.approved && !o.open && !t.failed:
		return "is approved by the gateway, and not here"
	}
	return ""
}

// unknownOperations collects what the gateways have approved and the store does
// not have.
func (a *audit) unknownOperations() {
	j := &a.journal
	var at finger
	j.approved.all(func(id ident.ID, t *theirs) {
		if t.met {
			return
		}
		payment := t.parent
		if t.kind != Charge {
			charge := j.approved.one(&at, payment)
			if payment = (ident.ID{}); charge != nil {
				payment = charge.parent
			}
		}
		j.disagreeing = append(j.disagreeing, operation{
			id: id, payment: payment, gateway: j.gateways[t.gateway], kind: t.kind, missing: true,
		})
	})
	j.rechecked = int64(len(j.disagreeing))
}

// maxLookups is how many payments the second look reads again.
const maxLookups = 50_000

// lookAgain reads the journals, and the payments at fault, a second time: what
// still does not agree is broken.
func (a *audit) lookAgain(ctx context.Context) error {
	j := &a.journal
	if len(j.disagreeing) == 0 {
		return nil
	}
	if err := a.cfg.Clock.Sleep(ctx, a.cfg.Again); err != nil {
		return err
	}
	wanted := make(map[ident.ID]*theirs, len(j.disagreeing))
	failed := map[ident.ID]bool{}
	for _, o := range j.disagreeing {
		wanted[o.id] = nil
	}
	for number, name := range j.gateways {
		err := a.cfg.Journals[name](func(o Operation) error {
			_, ok := wanted[o.ID]
			switch {
			case !ok:
			case o.Failed:
				failed[o.ID] = true
			case o.Approved:
				t := theirsOf(o, number)
				wanted[o.ID] = &t
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("journal of gateway %s: %w", name, err)
		}
	}
	lookups := 0
	for _, o := range j.disagreeing {
		t := wanted[o.id]
		if t != nil {
			t.failed = failed[o.id]
		}
		text := j.disagreement(o, t)
		if text != "" && lookups < maxLookups {
			lookups++
			again, err := a.operation(ctx, o)
			if err != nil {
				return err
			}
			text = j.disagreement(again, t)
		}
		if text != "" {
			a.sum.fail(ChargedOnce, operationKinds[o.kind], o.id, "%s", text)
		}
	}
	return nil
}

// operation reads an operation as the store has it now.
func (a *audit) operation(ctx context.Context, o operation) (operation, error) {
	now := o
	now.missing = true
	if o.payment.IsZero() {
		return now, nil
	}
	p, err := a.cfg.Store.Payment(ctx, o.payment)
	if errors.Is(err, store.ErrNotFound) {
		return now, nil
	}
	if err != nil {
		return now, err
	}
	eachOperation(p, func(found operation) {
		if found.id == o.id {
			now = found
		}
	})
	return now, nil
}
