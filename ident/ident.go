// Package ident makes and reads ids. An id is a UUIDv7 (RFC 9562) whose last
// 18 bits are 2 of the issuing region and 16 of the user's bucket, so that any
// id leads to its shard without a lookup, sorts by time and tells its month:
//
//	48 bits  milliseconds since 1970
//	 4 bits  version, 7
//	12 bits  counter within the millisecond
//	 2 bits  variant, 10
//	44 bits  chance
//	 2 bits  region
//	16 bits  bucket: user_id mod 65536
//
// On the wire it is its kind's prefix, an underscore and 32 hexadecimal digits:
// pay_0192f3a4b5c67d008123456789abcdef.
package ident

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Buckets is the number of buckets that users fall into.
const Buckets = 65536

// Kind is what an id names; it is the prefix on the wire.
type Kind string

// The kinds.
const (
	Payment       Kind = "pay"
	Attempt       Kind = "att"
	Capture       Kind = "cap"
	Refund        Kind = "ref"
	Reversal      Kind = "rev"
	PaymentMethod Kind = "pm"
	Event         Kind = "evt"
	Transaction   Kind = "txn"
	Entry         Kind = "ent"
	Transfer      Kind = "trf"
	Hold          Kind = "hold"
	Payout        Kind = "po"
	Dispute       Kind = "dp"
	Webhook       Kind = "we"
	APIKey        Kind = "key"
	Request       Kind = "req"
	Group         Kind = "grp"
	Batch         Kind = "batch"
)

// ID is a UUIDv7 as above. The zero ID names nothing.
type ID [16]byte

// ErrSyntax is returned for text that is no id of the wanted kind.
var ErrSyntax = errors.New("ident: not an id")

// Bucket returns the bucket of a user.
func Bucket(userID int64) uint16 { return uint16(userID & (Buckets - 1)) }

// Shard returns the shard of a user among n (a power of two): user_id mod n.
func Shard(userID int64, n int) int { return int(Bucket(userID)) & (n - 1) }

// IsZero tells whether the id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Time returns the id's own milliseconds, in UTC.
func (id ID) Time() time.Time { return time.UnixMilli(id.Millis()).UTC() }

// Millis returns the id's milliseconds since 1970.
func (id ID) Millis() int64 { return int64(binary.BigEndian.Uint64(id[:8]) >> 16) }

// Bucket returns the bucket of the user that the id belongs to.
func (id ID) Bucket() uint16 { return binary.BigEndian.Uint16(id[14:]) }

// Region returns the number, 0 to 3, of the region that issued the id.
func (id ID) Region() uint8 { return id[13] & 3 }

// Shard returns the id's shard among n, a power of two.
func (id ID) Shard(n int) int { return int(id.Bucket()) & (n - 1) }

// High returns the id's milliseconds and counter in 60 bits: unique within the
// process that issued the id, and ascending.
func (id ID) High() int64 {
	return id.Millis()<<12 | int64(binary.BigEndian.Uint16(id[6:])&0xfff)
}

// Low returns the id's last 64 bits. FromHalves(High, Low) is the id.
func (id ID) Low() int64 { return int64(binary.BigEndian.Uint64(id[8:])) }

// FromHalves is the inverse of High and Low.
func FromHalves(high, low int64) ID {
	var id ID
	binary.BigEndian.PutUint64(id[:8], uint64(high>>12)<<16|7<<12|uint64(high&0xfff))
	binary.BigEndian.PutUint64(id[8:], uint64(low))
	return id
}

// Compare orders ids by time: -1, 0 or 1.
func (id ID) Compare(other ID) int {
	for i := range id {
		switch {
		case id[i] < other[i]:
			return -1
		case id[i] > other[i]:
			return 1
		}
	}
	return 0
}

// Text writes the id with its kind's prefix; the zero id is "".
func (id ID) Text(kind Kind) string {
	if id.IsZero() {
		return ""
	}
	return string(id.Append(make([]byte, 0, len(kind)+33), kind))
}

// Append appends what Text writes.
func (id ID) Append(dst []byte, kind Kind) []byte {
	if id.IsZero() {
		return dst
	}
	dst = append(dst, kind...)
	dst = append(dst, '_')
	return hex.AppendEncode(dst, id[:])
}

// Parse reads an id of the wanted kind. An id of another kind, one that is no
// UUIDv7, or one in capitals, is ErrSyntax.
func Parse(kind Kind, text string) (ID, error) {
	var id ID
	n := len(kind)
	if len(text) != n+33 || text[:n] != string(kind) || text[n] != '_' {
		return ID{}, fmt.Errorf("%w of kind %s_", ErrSyntax, kind)
	}
	for i := n + 1; i < len(text); i++ {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ID{}, fmt.Errorf("%w of kind %s_", ErrSyntax, kind)
		}
	}
	if _, err := hex.Decode(id[:], []byte(text[n+1:])); err != nil {
		return ID{}, fmt.Errorf("%w of kind %s_", ErrSyntax, kind)
	}
	if id[6]>>4 != 7 || id[8]>>6 != 2 {
		return ID{}, fmt.Errorf("%w of kind %s_", ErrSyntax, kind)
	}
	return id, nil
}

// Source issues ids. It is safe for concurrent use, and its ids' High parts
// ascend strictly, whatever the clock does.
type Source struct {
	mu     sync.Mutex
	last   int64
	region uint8
	now    func() time.Time
	chance func() uint64
}

// NewSource returns a source for a region (0 to 3) that reads the time from now
// and takes its chance from chance.
func NewSource(region uint8, now func() time.Time, chance func() uint64) *Source {
	return &Source{region: region & 3, now: now, chance: chance}
}

// New issues an id for something that belongs to a user; 0 for what has none.
func (s *Source) New(userID int64) ID {
	s.mu.Lock()
	high := s.now().UnixMilli() << 12
	if high <= s.last {
		high = s.last + 1
	}
	s.last = high
	chance := s.chance()
	s.mu.Unlock()
	low := 1<<63 | (chance&(1<<44-1))<<18 | uint64(s.region)<<16 | uint64(Bucket(userID))
	return FromHalves(high, int64(low))
}

// Advance makes every further id's High greater than high: a store that holds
// ids up to high calls it before it takes new ones.
func (s *Source) Advance(high int64) {
	s.mu.Lock()
	s.last = max(s.last, high)
	s.mu.Unlock()
}

// First returns the least id of a moment: a lower bound for ids issued then or
// later. A moment that 48 bits of milliseconds cannot hold counts as the
// nearest one: 1970, or the year 10889.
func First(at time.Time) ID {
	millis := min(max(at.UnixMilli(), 0), 1<<48-1)
	return FromHalves(millis<<12, -1<<63)
}
