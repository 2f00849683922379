package bench

import (
	"bytes"
	"fmt"
	"strconv"

	"florin/problem"
)

// answer is what a server said about one payment. Its bytes are the response
// body's.
type answer struct {
	http  int    // the status, of the response or of the item's problem
	id    []byte // pay_...
	state []byte // the payment's status
	code  []byte // the problem's; nil when there is none
	user  int64
	minor int64
	left  int64 // what can still be captured
}

// A verdict is what an answer means for the client.
type verdict int

const (
	settled verdict = iota // answered for good
	open                   // the outcome will be known later: ask for the payment
	again                  // not answered: repeat the request
	failed                 // nothing that a load should ever see
)

func (a *answer) verdict() verdict {
	switch {
	case a.http == 503, a.http == 429, a.http == 409 && string(a.code) == string(problem.IdempotencyInProgress):
		return again
	case len(a.id) == 0 || len(a.state) == 0:
		return failed
	case a.http == 202, string(a.state) == "processing", string(a.state) == "pending":
		return open
	}
	return settled
}

// expected tells whether a load that asks for good things with good cards and
// full wallets is to be answered so.
func (a *answer) expected(k kind) bool { return string(a.state) == k.done() && a.http == k.status() }

// undone tells whether an operation surely did not happen, as one that a crash
// cut off before its gateway was called.
func (a *answer) undone(k kind) bool {
	switch string(a.state) {
	case "declined", "failed":
		return true
	case "requires_capture":
		return k == captures && a.left > 0
	}
	return false
}

// label names the answer in a count: "402 generic_decline".
func (a *answer) label() string {
	what := a.code
	if len(what) == 0 {
		what = a.state
	}
	return fmt.Sprintf("%d %s", a.http, what)
}

// readSingle reads the answer to POST /api/v1/payments.
func readSingle(status int, body []byte) (answer, error) {
	a := answer{http: status}
	read := a.readPayment
	if status >= 300 {
		read = a.readProblem
	}
	if !read(body) {
		return a, fmt.Errorf("the answer %d is no object: %.200q", status, body)
	}
	return a, nil
}

// readBatch appends the answers to POST /api/v1/payments/batch, n of them in
// order. A problem of the whole batch is one answer.
func readBatch(dst []answer, status int, body []byte, n int) ([]answer, error) {
	if status != 200 {
		a, err := readSingle(status, body)
		return append(dst, a), err
	}
	good := true
	item := func(value []byte) bool {
		a, ok := readItem(value, len(dst))
		dst = append(dst, a)
		good = good && ok
		return good
	}
	ok := members(body, func(_, value []byte) bool {
		return value[0] != '[' || !elements(value, item)
	})
	if !ok || !good || len(dst) != n {
		return dst, fmt.Errorf("the answer to a batch of %d cannot be read: %.200q", n, body)
	}
	return dst, nil
}

// readItem reads {"index":, "payment":} or {"index":, "problem":}.
func readItem(text []byte, index int) (a answer, ok bool) {
	good, at, payment, trouble := true, int64(-1), false, false
	ok = members(text, func(key, value []byte) bool {
		switch string(key) {
		case "index":
			at = number(value)
		case "payment", "transfer":
			if value[0] != 'n' {
				a.http, payment = 201, true
				good = a.readPayment(value) && good
			}
		case "problem":
			if value[0] != 'n' {
				trouble = true
				good = a.readProblem(value) && good
			}
		}
		return good
	})
	return a, ok && good && payment != trouble && at == int64(index)
}

func (a *answer) readPayment(text []byte) bool {
	return members(text, func(key, value []byte) bool {
		switch string(key) {
		case "id":
			a.id = plain(value)
		case "status":
			a.state = plain(value)
		case "user_id", "from_user_id":
			a.user = number(value)
		case "amount":
			a.minor = number(value)
		case "amount_capturable":
			a.left = number(value)
		}
		return true
	})
}

// readProblem reads an RFC 9457 document; a decline holds the payment.
func (a *answer) readProblem(text []byte) bool {
	good := true
	ok := members(text, func(key, value []byte) bool {
		switch string(key) {
		case "status":
			if n := number(value); n > 0 {
				a.http = int(n)
			}
		case "code":
			a.code = plain(value)
		case "payment":
			if value[0] == '{' {
				good = a.readPayment(value)
			}
		}
		return good
	})
	return ok && good
}

// number reads a JSON integer; -1 for anything else.
func number(value []byte) int64 {
	n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
