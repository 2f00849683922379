package payment

import (
	"slices"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
)

// DisputeStatus is where a dispute stands.
type DisputeStatus string

// The statuses of disputes.
const (
	DisputeNeedsResponse DisputeStatus = "needs_response"
	DisputeUnderReview   DisputeStatus = "under_review"
	DisputeWon           DisputeStatus = "won"
	DisputeLost          DisputeStatus = "lost"
)

// DisputeStatuses lists every status of a dispute.
func DisputeStatuses() []DisputeStatus {
	return []DisputeStatus{DisputeNeedsResponse, DisputeUnderReview, DisputeWon, DisputeLost}
}

// Open tells whether the dispute is not decided yet.
func (s DisputeStatus) Open() bool { return s == DisputeNeedsResponse || s == DisputeUnderReview }

// Dispute is a cardholder's claim for what a charge took. The gateway takes the
// money back at once, and returns it when the dispute is won.
type Dispute struct {
	ID        ident.ID
	Payment   ident.ID
	Attempt   ident.ID // the charge
	UserID    int64
	Gateway   string
	Reference string // the gateway's own id of the dispute
	Amount    money.Amount
	Reason    string
	Status    DisputeStatus
	// WalletMinor is what the wallet of a disputed top-up still had of it.
	WalletMinor int64
	// Exceeds flags a dispute of more than was captured and not given back.
	Exceeds  bool
	Evidence string // what was told to the gateway
	// Submission is the operation that hands the evidence in; its inquiry ends
	// once the gateway has it.
	Submission ident.ID
	Inquiry    Inquiry
	Version    int64
}

// Disputed is the command that records a dispute which a gateway has opened.
type Disputed struct {
	ID        ident.ID
	Attempt   ident.ID
	Reference string
	Amount    money.Amount
	Reason    string
	// WalletMinor is the balance of the user's wallet, for a top-up.
	WalletMinor int64
	// Status is where it stands by now; "" for DisputeNeedsResponse.
	Status DisputeStatus
}

// DecideDispute records a dispute, whatever it is of: the gateway has the money
// already. It is the same dispute when gateway and reference are.
func DecideDispute(p Payment, d Disputed) (Changes, error) {
	i := slices.IndexFunc(p.Attempts, func(a Attempt) bool { return a.ID == d.Attempt })
	if i < 0 {
		return Changes{}, problem.New(problem.NotFound, "payment %s has no attempt %s",
			p.ID.Text(ident.Payment), d.Attempt.Text(ident.Attempt))
	}
	if _, known := p.Dispute(p.Attempts[i].Gateway, d.Reference); known {
		return Changes{Payment: p}, nil
	}
	if d.Reference == "" || d.Amount.Minor <= 0 || d.Amount.Minor > d.Amount.Currency.MaxMinor() ||
		d.Amount.Currency != p.Amount.Currency {
		return Changes{}, problem.New(problem.Internal, "a dispute %q of %s about %s", d.Reference, d.Amount, p.Amount)
	}
	disputed, err := money.Add(p.DisputedMinor, d.Amount.Minor)
	if err != nil {
		return Changes{}, err
	}
	dispute := Dispute{
		ID: d.ID, Payment: p.ID, Attempt: d.Attempt, UserID: p.UserID, Gateway: p.Attempts[i].Gateway,
		Reference: d.Reference, Amount: d.Amount, Reason: d.Reason, Status: DisputeNeedsResponse,
		Exceeds: d.Amount.Minor > p.RefundableMinor(), Version: 1,
	}
	if p.Purpose == WalletTopUp {
		dispute.WalletMinor = min(max(d.WalletMinor, 0), d.Amount.Minor, p.broughtBy(p.Attempts[i]))
	}
	p.keepAnswer()
	p.DisputedMinor = disputed
	p.Disputes = append(p.Disputes[:len(p.Disputes):len(p.Disputes)], dispute)
	changes := Changes{
		Changed:  true,
		Disputes: []Change[Dispute]{{Value: dispute, New: true}},
		Events:   []event.Event{dispute.event(event.DisputeCreated)},
	}
	p.bookDispute(dispute, &changes)
	changes, err = changes.of(p)
	if err != nil || d.Status == "" {
		return changes, err
	}
	return changes.movedOn(d)
}

// movedOn takes a dispute that was opened just now to where it stands: notices
// come in any order, and the first one may tell how it ended.
func (c Changes) movedOn(d Disputed) (Changes, error) {
	next, err := DecideDisputeOutcome(c.Payment, SettleDispute{Dispute: d.ID, Status: d.Status})
	if err != nil || len(next.Disputes) == 0 {
		return c, err
	}
	c.Payment, c.Disputes[0].Value = next.Payment, next.Disputes[0].Value
	c.Transactions = append(c.Transactions, next.Transactions...)
	c.Events = append(c.Events, next.Events...)
	return c, nil
}

// Dispute finds a dispute by its gateway's own id.
func (p Payment) Dispute(gateway, reference string) (Dispute, bool) {
	i := slices.IndexFunc(p.Disputes, func(d Dispute) bool { return d.Gateway == gateway && d.Reference == reference })
	if i < 0 {
		return Dispute{}, false
	}
	return p.Disputes[i], true
}

// SettleDispute is the command that records what a gateway says of a dispute.
type SettleDispute struct {
	Dispute ident.ID
	Status  DisputeStatus
}

