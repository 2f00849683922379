package api

import (
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads a string that begins at the present position. What it returns is
// good until the next one is read.
func (d *decoder) quoted() []byte {
	d.pos++
	start, ascii := d.pos, true
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			text := d.data[start:d.pos]
			d.pos++
			return d.checked(text, ascii)
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			d.broken()
			return nil
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.pos++
	}
	d.broken()
	return nil
}

// checked refuses text that is no UTF-8.
func (d *decoder) checked(text []byte, ascii bool) []byte {
	if !ascii && !utf8.Valid(text) {
		d.invalid("is not valid UTF-8")
		return nil
	}
	return text
}

// escaped reads on from the first escape of a string that began at start.
func (d *decoder) escaped(start int) []byte {
	d.scratch = append(d.scratch[:0], d.data[start:d.pos]...)
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			d.pos++
			return d.checked(d.scratch, false)
		case c < ' ':
			d.broken()
			return nil
		case c == '\\':
			d.escape()
			if d.err != nil {
				return nil
			}
		default:
			d.scratch = append(d.scratch, c)
			d.pos++
		}
	}
	d.broken()
	return nil
}

// escape reads one escape.
func (d *decoder) escape() {
	d.pos++
	if d.pos == len(d.data) {
		d.broken()
		return
	}
	c := d.data[d.pos]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		d.pos++
		d.escapedRune()
		return
	default:
		d.broken()
		return
	}
	d.pos++
	d.scratch = append(d.scratch, c)
}

// escapedRune reads what follows \u: four hexadecimal digits, and for the first
// half of a surrogate pair the second.
func (d *decoder) escapedRune() {
	r := d.hex()
	if utf16.IsSurrogate(r) {
		second := rune(-1)
		if d.err == nil && d.pos+1 < len(d.data) && d.data[d.pos] == '\\' && d.data[d.pos+1] == 'u' {
			d.pos += 2
			second = d.hex()
		}
		if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
			d.invalid("is not valid Unicode: half a surrogate pair")
			return
		}
	}
	if r == 0 {
		d.invalid("holds a NUL character")
	}
	if d.err == nil {
		d.scratch = utf8.AppendRune(d.scratch, r)
	}
}

// hex reads four hexadecimal digits.
func (d *decoder) hex() rune {
	if d.err != nil {
		return 0
	}
	if len(d.data)-d.pos < 4 {
		d.broken()
		return 0
	}
	r := rune(0)
	for range 4 {
		c := d.data[d.pos]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			d.broken()
			return 0
		}
		r = r<<4 | rune(c)
		d.pos++
	}
	return r
}

// skip goes over a value of a text that is known to be valid JSON.
func (d *decoder) skip() {
	d.peek()
	for depth := 0; d.pos < len(d.data); d.pos++ {
		switch d.data[d.pos] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return
			}
			depth--
		case ',':
			if depth == 0 {
				return
			}
		case '"':
			d.skipString()
		}
	}
}

// skipString goes to the closing quote of a valid string.
func (d *decoder) skipString() {
	for d.pos++; d.data[d.pos] != '"'; d.pos++ {
		if d.data[d.pos] == '\\' {
			d.pos++
		}
	}
}
