package postgres

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"florin/ident"
	"florin/money"
)

// columns are rows on their way into the database: an array a column, in
// PostgreSQL's binary formats, for unnest to make rows of again. Values are bound
// row by row, each call for the next column; end ends a row.
type columns struct {
	oids   []uint32 // of the columns' types
	arrays [][]byte
	rows   int
	next   int
	err    error // the first
}

// arrayHeader is an array's: dimensions, whether there are NULLs, the elements'
// type, their number, and what they are counted from.
const arrayHeader = 20

func newColumns(oids []uint32, rows int) *columns {
	c := &columns{oids: oids, arrays: make([][]byte, len(oids))}
	for i := range c.arrays {
		c.arrays[i] = make([]byte, arrayHeader, arrayHeader+24*rows)
	}
	return c
}

// end ends a row.
func (c *columns) end() {
	if c.next != len(c.oids) && c.err == nil {
		c.err = fmt.Errorf("%d values are bound to %d columns", c.next, len(c.oids))
	}
	c.rows++
	c.next = 0
}

// args returns the arrays as parameters.
func (c *columns) args() ([][]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	for i, a := range c.arrays {
		binary.BigEndian.PutUint32(a[0:], 1)
		binary.BigEndian.PutUint32(a[4:], 1)
		binary.BigEndian.PutUint32(a[8:], c.oids[i])
		binary.BigEndian.PutUint32(a[12:], uint32(c.rows))
		binary.BigEndian.PutUint32(a[16:], 1)
	}
	return c.arrays, nil
}

// put begins a value of a size in the next column.
func (c *columns) put(size int) *[]byte {
	if c.next == len(c.arrays) {
		c.next = 0 // end tells
	}
	a := &c.arrays[c.next]
	c.next++
	*a = binary.BigEndian.AppendUint32(*a, uint32(size))
	return a
}

func (c *columns) null() { c.put(-1) }

// id binds a uuid; the zero id is NULL.
func (c *columns) id(id ident.ID) {
	if id.IsZero() {
		c.null()
		return
	}
	a := c.put(len(id))
	*a = append(*a, id[:]...)
}

// int binds an int8.
func (c *columns) int(v int64) {
	a := c.put(8)
	*a = binary.BigEndian.AppendUint64(*a, uint64(v))
}

// intOrNull binds an int8, NULL when it is 0.
func (c *columns) intOrNull(v int64) {
	if v == 0 {
		c.null()
		return
	}
	c.int(v)
}

// small binds an int4.
func (c *columns) small(v int) {
	if v != int(int32(v)) && c.err == nil {
		c.err = fmt.Errorf("%d does not fit an integer", v)
	}
	a := c.put(4)
	*a = binary.BigEndian.AppendUint32(*a, uint32(v))
}

// bool binds a boolean.
func (c *columns) bool(v bool) {
	a := c.put(1)
	if v {
		*a = append(*a, 1)
	} else {
		*a = append(*a, 0)
	}
}

// text binds a text.
func (c *columns) text(v string) {
	a := c.put(len(v))
	*a = append(*a, v...)
}

// bytes binds a text or a bytea.
func (c *columns) bytes(v []byte) {
	a := c.put(len(v))
	*a = append(*a, v...)
}

// bytesOrNull binds a bytea, NULL when v is nil.
func (c *columns) bytesOrNull(v []byte) {
	if v == nil {
		c.null()
		return
	}
	c.bytes(v)
}

// time binds a timestamptz, to the millisecond; the zero time is NULL.
func (c *columns) time(t time.Time) {
	if t.IsZero() {
		c.null()
		return
	}
	a := c.put(8)
	*a = appendTime(*a, t)
}

// sum binds a text that is to be a numeric.
func (c *columns) sum(sum money.Sum) { c.text(sum.String()) }

// json binds a jsonb.
func (c *columns) json(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		if c.err == nil {
			c.err = err
		}
		c.null()
		return
	}
	a := c.put(1 + len(data))
	*a = append(append(*a, jsonbVersion), data...)
}

// metadata binds pairs as a jsonb, none as NULL.
func (c *columns) metadata(pairs map[string]string) {
	if len(pairs) == 0 {
		c.null()
		return
	}
	c.json(pairs)
}

func appendTime(to []byte, t time.Time) []byte {
	micros := t.UnixMilli()*1000 - epoch
	return binary.BigEndian.AppendUint64(to, uint64(micros))
}

// Single parameters.

func intParam(v int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(v))
}

func smallParam(v int) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(v))
}

func idParam(id ident.ID) []byte { return id[:] }

// idsParam makes an array of ids.
func idsParam(ids []ident.ID) []byte {
	c := newColumns([]uint32{pgtype.UUIDOID}, len(ids))
	for _, id := range ids {
		c.put(len(id))
		c.arrays[0] = append(c.arrays[0], id[:]...)
		c.end()
	}
	args, _ := c.args() // one value was bound to one column
	return args[0]
}