// DecideDisputeOutcome moves a dispute on; a decided one stays as it is.
func DecideDisputeOutcome(p Payment, s SettleDispute) (Changes, error) {
	i, err := p.disputeAt(s.Dispute)
	if err != nil {
		return Changes{}, err
	}
	if !slices.Contains(DisputeStatuses(), s.Status) {
		return Changes{}, problem.New(problem.Internal, "%q is no status of a dispute", s.Status)
	}
	dispute := p.Disputes[i]
	if !dispute.Status.Open() || dispute.Status == s.Status || s.Status == DisputeNeedsResponse {
		return Changes{Payment: p}, nil
	}
	dispute.Status = s.Status
	dispute.Version++
	var changes Changes
	if !s.Status.Open() {
		dispute.Inquiry.At = time.Time{}
	}
	if s.Status == DisputeWon {
		p.keepAnswer()
		p.DisputedMinor -= dispute.Amount.Minor
		changes.Changed = true
	}
	p.setDispute(i, dispute, &changes)
	changes.Events = append(changes.Events, dispute.event(disputeEvents[s.Status]))
	p.bookDispute(dispute, &changes)
	return changes.of(p)
}

// Submit is the command that answers a dispute with evidence.
type Submit struct {
	Dispute   ident.ID
	Text      string
	Operation ident.ID
	InquireAt time.Time
}

// DecideEvidence keeps the evidence, to be handed in to the gateway.
func DecideEvidence(p Payment, s Submit) (Changes, error) {
	i, err := p.disputeAt(s.Dispute)
	if err != nil {
		return Changes{}, err
	}
	dispute := p.Disputes[i]
	if dispute.Status != DisputeNeedsResponse {
		return Changes{}, problem.New(problem.WrongState, "a dispute that is %s takes no evidence", dispute.Status)
	}
	dispute.Status, dispute.Evidence, dispute.Submission = DisputeUnderReview, s.Text, s.Operation
	dispute.Inquiry.At = s.InquireAt
	dispute.Version++
	changes := Changes{Events: []event.Event{dispute.event(event.DisputeUnderReview)}}
	p.setDispute(i, dispute, &changes)
	return changes.of(p)
}

// Submitted is the command that records whether the gateway has the evidence.
type Submitted struct {
	Dispute   ident.ID
	Done      bool
	InquireAt time.Time // when to hand it in again
}

// DecideSubmitted ends the handing in, or puts the next try off. No version of
// the dispute tells it.
func DecideSubmitted(p Payment, s Submitted) (Changes, error) {
	i, err := p.disputeAt(s.Dispute)
	if err != nil {
		return Changes{}, err
	}
	dispute := p.Disputes[i]
	if dispute.Inquiry.At.IsZero() {
		return Changes{Payment: p}, nil
	}
	dispute.Inquiry.Count++
	dispute.Inquiry.At = s.InquireAt
	if s.Done {
		dispute.Inquiry.At = time.Time{}
	}
	var changes Changes
	p.setDispute(i, dispute, &changes)
	return changes.of(p)
}

func (p Payment) disputeAt(id ident.ID) (int, error) {
	i := slices.IndexFunc(p.Disputes, func(d Dispute) bool { return d.ID == id })
	if i < 0 {
		return 0, problem.New(problem.NotFound, "payment %s has no dispute %s",
			p.ID.Text(ident.Payment), id.Text(ident.Dispute))
	}
	return i, nil
}

func (p *Payment) setDispute(i int, dispute Dispute, changes *Changes) {
	p.Disputes = slices.Clone(p.Disputes)
	p.Disputes[i] = dispute
	changes.Disputes = append(changes.Disputes, Change[Dispute]{Value: dispute})
}

// bookDispute posts what the dispute's status says. What a top-up brought is
// taken from the wallet, as far as that has it, and lost at once as to the rest:
// then nothing is left to book when it is lost.
func (p *Payment) bookDispute(d Dispute, changes *Changes) {
	part := func(debit, credit ledger.Name, minor int64) ledger.Posting {
		return ledger.Posting{
			Debit: debit, Credit: credit, Amount: money.Amount{Minor: minor, Currency: d.Amount.Currency},
		}
	}
	receivable, wallet := ledger.Receivable(d.Gateway), ledger.Wallet(d.UserID)
	all, rest := d.Amount.Minor, d.Amount.Minor-d.WalletMinor
	topUp := p.Purpose == WalletTopUp
	var kind ledger.Kind
	var postings []ledger.Posting
	switch {
	case d.Status == DisputeNeedsResponse && topUp:
		kind = ledger.KindDisputeOpened
		postings = []ledger.Posting{part(wallet, receivable, d.WalletMinor), part(ledger.Losses, receivable, rest)}
	case d.Status == DisputeNeedsResponse:
		kind, postings = ledger.KindDisputeOpened, []ledger.Posting{part(ledger.Disputes, receivable, all)}
	case d.Status == DisputeWon && topUp:
		kind = ledger.KindDisputeWon
		postings = []ledger.Posting{part(receivable, wallet, d.WalletMinor), part(receivable, ledger.Losses, rest)}
	case d.Status == DisputeWon:
		kind, postings = ledger.KindDisputeWon, []ledger.Posting{part(receivable, ledger.Disputes, all)}
	case d.Status == DisputeLost && !topUp:
		kind, postings = ledger.KindDisputeLost, []ledger.Posting{part(ledger.Losses, ledger.Disputes, all)}
	default:
		return
	}
	postings = slices.DeleteFunc(postings, func(posting ledger.Posting) bool { return posting.Amount.Minor == 0 })
	changes.Transactions = append(changes.Transactions,
		ledger.NewTransaction(kind, p.UserID, d.ID, p.ID, postings...))
}

// broughtBy returns what a charge has brought its user's wallet and was not taken
// out of it again.
func (p Payment) broughtBy(a Attempt) int64 {
	if !a.Stands() {
		return 0
	}
	return max(p.RefundableMinor(), 0)
}
