package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// client is one of a load's clients: one goroutine and one connection.
type client struct {
	load     *Load
	number   int
	conn     Exchanger
	traffic  Traffic
	pace     pace
	recorder *recorder

	request  Request
	sent     int64
	payments []Payment
	answers  []answer
	tally    Tally
	open     []Pending
	learner  learner // the traffic; nil when it does not want to know
}

func newClient(l *Load, number int, p pace, r *recorder) *client {
	c := &client{
		load: l, number: number, conn: l.Target.exchanger(number), traffic: l.Traffic(number), pace: p, recorder: r,
		payments: make([]Payment, max(l.Batch, 1)),
	}
	c.learner, _ = c.traffic.(learner)
	return c
}

// run sends until the pace or the traffic ends.
func (c *client) run(ctx context.Context) error {
	for {
		n := c.traffic.Next(c.payments[:cap(c.payments)])
		if n == 0 {
			return nil
		}
		c.payments = c.payments[:n]
		c.build()
		due, ok := c.pace.wait(ctx)
		if !ok {
			return nil
		}
		before := len(c.open)
		if err := c.settle(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		c.await(ctx, c.open[before:])
		c.recorder.add(due, time.Now(), int64(n))
	}
}

// build writes the request for the payments, with a key of its own.
func (c *client) build() {
	c.sent++
	r := &c.request
	r.Key = append(r.Key[:0], c.load.Keys...)
	r.Key = append(r.Key, '-')
	r.Key = strconv.AppendInt(r.Key, int64(c.number), 10)
	r.Key = append(r.Key, '-')
	r.Key = strconv.AppendInt(r.Key, c.sent, 10)
	first := &c.payments[0]
	switch {
	case c.load.Batch == 0:
		r.Path, r.Body = first.kind.path(first), first.kind.body(r.Body[:0], first, r.Key)
	case first.kind == moves:
		r.Path, r.Body = pathTransferBatch, appendTransfers(r.Body[:0], c.payments)
		if !c.load.Target.Repeat { // who repeats nothing needs no key, nor the record of one
			r.Key = r.Key[:0]
		}
	default:
		r.Path, r.Body = pathBatch, appendBatch(r.Body[:0], c.payments)
	}
}

// settle sends the request until it is answered.
func (c *client) settle(ctx context.Context) error {
	return exchange(ctx, c.conn, &c.request, c.load.Target.Repeat, &c.tally, c.read)
}

// await waits for the transfers that a request left on their way, so that it
// counts when they have ended and not before. It looks at a few, and not for
// long: all are asked for in the end.
func (c *client) await(ctx context.Context, open []Pending) {
	const looks, enough = 4, 10 * time.Second
	if c.load.Target.Repeat {
		return // who knows when the server is there again
	}
	for began, i := time.Now(), 0; i < min(looks, len(open)) && time.Since(began) < enough; {
		p := &open[(len(open)-1)*(looks-1-i)/(looks-1)] // the last first
		if p.kind != moves {
			return
		}
		if a, res, err := get(ctx, c.load.Target, p.ID); err == nil && res.Status == 200 && p.known(&a) {
			i++
			continue
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// read takes the answers in; unanswered says that the request must be repeated.
func (c *client) read(res Response) (unanswered bool, err error) {
	c.answers = c.answers[:0]
	if c.load.Batch == 0 {
		var a answer
		a, err = readSingle(res.Status, res.Body)
		if c.payments[0].kind == adjusts && res.Status == 201 {
			a.state = adjusted // it has no status: it was booked, or it is not there
		}
		c.answers = append(c.answers, a)
	} else {
		c.answers, err = readBatch(c.answers, res.Status, res.Body, len(c.payments))
	}
	if err != nil {
		c.tally.unexpected(strconv.Itoa(res.Status)+" unreadable", int64(len(c.payments)), err.Error())
		return false, nil
	}
	for i := range c.answers {
		if c.load.Target.Repeat && c.answers[i].verdict() == again {
			return true, nil
		}
	}
	if len(c.answers) != len(c.payments) { // one problem for the whole batch
		c.wrong(c.answers[0].label(), int64(len(c.payments)), res)
		return false, nil
	}
	for i := range c.answers {
		if err := c.take(i, res); err != nil {
			return false, err
		}
	}
	return false, nil
}

// adjusted is what an adjustment's answer means.
var adjusted = []byte("succeeded")

// take counts and notes one payment's answer.
func (c *client) take(i int, res Response) error {
	a, p := &c.answers[i], &c.payments[i]
	if res.Replayed {
		c.tally.Replayed++
	}
	switch a.verdict() {
	case again, failed:
		c.wrong(a.label(), 1, res)
		return nil
	case open:
		if !c.load.Target.Repeat && p.kind != moves {
			c.wrong(a.label(), 1, res)
			return nil
		}
		c.tally.Open++
		c.open = append(c.open, Pending{*p, string(a.id), c.load.noted(p, c.request.Key, i)})
		return nil
	case settled:
	}
	if a.user != p.UserID || a.minor != p.Minor {
		c.wrong(a.label()+", of another user or amount", 1, res)
		return nil
	}
	switch {
	case a.expected(p.kind):
		c.tally.succeed(p.kind)
		if c.learner != nil {
			c.learner.learn(p, string(a.id))
		}
	case c.load.Declines && string(a.state) == "declined" && a.http == 402,
		c.load.Target.Repeat && res.Replayed && a.undone(p.kind):
		c.tally.Declined++
	default:
		c.wrong(a.label(), 1, res)
	}
	if c.load.Journal == nil || !p.kind.isPayment() {
		return nil
	}
	return c.load.Journal.Add(p, string(a.id), string(a.state), c.load.keyOf(c.request.Key, i))
}

func (c *client) wrong(label string, n int64, res Response) {
	example := ""
	if c.tally.Example == "" {
		example = fmt.Sprintf("%d %.500s", res.Status, res.Body)
	}
	c.tally.unexpected(label, n, example)
}
