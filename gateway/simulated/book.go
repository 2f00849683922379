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
	// unsettled are the refunds and voids that were read before their charge.
	unsettled []uint32
}

const chunkSize = 4096

// record is an operation. It holds no pointer, so that the collector need not
// look into it.
type record struct {
	parent   ident.ID // as of request
	minor    int64
	returned int64 // of a charge: what refunds and voids have taken back
	atMS     int64
	last4    digits
	currency [3]byte
	kind     byte // a Kind's first letter
	reason   uint8
}

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
	return &book{index: map[ident.ID]uint32{}, reasons: []problem.Code{""}}
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

// add takes an entry in; one of an operation that is known already is nothing
// new.
func (b *book) add(e *Entry) {
	if _, known := b.index[e.Operation]; !known {
		b.insert(e)
	}
}

// insert is add for an operation that is not known yet.
func (b *book) insert(e *Entry) {
	r := record{
		parent: e.Payment, minor: e.Amount.Minor, atMS: e.At.UnixMilli(),
		last4: parseDigits(e.Last4), kind: e.Kind[0], reason: b.reason(e.Outcome.Reason),
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
	if e.Kind != KindCharge && r.reason == 0 && !b.settle(&r) {
		b.unsettled = append(b.unsettled, i)
	}
}

// settle counts an approved refund or void against its charge; false while that
// is not known.
func (b *book) settle(r *record) bool {
	charge := b.find(r.parent)
	if charge == nil {
		return false
	}
	charge.returned += r.minor
	return true
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
	if r.reason != 0 {
		o.Status = gateway.Declined
	}
	return o
}

// matches tells whether the request is the one that the record came from.
func (r *record) matches(q request) bool {
	if r.kind != q.kind[0] || r.parent != q.parent || r.last4 != q.last4 {
		return false
	}
	return q.kind == KindVoid || r.minor == q.amount.Minor && string(r.currency[:]) == string(q.amount.Currency)
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
	if r.kind == KindCharge[0] {
		return e
	}
	e.Kind = KindRefund
	if r.kind == KindVoid[0] {
		e.Kind = KindVoid
	}
	e.Charge, e.Payment = r.parent, ident.ID{}
	if charge := b.find(r.parent); charge != nil && charge.kind == KindCharge[0] {
		e.Payment = charge.parent
	}
	return e
}
