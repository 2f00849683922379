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

// columns are rows on their way into the database, in PostgreSQL's binary formats: an
// array of rows of a shape's type, for unnest, or what COPY reads. Values are bound
// row by row, each call for the next column; end ends a row.
type columns struct {
	oids    []uint32 // of the columns' types
	copying bool
	data    []byte
	row     int // where in data the present one begins
	rows    int
	next    int
	err     error // the first
}

// arrayHeader is an array's: dimensions, whether there are NULLs, the elements'
// type, their number, and what they are counted from.
const arrayHeader = 20

// copySignature begins what COPY reads, with no flags and no extension.
const copySignature = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// newColumns begins an array of rows.
func newColumns(s shape, rows int) *columns {
	c := &columns{oids: s.oids, data: make([]byte, arrayHeader, arrayHeader+rows*(8+20*len(s.oids)))}
	c.begin()
	return c
}

// newTuples begins what COPY reads.
func newTuples(s shape, rows int) *columns {
	c := &columns{oids: s.oids, copying: true, data: make([]byte, 0, len(copySignature)+rows*(2+16*len(s.oids))+2)}
	c.data = append(c.data, copySignature...)
	c.begin()
	return c
}

// begin begins a row, which has its length before it in an array.
func (c *columns) begin() {
	c.row, c.next = len(c.data), 0
	if c.copying {
		c.data = binary.BigEndian.AppendUint16(c.data, uint16(len(c.oids)))
		return
	}
	c.data = binary.BigEndian.AppendUint32(c.data, 0)
	c.data = binary.BigEndian.AppendUint32(c.data, uint32(len(c.oids)))
}

// end ends a row.
func (c *columns) end() {
	if c.next != len(c.oids) && c.err == nil {
		c.err = fmt.Errorf("%d values are bound to %d columns", c.next, len(c.oids))
	}
	if !c.copying {
		binary.BigEndian.PutUint32(c.data[c.row:], uint32(len(c.data)-c.row-4))
	}
	c.rows++
	c.begin()
}

// args returns the array as a statement's parameter. Its header says no number of the
// elements' type, which each database gives itself: the server takes the statement's.
func (c *columns) args() ([][]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	beginArray(c.data, 0, c.rows)
	return [][]byte{c.data[:c.row:c.row]}, nil
}

// tuples returns the rows as COPY reads them.
func (c *columns) tuples() ([]byte, error) {
	return binary.BigEndian.AppendUint16(c.data[:c.row], 0xffff), c.err
}

// put begins a value of a size in the next column.
func (c *columns) put(size int) *[]byte {
	if !c.copying && c.next < len(c.oids) {
		c.data = binary.BigEndian.AppendUint32(c.data, c.oids[c.next])
	}
	c.next++ // end tells of one too many
	c.data = binary.BigEndian.AppendUint32(c.data, uint32(size))
	return &c.data
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
	a := make([]byte, arrayHeader, arrayHeader+20*len(ids))
	beginArray(a, pgtype.UUIDOID, len(ids))
	for _, id := range ids {
		a = append(binary.BigEndian.AppendUint32(a, uint32(len(id))), id[:]...)
	}
	return a
}

// intsParam makes an array of int8.
func intsParam(values []int64) []byte {
	a := make([]byte, arrayHeader, arrayHeader+12*len(values))
	beginArray(a, pgtype.Int8OID, len(values))
	for _, v := range values {
		a = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(a, 8), uint64(v))
	}
	return a
}

// beginArray writes an array's header, into the room that it has.
func beginArray(a []byte, element uint32, n int) {
	for at, v := range []uint32{1, 1, element, uint32(n), 1} {
		binary.BigEndian.PutUint32(a[4*at:], v)
	}
}
