package postgres

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"florin/ident"
	"florin/money"
)

// row is a row of a result in PostgreSQL's binary formats. Columns are read in
// their order: each call takes the next one. The first column that is not what
// was asked for is the row's error.
type row struct {
	values [][]byte // nil for NULL; they last until the next row
	next   int
	err    error
}

var errColumn = errors.New("a column is not of the type that was expected")

// take returns the next column, nil for NULL; one of another size than asked for
// (0: any) is an error.
func (r *row) take(size int) []byte {
	if r.next >= len(r.values) {
		r.fail()
		return nil
	}
	value := r.values[r.next]
	r.next++
	if value != nil && size != 0 && len(value) != size {
		r.fail()
		return nil
	}
	return value
}

func (r *row) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("%w: column %d", errColumn, r.next)
	}
}

// id reads a uuid; NULL is the zero id.
func (r *row) id() (id ident.ID) {
	copy(id[:], r.take(len(id)))
	return id
}

// int reads an int8; NULL is 0.
func (r *row) int() int64 {
	if v := r.take(8); v != nil {
		return int64(binary.BigEndian.Uint64(v))
	}
	return 0
}

// small reads an int4; NULL is 0.
func (r *row) small() int {
	if v := r.take(4); v != nil {
		return int(int32(binary.BigEndian.Uint32(v)))
	}
	return 0
}

// bool reads a boolean; NULL is false.
func (r *row) bool() bool {
	v := r.take(1)
	return v != nil && v[0] != 0
}

// text reads a text; NULL is empty.
func (r *row) text() string { return string(r.take(0)) }

// bytes reads a bytea or a text; NULL and empty are nil.
func (r *row) bytes() []byte { return append([]byte(nil), r.take(0)...) }

// isNull tells whether the next column is NULL, without taking it.
func (r *row) isNull() bool { return r.next < len(r.values) && r.values[r.next] == nil }

// epoch is where PostgreSQL's times begin, in microseconds since 1970.
const epoch = 946_684_800_000_000

// time reads a timestamptz, to the millisecond; NULL is the zero time.
func (r *row) time() time.Time {
	v := r.take(8)
	if v == nil {
		return time.Time{}
	}
	micros := int64(binary.BigEndian.Uint64(v)) + epoch
	return time.UnixMicro(micros).UTC().Truncate(time.Millisecond)
}

// sum reads a numeric that was selected as text.
func (r *row) sum() (sum money.Sum) {
	text := r.take(0)
	if text == nil {
		r.fail()
		return sum
	}
	sum, err := money.ParseSum(string(text))
	if err != nil && r.err == nil {
		r.err = err
	}
	return sum
}

// jsonbVersion stands before a jsonb's text.
const jsonbVersion = 1

// json reads a jsonb into v, and tells whether it was there: NULL leaves v as it
// is.
func (r *row) json(v any) bool {
	data := r.take(0)
	if data == nil {
		return false
	}
	if len(data) < 1 || data[0] != jsonbVersion {
		r.fail()
		return false
	}
	if err := json.Unmarshal(data[1:], v); err != nil && r.err == nil {
		r.err = fmt.Errorf("column %d: %w", r.next, err)
	}
	return true
}
