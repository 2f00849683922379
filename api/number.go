package api

import "math"

// integer reads a whole number, written without a point or an exponent.
func (d *decoder) integer() int64 {
	if d.err != nil {
		return 0
	}
	c := d.peek()
	if c != '-' && (c < '0' || c > '9') {
		d.invalid("must be an integer")
		return 0
	}
	start := d.pos
	if c == '-' {
		d.pos++
	}
	magnitude, overflow := d.digits()
	if d.err != nil {
		return 0
	}
	if d.pos < len(d.data) {
		switch d.data[d.pos] {
		case '.', 'e', 'E':
			d.invalid("must be an integer, without a point or an exponent")
			return 0
		}
	}
	if overflow || magnitude > math.MaxInt64 {
		d.invalid("is out of range")
		return 0
	}
	if d.data[start] == '-' {
		return -int64(magnitude)
	}
	return int64(magnitude)
}

// digits reads the digits of a number: 0, or some that do not begin with 0.
func (d *decoder) digits() (magnitude uint64, overflow bool) {
	start := d.pos
	for d.pos < len(d.data) && d.data[d.pos] >= '0' && d.data[d.pos] <= '9' {
		overflow = overflow || magnitude > (math.MaxUint64-9)/10
		magnitude = magnitude*10 + uint64(d.data[d.pos]-'0')
		d.pos++
	}
	if n := d.pos - start; n == 0 || n > 1 && d.data[start] == '0' {
		d.broken()
	}
	return magnitude, overflow
}
