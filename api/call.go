package api

import (
	"net/http"
	"strconv"
	"time"

	"florin/access"
	"florin/store"
)

// maxKept is the largest buffer that is kept for the next request.
const maxKept = 1 << 20

// call is one request on its way. It is used again once it is answered: nothing
// that outlives it may point into its buffers.
type call struct {
	api       *API
	route     *route
	w         http.ResponseWriter
	r         *http.Request
	began     time.Time
	requestID string
	keyed     bool          // it has an API key
	key       access.Hash   // of its secret
	least     []store.Place // what the caller has told in its Florin-Consistency
	status    int           // 0 until it is answered
	in        []byte
	out       []byte
	decoder   decoder
}

// Headers' values that are shared by all answers.
var (
	jsonType    = []string{"application/json"}
	problemType = []string{"application/problem+json"}
	noStore     = []string{"no-store"}
	replayed    = []string{"true"}
)

// send answers with c.out; JSON ends its line, for who reads it in a terminal.
func (c *call) send(status int, contentType []string) {
	if contentType[0] != htmlType[0] {
		c.out = append(c.out, '\n')
	}
	header := c.w.Header()
	header["Content-Type"] = contentType
	header["Cache-Control"] = noStore
	if len(c.out) > 2000 { // below that net/http says it by itself
		header["Content-Length"] = []string{strconv.Itoa(len(c.out))}
	}
	c.tellPlaces()
	c.status = status
	c.w.WriteHeader(status)
	_, _ = c.w.Write(c.out)
}

// object answers with one of this package's objects.
func (c *call) object(status int, v any) error {
	var err error
	if c.out, err = appendJSON(c.out[:0], v); err != nil {
		return err
	}
	c.send(status, jsonType)
	return nil
}

// markReplayed says that the answer was given before.
func (c *call) markReplayed(is bool) {
	if is {
		c.w.Header()["Idempotent-Replayed"] = replayed
	}
}
