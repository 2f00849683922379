package simulated

import (
	"slices"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/money"
	"florin/problem"
)

// book is what the gateway remembers of every operation, some 80 bytes each. It
// is not safe for concurrent use.
type book struct {
	index  map[ident.ID]uint32
	chunks [][]record // all full but the last
	count  uint32
	// reasons are the declines' codes that have occurred; 0 stands for none.
	reasons []problem.Code
	// unsettled are the captures, refunds and voids that were read before their
	// charge, and failed the failures that were read before their refund.
	unsettled  []uint32
	failed     map[ident.ID]problem.Code
	name, base string // of the gateway, and where its challenges are served
	// words are what Entry.Later has been; "" is 0.
	words []string
	// returns are the challenges' return URLs.
	returns map[ident.ID]string
	// followed counts the entries with a Due time.
	followed int
}

const chunkSize = 4096

// record is an operation. It holds no pointer, so that the collector need not
// look into it.
type record struct {
	parent   ident.ID // as of request
	minor    int64
	returned int64 // of a charge: what refunds and voids have taken back
	captured int64 // of a charge that was authorized
	atMS     int64
	dueMS    int64 // 0 for none
	last4    digits
	currency [3]byte
	kind     byte // a Kind's letter
	reason   uint8
	then     uint8
	later    uint8
	state    state
	flags    flags
}

// state tells how open an operation is.
type state uint8

const (
	ended state = iota
	challenged
	pending
)

// flags are what an operation was asked with, and what became of a charge.
type flags uint8

const (
	toCapture flags = 1 << iota // Entry.Authorize
	isFinal                     // Entry.Final
	isRest                      // Entry.Rest
	closed                      // nothing can be captured any more
	hasChallenge
	askedFlags = toCapture | isFinal | isRest
)

// digits are a card's last four, as a number; noDigits when there are none.
type digits uint16

const noDigits digits = 0xffff

func parseDigits(last4 string) digits {
	if len(last4) != 4 {
		return noDigits
	}
	var d digits
	for _, c := range []byte(last4) {
		if c < '0' || c > '9' {
			return noDigits
		}
		d = 10*d + digits(c-'0')
	}
	return d
}

func (d digits) String() string {
	if d == noDigits {
		return ""
	}
	return string([]byte{'0' + byte(d/1000), '0' + byte(d/100%10), '0' + byte(d/10%10), '0' + byte(d%10)})
}

func newBook() *book {
	return &book{
		index: map[ident.ID]uint32{}, reasons: []problem.Code{""}, words: []string{""},
		failed: map[ident.ID]problem.Code{}, returns: map[ident.ID]string{},
	}
}

func (b *book) at(i uint32) *record { return &b.chunks[i/chunkSize][i%chunkSize] }

// find returns the operation's record; nil when there is none.
func (b *book) find(operation ident.ID) *record {
	i, ok := b.index[operation]
	if !ok {
		return nil
	}
	return b.at(i)
}

// add takes an entry in. One of an operation that is known already is nothing
// new, unless that was open or has failed since.
func (b *book) add(e *Entry) {
	known := b.find(e.Operation)
	switch {
	case e.Kind == KindFailure && known == nil:
		b.failed[e.Operation] = e.Outcome.Reason
	case e.Kind == KindFailure:
		b.fail(known, e.Outcome.Reason)
	case known == nil:
		b.insert(e)
	case known.state != ended && stateOf(e) == ended:
		b.end(known, e)
	}
}

func stateOf(e *Entry) state {
	switch e.Outcome.Status {
	case gateway.RequiresAction:
		return challenged
	case gateway.Pending:
		return pending
	default:
		return ended
	}
}

// end gives an open operation its outcome.
func (b *book) end(r *record, e *Entry) {
	r.state, r.reason, r.minor, r.dueMS = ended, b.reason(e.Outcome.Reason), e.Amount.Minor, millis(e.Due)
	if e.Kind != KindCharge && r.reason == 0 && !b.settle(r) {
		b.unsettled = append(b.unsettled, b.index[e.Operation])
	}
}

// fail takes an approved refund back.
func (b *book) fail(r *record, reason problem.Code) {
	if r.reason != 0 {
		return
	}
	r.reason = b.reason(reason) // dueMS stays: the failure is told again when the journals are opened
	if charge := b.find(r.parent); charge != nil {
		charge.returned -= r.minor
	}
}

