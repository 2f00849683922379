package api

import (
	"florin/flow"
	"florin/problem"
)

// keyHeader is the header with which a caller marks a request that it may
// repeat.
const keyHeader = "Idempotency-Key"

// maxKey is the length of the longest idempotency key.
const maxKey = 255

// idempotencyKey returns the request's idempotency key, "" for none.
func (c *call) idempotencyKey() (string, error) {
	header := c.r.Header[keyHeader]
	switch {
	case len(header) == 0:
		return "", nil
	case len(header) > 1:
		err := problem.New(problem.DuplicateHeader, keyHeader+" stands twice")
		err.Param = keyHeader
		return "", err
	case !isKey(header[0]):
		return "", problem.Invalid(keyHeader, "must be 1 to %d printable ASCII characters", maxKey)
	}
	return header[0], nil
}

func isKey(text string) bool {
	return text != "" && len(text) <= maxKey && printable(text, ' ')
}

// printable tells whether text is ASCII from a first character on to "~".
func printable(text string, first byte) bool {
	for i := range len(text) {
		if text[i] < first || text[i] > '~' {
			return false
		}
	}
	return true
}

// idempotency returns what a flow needs to know of a key and the body sent with
// it; nil without a key.
func (c *call) idempotency(key string, body []byte) *flow.Idempotency {
	if key == "" {
		return nil
	}
	return &flow.Idempotency{Scope: c.r.URL.Path, Key: key, Digest: c.api.cfg.Digest(body)}
}

// key reads an item's own idempotency key.
func (d *decoder) key() string {
	key := d.text(maxKey)
	if d.err == nil && !isKey(key) {
		d.invalid("must be 1 to %d printable ASCII characters", maxKey)
	}
	return key
}
