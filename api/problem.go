package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"florin/payment"
	"florin/problem"
)

// fail answers with an error's problem.
func (c *call) fail(err error) {
	p := c.api.public(err, c)
	wait := p.RetryAfter
	if p.Code == problem.OutcomeUnknown && c.r.Header.Get(keyHeader) != "" {
		wait = time.Second // without a key the request must not be repeated unseen
	}
	if wait > 0 {
		c.w.Header()["Retry-After"] = []string{strconv.Itoa(int(math.Ceil(wait.Seconds())))}
	}
	c.out = appendProblem(c.out[:0], p, c.requestID)
	c.send(p.Code.Status(), problemType)
}

// public turns any error into the problem that the caller is told. What is wrong
// on our side is logged with its cause, and told without it.
func (a *API) public(err error, c *call) *problem.Problem {
	var p *problem.Problem
	switch {
	case errors.As(err, &p) && p.Code.Status() != http.StatusInternalServerError:
		if p.Code.Status() > http.StatusInternalServerError && errors.Unwrap(p) != nil {
			a.tellTurnedAway(p.Code, err, c)
		}
		return p
	case errors.Is(err, context.Canceled):
		return problem.New(problem.Unavailable, "the caller went away")
	case errors.Is(err, context.DeadlineExceeded):
		return problem.New(problem.Unavailable, "there was no answer in time").After(time.Second)
	}
	a.cfg.Log.ErrorContext(c.r.Context(), "a request failed", "route", c.route.pattern(),
		"request_id", c.requestID, "error", err)
	return problem.New(problem.Internal, "this was logged; its request id finds it")
}

// awayPause lies between two lines of requests that are unavailable: while a shard is
// away all of its requests are.
const awayPause = time.Second

// tellTurnedAway logs why a request was not served.
func (a *API) tellTurnedAway(code problem.Code, err error, c *call) {
	held, ok := 0, true
	if code == problem.Unavailable {
		held, ok = a.away.Take(a.cfg.Clock.Now(), awayPause)
	}
	if ok {
		a.cfg.Log.WarnContext(c.r.Context(), "a request was turned away", "route", c.route.pattern(),
			"request_id", c.requestID, "error", err, "lines_left_out", held)
	}
}

// urn is what problems' types begin with.
const urn = "urn:florin:problem:"

// appendProblem appends an RFC 9457 document.
func appendProblem(dst []byte, p *problem.Problem, requestID string) []byte {
	dst = appendHead(dst, p.Code, p.Code.Status(), p.Detail)
	if p.Param != "" {
		dst = appendString(appendName(dst, "param"), p.Param)
	}
	dst = appendString(appendName(dst, "request_id"), requestID)
	return append(dst, '}')
}

// declineDetail says no more than that: what the reason does not tell is not the
// caller's to know.
const declineDetail = "the payment was declined"

// appendDecline appends the problem that a declined payment is told as. It is an
// answer about the payment, kept and given again byte for byte, and so without
// the request's id, which the header has.
func (a *API) appendDecline(dst []byte, p *payment.Payment) []byte {
	dst = appendHead(dst, p.Reason, http.StatusPaymentRequired, declineDetail)
	dst = appendName(dst, "payment")
	dst = appendPayment(dst, p, a.live())
	return append(dst, '}')
}

// appendHead appends what every problem begins with.
func appendHead(dst []byte, code problem.Code, status int, detail string) []byte {
	dst = append(dst, `{"type":"`+urn...)
	dst = append(dst, code...)
	dst = append(dst, '"')
	dst = appendWord(dst, "title", code.Title())
	dst = appendInt(dst, "status", int64(status))
	dst = appendString(appendName(dst, "detail"), detail)
	return appendWord(dst, "code", string(code))
}