func flagsOf(e *Entry) (f flags) {
	if e.Authorize {
		f |= toCapture
	}
	if e.Final {
		f |= isFinal
	}
	if e.Rest {
		f |= isRest
	}
	if e.Outcome.Status == gateway.RequiresAction {
		f |= hasChallenge
	}
	return f
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// insert is add for an operation that is not known yet.
func (b *book) insert(e *Entry) {
	r := record{
		parent: e.Payment, minor: e.Amount.Minor, atMS: e.At.UnixMilli(),
		last4: parseDigits(e.Last4), kind: e.Kind.letter(), reason: b.reason(e.Outcome.Reason),
	}
	r.dueMS, r.then, r.later, r.state = millis(e.Due), b.reason(e.Then), b.word(e.Later), stateOf(e)
	r.flags = flagsOf(e)
	if r.dueMS != 0 {
		b.followed++
	}
	if e.ReturnURL != "" {
		b.returns[e.Operation] = e.ReturnURL
	}
	copy(r.currency[:], e.Amount.Currency)
	if e.Kind != KindCharge {
		r.parent = e.Charge
	}
	i := b.count
	if i%chunkSize == 0 {
		b.chunks = append(b.chunks, make([]record, chunkSize))
	}
	*b.at(i) = r
	b.index[e.Operation] = i
	b.count++
	if e.Kind != KindCharge && r.reason == 0 && r.state == ended && !b.settle(&r) {
		b.unsettled = append(b.unsettled, i)
	}
	if reason, failed := b.failed[e.Operation]; failed {
		delete(b.failed, e.Operation)
		b.unsettled = slices.DeleteFunc(b.unsettled, func(u uint32) bool { return u == i })
		b.fail(b.at(i), reason)
	}
}

// settle counts an approved capture, refund or void against its charge; false
// while that is not known.
func (b *book) settle(r *record) bool {
	charge := b.find(r.parent)
	if charge == nil {
		return false
	}
	switch {
	case r.kind == KindEvidence.letter():
	case r.kind == KindCapture.letter():
		charge.captured += r.minor
		if r.flags&isFinal != 0 {
			charge.flags |= closed
		}
	case r.flags&isRest != 0:
		charge.flags |= closed
	default:
		charge.returned += r.minor
		if r.kind == KindVoid.letter() {
			charge.flags |= closed
		}
	}
	return true
}

func (b *book) word(word string) uint8 {
	i := slices.Index(b.words, word)
	if i < 0 {
		i = len(b.words)
		b.words = append(b.words, word)
	}
	if i > 255 {
		panic("simulated: more than 255 different words follow charges")
	}
	return uint8(i)
}

// settleAll does it for those that came before their charge.
func (b *book) settleAll() {
	b.unsettled = slices.DeleteFunc(b.unsettled, func(i uint32) bool { return b.settle(b.at(i)) })
}

func (b *book) reason(code problem.Code) uint8 {
	i := slices.Index(b.reasons, code)
	if i < 0 {
		i = len(b.reasons)
		b.reasons = append(b.reasons, code)
	}
	if i > 255 {
		panic("simulated: a decline has more than 255 different reasons")
	}
	return uint8(i)
}

// outcome returns what was answered to the operation whose record it is.
func (b *book) outcome(operation ident.ID, r *record) gateway.Outcome {
	o := gateway.Outcome{Status: gateway.Approved, Reason: b.reasons[r.reason], Reference: Reference(operation)}
	switch {
	case r.state == challenged:
		o.Status, o.RedirectURL = gateway.RequiresAction, b.challengeURL(operation)
	case r.state == pending:
		o.Status = gateway.Pending
	case r.reason != 0:
		o.Status = gateway.Declined
	}
	return o
}

// matches tells whether the request is the one that the record came from.
func (r *record) matches(q request) bool {
	if r.kind != q.kind.letter() || r.flags&askedFlags != q.flags || r.parent != q.parent || r.last4 != q.last4 {
		return false
	}
	if q.kind == KindVoid || q.kind == KindEvidence { // which say no amount
		return true
	}
	return r.minor == q.amount.Minor && string(r.currency[:]) == string(q.amount.Currency)
}

// each visits every operation in the order in which it was added.
func (b *book) each(visit func(Entry) error) error {
	ids := make([]ident.ID, b.count)
	for id, i := range b.index {
		ids[i] = id
	}
	for i, id := range ids {
		if err := visit(b.entry(id, b.at(uint32(i)))); err != nil {
			return err
		}
	}
	return nil
}

func (b *book) entry(operation ident.ID, r *record) Entry {
	e := Entry{
		Operation: operation, Kind: KindCharge, Payment: r.parent, Amount: money.Amount{Minor: r.minor},
		Last4: r.last4.String(), Outcome: b.outcome(operation, r), At: time.UnixMilli(r.atMS).UTC(),
	}
	if r.currency != [3]byte{} {
		e.Amount.Currency = money.Currency(r.currency[:])
	}
	e.Authorize, e.Final, e.Rest = r.flags&toCapture != 0, r.flags&isFinal != 0, r.flags&isRest != 0
	e.Then, e.Later = b.reasons[r.then], b.words[r.later]
	if r.dueMS != 0 {
		e.Due = time.UnixMilli(r.dueMS).UTC()
	}
	for _, kind := range entryKinds {
		if kind.letter() == r.kind {
			e.Kind = kind
		}
	}
	if e.Kind == KindCharge {
		return e
	}
	e.Charge, e.Payment = r.parent, ident.ID{}
	if charge := b.find(r.parent); charge != nil && charge.kind == KindCharge.letter() {
		e.Payment = charge.parent
	}
	return e
}
