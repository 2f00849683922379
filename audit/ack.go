package audit

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"florin/ident"
	"florin/payment"
)

// Acknowledgement is what a caller was told of a payment: a line that florin
// bench --journal writes.
type Acknowledgement struct {
	Payment  ident.ID
	UserID   int64
	Minor    int64
	Currency string
	Status   payment.Status
	Key      string // the idempotency key; "" for none
}

// Acknowledgements visits what callers were told.
type Acknowledgements func(visit func(Acknowledgement) error) error

// maxLine is the longest line of a file of acknowledgements, in bytes.
const maxLine = 64 << 10

// ReadAcknowledgements reads a file of acknowledgements, a JSON object a line. A
// last line that was cut off is left out.
func ReadAcknowledgements(name string, r io.Reader) Acknowledgements {
	return func(visit func(Acknowledgement) error) error {
		lines := bufio.NewReaderSize(r, maxLine)
		for number := 1; ; number++ {
			line, err := lines.ReadSlice('\n')
			if errors.Is(err, io.EOF) {
				return nil
			}
			var a Acknowledgement
			if err == nil {
				a, err = parseAcknowledgement(line)
			}
			if err == nil {
				err = visit(a)
			}
			if err != nil {
				return fmt.Errorf("%s:%d: %w", name, number, err)
			}
		}
	}
}

