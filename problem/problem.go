// Package problem holds the errors that a caller is meant to see: a code from
// a fixed catalogue, a sentence, and the field at fault. The api package turns
// them into RFC 9457 documents; nothing else knows HTTP statuses' texts.
package problem

import (
	"errors"
	"fmt"
	"time"
)

// Problem is an error with a code. It is a value to return, wrap and compare
// by its Code.
type Problem struct {
	Code   Code
	Detail string
	// Param names the request's field at fault, as a path: "card.number",
	// "payments[3].amount"; empty when there is none.
	Param string
	// RetryAfter is how long to wait before trying again; zero says nothing.
	RetryAfter time.Duration
	cause      error
}

// New returns a problem; detail and args are as fmt.Sprintf takes them.
func New(code Code, detail string, args ...any) *Problem {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Problem{Code: code, Detail: detail}
}

// Invalid returns a validation problem (422) for the field param.
func Invalid(param, detail string, args ...any) *Problem {
	p := New(InvalidParameter, detail, args...)
	p.Param = param
	return p
}

// With returns p with its cause kept for logs; a caller never sees the cause.
func (p *Problem) With(cause error) *Problem {
	q := *p
	q.cause = cause
	return &q
}

// After returns p with a time to wait before trying again.
func (p *Problem) After(wait time.Duration) *Problem {
	q := *p
	q.RetryAfter = wait
	return &q
}

// In returns p with its Param inside prefix: "amount" in "payments[3]" becomes
// "payments[3].amount".
func (p *Problem) In(prefix string) *Problem {
	q := *p
	if q.Param == "" {
		q.Param = prefix
	} else {
		q.Param = prefix + "." + q.Param
	}
	return &q
}

// Error implements error; it includes the cause.
func (p *Problem) Error() string {
	text := string(p.Code)
	if p.Param != "" {
		text += " (" + p.Param + ")"
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	if p.cause != nil {
		text += ": " + p.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.cause }

// CodeOf returns the code of the problem in err's chain, or Internal.
func CodeOf(err error) Code {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return Internal
}

// Is tells whether err carries code.
func Is(err error, code Code) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}
