package api

import (
	"errors"
	"io"
	"strings"

	"florin/problem"
)

// The largest bodies.
const (
	maxBody      = 1 << 20
	maxBatchBody = 8 << 20
	// maxTransfersBody has room for 10,000 transfers of 1.6 KB each.
	maxTransfersBody = 16 << 20
	// maxDrain is how much of a body that is too large is read, and thrown away,
	// so that its sender gets to hear the answer.
	maxDrain = 32 << 20
)

// body reads the request's body, which must be JSON of at most limit bytes. It
// is empty when there is none.
func (c *call) body(limit int) ([]byte, error) {
	c.in = c.in[:0]
	if c.r.ContentLength == 0 {
		return c.in, nil
	}
	if !isJSON(c.r.Header["Content-Type"]) {
		err := problem.New(problem.UnsupportedMediaType, "the body must be application/json")
		err.Param = "Content-Type"
		return nil, err
	}
	if c.r.ContentLength > int64(limit) {
		return nil, c.tooLarge(limit)
	}
	want := max(int(c.r.ContentLength)+1, 4096) // one more, to see the end
	if cap(c.in) < want {
		c.in = make([]byte, 0, want)
	}
	for {
		n, err := c.r.Body.Read(c.in[len(c.in):cap(c.in)])
		c.in = c.in[:len(c.in)+n]
		switch {
		case len(c.in) > limit:
			return nil, c.tooLarge(limit)
		case errors.Is(err, io.EOF):
			return c.in, nil
		case err != nil:
			return nil, problem.New(problem.InvalidJSON, "the body could not be read to its end").With(err)
		case len(c.in) == cap(c.in):
			c.in = append(c.in, 0)[:len(c.in)]
		}
	}
}

// tooLarge refuses a body.
func (c *call) tooLarge(limit int) error {
	if c.r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, c.r.Body, maxDrain)
	}
	return problem.New(problem.BodyTooLarge, "the body has more than %d bytes", limit)
}

// isJSON tells whether a Content-Type header is JSON's.
func isJSON(header []string) bool {
	if len(header) == 0 {
		return false
	}
	media, _, _ := strings.Cut(header[0], ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/json")
}

// decode reads the request's body: read decodes it, and may be left out by an
// empty body only where optional is true.
func (c *call) decode(limit int, optional bool, read func(d *decoder)) error {
	data, err := c.body(limit)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		if optional {
			return nil
		}
		return problem.New(problem.InvalidJSON, "the request needs a body")
	}
	c.decoder.reset(data)
	read(&c.decoder)
	return c.decoder.finish()
}
