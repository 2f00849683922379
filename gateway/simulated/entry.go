package simulated

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"florin/gateway"
	"florin/ident"
	"florin/money"
	"florin/problem"
)

// Kind is what an operation does.
type Kind string

// The kinds.
const (
	KindCharge Kind = "charge"
	KindRefund Kind = "refund"
	KindVoid   Kind = "void"
	// KindCapture takes money on a charge that was authorized.
	KindCapture Kind = "capture"
	// KindFailure is a refund that failed after it had succeeded; it has the
	// refund's id.
	KindFailure Kind = "failure"
	// KindEvidence answers a dispute; its Charge is what is disputed.
	KindEvidence Kind = "evidence"
)

// letter is the kind in a byte.
func (k Kind) letter() byte {
	if k == KindCapture {
		return 'k'
	}
	return k[0]
}

// ident returns the kind of the operation's id.
func (k Kind) ident() ident.Kind {
	switch k {
	case KindCharge:
		return ident.Attempt
	case KindRefund, KindFailure:
		return ident.Refund
	case KindCapture:
		return ident.Capture
	default:
		return ident.Reversal
	}
}

// Entry is an operation that took effect, a decline included: a line of the
// journal. One whose outcome is open has a second line once it has another.
type Entry struct {
	Operation ident.ID
	Kind      Kind
	// Charge is the operation id of the charge that a refund or void takes back;
	// zero for a charge.
	Charge ident.ID
	// Payment is zero for a refund or void of a charge that is not known.
	Payment ident.ID
	// Amount is what was asked for; of a void it is what it took back, which is
	// 0 if it was declined, then without a currency if the charge is not known.
	Amount  money.Amount
	Last4   string          // of a charge's card; "" if it has no four digits
	Outcome gateway.Outcome // Approved, Declined with a reason, RequiresAction or Pending
	At      time.Time       // when it took effect, to the millisecond, in UTC

	Authorize bool // a charge that is to be captured
	Final     bool // of a capture
	Rest      bool // of a void
	// Then is the reason for which an open one will be declined; "" approves.
	Then problem.Code
	// Due is when an open one ends by itself, or what follows an approval comes.
	Due time.Time
	// Later is what follows: a dispute's reason, or one of the words below.
	Later string
	// ReturnURL is where a challenge leads back to.
	ReturnURL string
}

// What follows a charge's refunds, and evidence.
const (
	refundsPend  = "refunds_pend"
	refundsFail  = "refunds_fail"
	evidenceWins = "won"
	evidenceLost = "lost"
)

// Reference returns the gateway's own id of an operation.
func Reference(operation ident.ID) string {
	text := [4 + 2*len(operation)]byte{'s', 'i', 'm', '_'}
	hex.Encode(text[4:], operation[:])
	return string(text[:])
}

// appendLine appends the entry's line: a flat JSON object whose strings need no
// escapes, and a newline.
func appendLine(dst []byte, e *Entry) []byte {
	id := func(key string, id ident.ID, kind ident.Kind) {
		if !id.IsZero() {
			dst = append(append(append(dst, `,"`...), key...), `":"`...)
			dst = append(id.Append(dst, kind), '"')
		}
	}
	text := func(key, value string) {
		if value != "" {
			dst = append(append(append(dst, `,"`...), key...), `":"`...)
			dst = append(append(dst, value...), '"')
		}
	}
	dst = append(dst, `{"kind":"`...)
	dst = append(append(dst, e.Kind...), '"')
	id("operation", e.Operation, e.Kind.ident())
	id("charge", e.Charge, ident.Attempt)
	id("payment", e.Payment, ident.Payment)
	dst = strconv.AppendInt(append(dst, `,"amount":`...), e.Amount.Minor, 10)
	text("currency", string(e.Amount.Currency))
	text("last4", e.Last4)
	text("status", string(e.Outcome.Status))
	text("reason", string(e.Outcome.Reason))
	text("reference", e.Outcome.Reference)
	for _, flag := range [...]struct {
		key string
		set bool
	}{{"authorize", e.Authorize}, {"final", e.Final}, {"rest", e.Rest}} {
		if flag.set {
			text(flag.key, "true")
		}
	}
	text("then", string(e.Then))
	text("later", e.Later)
	text("return_url", e.ReturnURL)
	if !e.Due.IsZero() {
		dst = strconv.AppendInt(append(dst, `,"due_ms":`...), e.Due.UnixMilli(), 10)
	}
	dst = strconv.AppendInt(append(dst, `,"at_ms":`...), e.At.UnixMilli(), 10)
	return append(dst, "}\n"...)
}

var errLine = errors.New("not a line of a journal")

// decoder reads lines. It keeps each short string that it has met, so that a
// million lines share them.
type decoder struct {
	strings map[string]string
	// references tells whether Outcome.Reference is wanted; each is a string of
	// its own.
	references bool
}

