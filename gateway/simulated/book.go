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

// decide says what becomes of a new request.
func (b *book) decide(r request, now time.Time) Entry {
	e := Entry{
		Operation: r.operation, Kind: r.kind, Amount: r.amount, Last4: r.last4.String(),
		At: time.UnixMilli(now.UnixMilli()).UTC(),
	}
	left := int64(0)
	if r.kind == KindCharge {
		e.Payment = r.parent
	} else {
		e.Last4 = ""
		e.Charge = r.parent
		charge := b.find(r.parent)
		if charge == nil || charge.kind != KindCharge[0] {
			charge = &record{reason: 1}
		} else {
			e.Payment = charge.parent
		}
		if charge.reason == 0 {
			left = charge.minor - charge.returned
		}
		if r.kind == KindVoid && charge.minor != 0 {
			e.Amount.Currency = money.Currency(charge.currency[:])
		}
		if string(e.Amount.Currency) != string(charge.currency[:]) || charge.reason != 0 ||
			r.reference != "" && r.reference != Reference(r.parent) {
			r.refusal = problem.GatewayRejected
		}
	}
	switch {
	case r.kind == KindRefund && r.amount.Minor > left, r.kind != KindVoid && r.amount.Minor <= 0:
		r.refusal = problem.GatewayRejected
	case r.unlucky && r.refusal == "":
		r.refusal = problem.GenericDecline
	}
	e.Outcome = gateway.Outcome{Status: gateway.Approved, Reason: r.refusal, Reference: Reference(r.operation)}
	if r.refusal != "" {
		e.Outcome.Status = gateway.Declined
	} else if r.kind == KindVoid {
		e.Amount.Minor = left
	}
	return e
}
