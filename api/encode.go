package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// What is appended here is what encoding/json writes without HTML escaping; the
// tests hold the two against each other.

// timeLayout is how times are told: RFC 3339 in UTC with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

func timeText(t time.Time) string { return t.UTC().Format(timeLayout) }

// appendTime appends a time in quotes.
func appendTime(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, timeLayout)
	return append(dst, '"')
}

// appendName appends a comma and a member's name, which needs no escapes.
func appendName(dst []byte, name string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func appendInt(dst []byte, name string, value int64) []byte {
	return strconv.AppendInt(appendName(dst, name), value, 10)
}

func appendBool(dst []byte, name string, value bool) []byte {
	return strconv.AppendBool(appendName(dst, name), value)
}

// appendWord appends a member whose value is known to need no escapes.
func appendWord(dst []byte, name, value string) []byte {
	dst = append(appendName(dst, name), '"')
	dst = append(dst, value...)
	return append(dst, '"')
}

// appendText appends a member that is null when it is empty.
func appendText(dst []byte, name, value string) []byte {
	dst = appendName(dst, name)
	if value == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, value)
}

// appendPairs appends an object, its members sorted by name.
func appendPairs(dst []byte, pairs map[string]string) []byte {
	if len(pairs) == 0 {
		return append(dst, '{', '}')
	}
	var room [maxMetadata]string
	keys := room[:0]
	for key := range pairs {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for i, key := range keys {
		dst = append(dst, "{,"[min(i, 1)])
		dst = appendString(dst, key)
		dst = append(dst, ':')
		dst = appendString(dst, pairs[key])
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// plain marks the bytes that stand in a string as they are.
var plain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// appendString appends a string in quotes, with the escapes that JSON needs;
// what is no UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029': // line ends to JavaScript
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&0xf])
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// appendJSON appends what encoding/json makes of v, one of this package's own
// types.
func appendJSON(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(dst, text...), err
}