func newDecoder(references bool) *decoder {
	return &decoder{strings: map[string]string{}, references: references}
}

// decode reads a line without its newline. A key that it does not know is left
// out.
func (d *decoder) decode(line []byte, e *Entry) error {
	*e = Entry{}
	if len(line) == 0 || line[0] != '{' {
		return errLine
	}
	for rest := line; ; {
		key, value, after, ok := nextField(rest)
		if !ok {
			return errLine
		}
		if err := d.field(e, key, value); err != nil {
			return fmt.Errorf("%w: %s: %w", errLine, key, err)
		}
		if len(after) == 1 && after[0] == '}' {
			break
		}
		rest = after
	}
	return e.check()
}

func (d *decoder) field(e *Entry, key, value []byte) (err error) {
	switch string(key) {
	case "kind":
		e.Kind = Kind(d.text(value))
	case "operation":
		e.Operation, err = parseID(value)
	case "charge":
		e.Charge, err = parseID(value)
	case "payment":
		e.Payment, err = parseID(value)
	case "amount":
		e.Amount.Minor, err = strconv.ParseInt(string(value), 10, 64)
	case "currency":
		e.Amount.Currency = money.Currency(d.text(value))
	case "last4":
		e.Last4 = d.text(value)
	case "status":
		e.Outcome.Status = gateway.Status(d.text(value))
	case "reason":
		e.Outcome.Reason = problem.Code(d.text(value))
	case "reference":
		if d.references {
			e.Outcome.Reference = string(value)
		}
	case "at_ms":
		e.At, err = parseTime(value)
	case "due_ms":
		e.Due, err = parseTime(value)
	case "authorize":
		e.Authorize = true
	case "final":
		e.Final = true
	case "rest":
		e.Rest = true
	case "then":
		e.Then = problem.Code(d.text(value))
	case "later":
		e.Later = d.text(value)
	case "return_url":
		e.ReturnURL = string(value)
	}
	return err
}

func parseTime(value []byte) (time.Time, error) {
	ms, err := strconv.ParseInt(string(value), 10, 64)
	return time.UnixMilli(ms).UTC(), err
}

func (d *decoder) text(value []byte) string {
	if s, ok := d.strings[string(value)]; ok {
		return s
	}
	s := string(value)
	d.strings[s] = s
	return s
}

// check tells whether the entry is one that a gateway writes.
func (e *Entry) check() error {
	declined := e.Outcome.Status == gateway.Declined && e.Outcome.Reason != ""
	approved := e.Outcome.Status == gateway.Approved && e.Outcome.Reason == ""
	open := (e.Outcome.Status == gateway.RequiresAction || e.Outcome.Status == gateway.Pending) && e.Outcome.Reason == ""
	known := slices.Contains(entryKinds, e.Kind)
	currency := isCurrency(string(e.Amount.Currency)) || e.Amount == money.Amount{}
	if e.Operation.IsZero() || !known || !declined && !approved && !open || !currency || e.At.IsZero() {
		return errLine
	}
	return nil
}

var entryKinds = []Kind{KindCharge, KindRefund, KindVoid, KindCapture, KindFailure, KindEvidence}

// nextField splits a flat JSON object's rest, which begins with '{' or ',', into
// its first field and what follows it. A string comes without its quotes.
func nextField(rest []byte) (key, value, after []byte, ok bool) {
	if len(rest) < 2 || rest[0] != '{' && rest[0] != ',' {
		return nil, nil, nil, false
	}
	if key, rest, ok = quoted(rest[1:]); !ok || len(rest) < 2 || rest[0] != ':' {
		return nil, nil, nil, false
	}
	if rest = rest[1:]; rest[0] == '"' {
		value, after, ok = quoted(rest)
		return key, value, after, ok
	}
	end := bytes.IndexByte(rest, ',')
	if end < 0 {
		end = len(rest) - 1
	}
	return key, rest[:end], rest[end:], true
}

func quoted(rest []byte) (text, after []byte, ok bool) {
	if len(rest) < 2 || rest[0] != '"' {
		return nil, nil, false
	}
	end := bytes.IndexByte(rest[1:], '"')
	if end < 0 || bytes.IndexByte(rest[1:1+end], '\\') >= 0 {
		return nil, nil, false
	}
	return rest[1 : 1+end], rest[2+end:], true
}

// parseID reads an id of whatever kind.
func parseID(text []byte) (id ident.ID, err error) {
	prefix := len(text) - 2*len(id)
	if prefix < 1 || text[prefix-1] != '_' {
		return ident.ID{}, ident.ErrSyntax
	}
	_, err = hex.Decode(id[:], text[prefix:])
	return id, err
}

func isCurrency(code string) bool {
	if len(code) != 3 {
		return false
	}
	for _, c := range []byte(code) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}
