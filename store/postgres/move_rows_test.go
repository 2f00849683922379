package postgres

import (
	"math"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"florin/money"
)

// TestNumeric holds our numeric's format against the driver's.
func TestNumeric(t *testing.T) {
	t.Parallel()
	great, err := money.ParseSum("170141183460469231731687303715884105727")
	if err != nil {
		t.Fatal(err)
	}
	sums := []money.Sum{great, {}}
	for _, v := range []int64{
		1, -1, 9, 10, 9999, 10_000, -10_000, 10_001, 100_000_000, 99_999_999, 1234_0000_5678, math.MaxInt64, math.MinInt64,
	} {
		sums = append(sums, money.NewSum(v))
	}
	for _, sum := range sums {
		c := newColumns(shapeOf("", "n numeric"), 1)
		c.numeric(sum)
		c.end()
		var got pgtype.Numeric
		err := pgtype.NewMap().Scan(pgtype.NumericOID, pgtype.BinaryFormatCode, c.data[arrayHeader+16:c.row], &got)
		if err != nil {
			t.Fatal(err)
		}
		text, err := got.MarshalJSON()
		if err != nil || string(text) != sum.String() {
			t.Errorf("%s is read as %s: %v", sum, text, err)
		}
	}
}

// TestTuples: a row is written as COPY reads it.
func TestTuples(t *testing.T) {
	t.Parallel()
	c := newTuples(shapeOf("", "t text, b bool"), 2)
	c.text("ab")
	c.bool(true)
	c.end()
	c.null()
	c.bool(false)
	c.end()
	want := copySignature + "\x00\x02\x00\x00\x00\x02ab\x00\x00\x00\x01\x01" +
		"\x00\x02\xff\xff\xff\xff\x00\x00\x00\x01\x00" + "\xff\xff"
	if got, err := c.tuples(); string(got) != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