// line is an acknowledgement as JSON.
type line struct {
	Payment  string `json:"payment"`
	UserID   int64  `json:"user_id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Status   string `json:"status"`
	Key      string `json:"key"`
}

func parseAcknowledgement(text []byte) (a Acknowledgement, err error) {
	var l line
	if !l.scan(text) {
		l = line{}
		if err := json.Unmarshal(text, &l); err != nil {
			return a, err
		}
	}
	a = Acknowledgement{
		UserID: l.UserID, Minor: l.Amount, Currency: l.Currency, Status: payment.Status(l.Status), Key: l.Key,
	}
	if a.Payment, err = ident.Parse(ident.Payment, l.Payment); err != nil {
		return a, err
	}
	if !slices.Contains(statuses, a.Status) {
		return a, fmt.Errorf("status: %q is none", l.Status)
	}
	return a, nil
}

// scan reads the plain lines that florin bench writes, millions of them, in a
// fifth of the time that encoding/json takes: known members only, no space
// between them, no escape. It returns false for all others.
func (l *line) scan(text []byte) bool {
	rest, ok := strings.CutSuffix(string(text), "}\n")
	if !ok || rest == "" || rest[0] != '{' {
		return false
	}
	for member := range strings.SplitSeq(rest[1:], ",") {
		name, value, ok := strings.Cut(member, ":")
		if !ok || strings.IndexByte(value, '\\') >= 0 || !l.set(name, value) {
			return false
		}
	}
	return true
}

// set sets a member; false for one that is not known, or is not plain.
func (l *line) set(name, value string) bool {
	text, number := (*string)(nil), (*int64)(nil)
	switch name {
	case `"payment"`:
		text = &l.Payment
	case `"user_id"`:
		number = &l.UserID
	case `"amount"`:
		number = &l.Amount
	case `"currency"`:
		text = &l.Currency
	case `"status"`:
		text = &l.Status
	case `"key"`:
		text = &l.Key
	default:
		return false
	}
	if number != nil {
		var err error
		*number, err = strconv.ParseInt(value, 10, 64)
		return err == nil
	}
	if len(value) < 2 || value[0] != '"' || strings.IndexByte(value[1:], '"') != len(value)-2 {
		return false
	}
	*text = value[1 : len(value)-1]
	return true
}

var statuses = payment.Statuses()

// told is what callers were told.
type told struct {
	rows index[acknowledged]
	keys []usedKey     // by hash and payment, each once
	kept []atomic.Bool // whose claim was seen
}

// acknowledged is what is kept of an acknowledgement.
type acknowledged struct {
	user     int64
	minor    int64
	currency [3]byte
	status   uint8 // its place among payment.Statuses
	found    bool
}

// usedKey is a key's hash, and what was made under it.
type usedKey struct {
	hash    uint64
	payment ident.ID
}

// hashOf hashes a user's key.
func hashOf(userID int64, key string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write(strconv.AppendInt(nil, userID, 10))
	_, _ = hash.Write([]byte{0})
	_, _ = hash.Write([]byte(key))
	return hash.Sum64()
}

// readAcknowledgements keeps them, and looks for keys that made two payments.
func (a *audit) readAcknowledgements() error {
	if a.cfg.Acknowledgements == nil {
		return nil
	}
	var keys []usedKey
	err := a.cfg.Acknowledgements(func(t Acknowledgement) error {
		a.sum.totals.Acknowledgements++
		a.told.rows.add(t.Payment, acknowledged{
			user: t.UserID, minor: t.Minor, currency: [3]byte([]byte(t.Currency + "   ")[:3]),
			status: uint8(slices.Index(statuses, t.Status)),
		})
		if t.Key != "" {
			keys = append(keys, usedKey{hash: hashOf(t.UserID, t.Key), payment: t.Payment})
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.told.rows.sort()
	slices.SortFunc(keys, compareKeys)
	for i := 1; i < len(keys); i++ {
		if keys[i].hash == keys[i-1].hash && keys[i].payment != keys[i-1].payment {
			a.sum.fail(Acknowledged, ident.Payment, keys[i].payment, "was made under the same key as %s",
				keys[i-1].payment.Text(ident.Payment))
		}
	}
	a.told.keys = slices.Compact(keys)
	a.told.kept = make([]atomic.Bool, len(a.told.keys))
	return nil
}

// lostKeys names the payments whose keys callers used and nobody remembers:
// a repeated request would charge again.
func (a *audit) lostKeys() {
	for i, k := range a.told.keys {
		a.sum.check(Acknowledged)
		if !a.told.kept[i].Load() {
			a.sum.fail(Acknowledged, ident.Payment, k.payment, "was made under a key that is not kept")
		}
	}
}

func compareKeys(x, y usedKey) int {
	return cmp.Or(cmp.Compare(x.hash, y.hash), x.payment.Compare(y.payment))
}

// holdAgainstTold compares a payment with what callers were told of it.
func (s *shard) holdAgainstTold(p payment.Payment) {
	if s.cfg.Acknowledgements == nil {
		return
	}
	s.told.rows.each(&s.toldAt, p.ID, func(t *acknowledged) {
		t.found = true
		s.check(Acknowledged)
		switch status := statuses[t.status]; {
		case t.user != p.UserID || t.minor != p.Amount.Minor || t.currency != code(p.Amount.Currency):
			s.fail(Acknowledged, ident.Payment, p.ID, "was told as user %d's %d %s, and is user %d's %d %s",
				t.user, t.minor, t.currency[:], p.UserID, p.Amount.Minor, p.Amount.Currency)
		case !agrees(p, status):
			s.fail(Acknowledged, ident.Payment, p.ID, "was told as %s, and is %s", status, p.Status)
		}
	})
}

// agrees tells whether a payment can have been told with a status before: it is
// final, or the payment has moved on since its first answer.
func agrees(p payment.Payment, told payment.Status) bool {
	switch told {
	case payment.Succeeded, payment.Canceled:
		return p.Status == told
	case payment.Processing:
		return true
	case payment.Declined, payment.RequiresPaymentMethod, payment.RequiresConfirmation, payment.RequiresAction,
		payment.RequiresCapture:
		return p.Status == told || p.Answered != nil
	}
	return false
}

// missingAcknowledged names the payments that callers were told of and that are
// not there.
func (a *audit) missingAcknowledged() {
	a.told.rows.all(func(id ident.ID, t *acknowledged) {
		if !t.found {
			a.sum.check(Acknowledged)
			a.sum.fail(Acknowledged, ident.Payment, id, "was told as %s, and is not there",
				statuses[t.status])
		}
	})
}
