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

func parseAcknowledgement(line []byte) (a Acknowledgement, err error) {
	var text struct {
		Payment  string `json:"payment"`
		UserID   int64  `json:"user_id"`
		Amount   int64  `json:"amount"`
		Currency string `json:"currency"`
		Status   string `json:"status"`
		Key      string `json:"key"`
	}
	if err := json.Unmarshal(line, &text); err != nil {
		return a, err
	}
	a = Acknowledgement{
		UserID: text.UserID, Minor: text.Amount, Currency: text.Currency, Status: payment.Status(text.Status), Key: text.Key,
	}
	if a.Payment, err = ident.Parse(ident.Payment, text.Payment); err != nil {
		return a, err
	}
	if !slices.Contains(payment.Statuses(), a.Status) {
		return a, fmt.Errorf("status: %q is none", text.Status)
	}
	return a, nil
}

// told is what callers were told.
type told struct{ rows index[acknowledged] }

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

// readAcknowledgements keeps them, and looks for keys that made two payments.
func (a *audit) readAcknowledgements() error {
	if a.cfg.Acknowledgements == nil {
		return nil
	}
	statuses := payment.Statuses()
	var keys []usedKey
	err := a.cfg.Acknowledgements(func(t Acknowledgement) error {
		a.sum.totals.Acknowledgements++
		a.told.rows.add(t.Payment, acknowledged{
			user: t.UserID, minor: t.Minor, currency: [3]byte([]byte(t.Currency + "   ")[:3]),
			status: uint8(slices.Index(statuses, t.Status)),
		})
		if t.Key != "" {
			hash := fnv.New64a()
			_, _ = hash.Write(strconv.AppendInt(nil, t.UserID, 10))
			_, _ = hash.Write([]byte{0})
			_, _ = hash.Write([]byte(t.Key))
			keys = append(keys, usedKey{hash.Sum64(), t.Payment})
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.told.rows.sort()
	slices.SortFunc(keys, func(x, y usedKey) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), x.payment.Compare(y.payment))
	})
	for i := 1; i < len(keys); i++ {
		if keys[i].hash == keys[i-1].hash && keys[i].payment != keys[i-1].payment {
			a.sum.fail(Acknowledged, ident.Payment, keys[i].payment, "was made under the same key as %s",
				keys[i-1].payment.Text(ident.Payment))
		}
	}
	return nil
}

// holdAgainstTold compares a payment with what callers were told of it.
func (s *shard) holdAgainstTold(p payment.Payment) {
	if s.cfg.Acknowledgements == nil {
		return
	}
	s.told.rows.each(&s.toldAt, p.ID, func(t *acknowledged) {
		t.found = true
		s.check(Acknowledged)
		switch status := payment.Statuses()[t.status]; {
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
				payment.Statuses()[t.status])
		}
	})
}
