package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
)

// tailLines is how much of the trace a failure tells.
const tailLines = 50

// trace is what happened, as a hash and as its last lines.
type trace struct {
	sum  hash.Hash
	tail [tailLines]string
	n    int
	to   io.Writer // may be nil
	line []byte
}

func newTrace(to io.Writer) *trace { return &trace{sum: sha256.New(), to: to} }

func (t *trace) add(format string, args ...any) {
	t.line = append(fmt.Appendf(t.line[:0], format, args...), '\n')
	t.sum.Write(t.line)
	t.tail[t.n%tailLines] = string(t.line)
	t.n++
	if t.to != nil {
		_, _ = t.to.Write(t.line)
	}
}

// hash returns 16 hexadecimal digits of the hash of all lines.
func (t *trace) hash() string { return hex.EncodeToString(t.sum.Sum(nil)[:8]) }

// last returns the last lines, oldest first.
func (t *trace) last() string {
	var b strings.Builder
	for i := max(0, t.n-tailLines); i < t.n; i++ {
		b.WriteString(t.tail[i%tailLines])
	}
	return b.String()
}
