package api

import (
	"net/http"
	"strconv"

	"florin/flow"
	"florin/problem"
)

// form is what batches differ in that have a list of requests R.
type form[R any] struct {
	members []string // one, which has the items
	most    int      // items
	body    int      // bytes
	// read reads an item, and returns its own idempotency key; mark is where the
	// flow looks for it.
	read func(d *decoder, r *R) (key string)
	mark func(r *R) **flow.Idempotency
}

// items is a batch's request as it was read: each item is a request, or what is
// wrong with it. What is wrong with one stops no other.
type items[R any] struct {
	form[R]
	call     *call
	header   string // the request's idempotency key
	own      bool   // an item has a key of its own
	requests []R
	problems []*problem.Problem // by item; nil for one that is in requests
	wellMade bool               // the body is known to be valid JSON
}

// readItems reads the request that a call makes in that form.
func readItems[R any](c *call, f form[R]) (*items[R], error) {
	key, err := c.idempotencyKey()
	if err != nil {
		return nil, err
	}
	b := &items[R]{form: f, call: c, header: key}
	if err := c.decode(f.body, false, b.envelope); err != nil {
		return nil, err
	}
	if b.own && key != "" {
		err := problem.New(problem.IdempotencyKeyConflict,
			"the batch has an Idempotency-Key, and so has an item: use one of the two")
		err.Param = keyHeader
		return nil, err
	}
	return b, nil
}

// envelope reads the body and its items.
func (b *items[R]) envelope(d *decoder) {
	d.members(b.members, func(name string) {
		d.array(func(index int) {
			if index == b.most {
				d.depth-- // it is about the array
				d.invalid("has more than %d %s", b.most, name)
				return
			}
			b.item(d, index)
		})
	})
	if name := b.members[0]; d.err == nil && len(b.problems) == 0 {
		d.invalidMember(name, "must have 1 to %d %s", b.most, name)
	}
}

// item reads one item. What is wrong in it is its own matter, as long as the
// body is JSON.
func (b *items[R]) item(d *decoder, index int) {
	d.peek()
	start, depth := d.pos, d.depth
	var r R
	key := b.read(d, &r)
	failed := d.err
	if failed != nil {
		if !b.wellMade && !d.isJSON() {
			return
		}
		b.wellMade = true
		d.err, d.pos, d.depth = nil, start, depth
		d.skip()
	}
	b.problems = append(b.problems, failed)
	b.own = b.own || key != ""
	if failed != nil {
		return
	}
	if key == "" && b.header != "" {
		key = b.header + ":" + strconv.Itoa(index)
	}
	*b.mark(&r) = b.call.idempotency(key, d.data[start:d.pos])
	b.requests = append(b.requests, r)
}

// tell answers with what became of each item: answer appends that of an item,
// which is the n-th of the requests, and says whether it was given before.
func (b *items[R]) tell(answer func(dst []byte, item, n int) (out []byte, replayed bool)) {
	c := b.call
	out := append(c.out[:0], `{"object":"list","data":[`...)
	replays, n := 0, 0
	for i, wrong := range b.problems {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"index":`...)
		out = strconv.AppendInt(out, int64(i), 10)
		if wrong != nil {
			out = appendProblem(appendName(out, "problem"), wrong, c.requestID)
		} else {
			var replayed bool
			if out, replayed = answer(out, i, n); replayed {
				replays++
			}
			n++
		}
		out = append(out, '}')
	}
	c.out = append(out, ']', '}')
	c.markReplayed(replays > 0 && replays == n)
	c.send(http.StatusOK, jsonType)
}

// appendItemProblem appends the problem of an item, whose fields are named from
// the whole request.
func (b *items[R]) appendItemProblem(dst []byte, item int, err error) []byte {
	p := b.call.api.public(err, b.call)
	if p.Param != "" && p.Param != keyHeader {
		p = p.In(b.members[0] + "[" + strconv.Itoa(item) + "]")
	}
	return appendProblem(appendName(dst, "problem"), p, b.call.requestID)
}
