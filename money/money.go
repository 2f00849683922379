// Package money holds amounts: integers in a currency's minor units, with
// checked arithmetic. Nothing here, or anywhere on the money path, is a float.
package money

import (
	"errors"
	"math/bits"
	"strconv"
)

// ErrOverflow is returned when a sum does not fit its type.
var ErrOverflow = errors.New("money: overflow")

var errSum = errors.New("money: not a decimal integer of at most 39 digits")

// Amount is a number of minor units of one currency.
type Amount struct {
	Minor    int64
	Currency Currency
}

// String writes the amount in major units, for example "12.34 USD".
func (a Amount) String() string {
	return FormatMinor(a.Minor, a.Currency.Exponent()) + " " + string(a.Currency)
}

// Add returns a+b, or ErrOverflow.
func Add(a, b int64) (int64, error) {
	sum := a + b
	if (a > 0 && b > 0 && sum <= 0) || (a < 0 && b < 0 && sum >= 0) {
		return 0, ErrOverflow
	}
	return sum, nil
}

// Sub returns a-b, or ErrOverflow.
func Sub(a, b int64) (int64, error) {
	difference := a - b
	if (a >= 0 && b < 0 && difference < 0) || (a < 0 && b > 0 && difference >= 0) {
		return 0, ErrOverflow
	}
	return difference, nil
}

// FormatMinor writes minor units as a decimal number with exponent digits
// behind the point (0 to 18).
func FormatMinor(minor int64, exponent int) string {
	if exponent == 0 {
		return strconv.FormatInt(minor, 10)
	}
	negative := minor < 0
	magnitude := uint64(minor)
	if negative {
		magnitude = -magnitude
	}
	digits := strconv.FormatUint(magnitude, 10)
	for len(digits) <= exponent {
		digits = "0" + digits
	}
	text := digits[:len(digits)-exponent] + "." + digits[len(digits)-exponent:]
	if negative {
		return "-" + text
	}
	return text
}

// Sum is a signed 128-bit integer: the balance of an account, which for a
// system account may exceed an int64. The zero value is zero.
type Sum struct {
	hi int64
	lo uint64
}

// NewSum returns v as a Sum.
func NewSum(v int64) Sum {
	return Sum{hi: v >> 63, lo: uint64(v)}
}

// Add returns s+v, or ErrOverflow beyond 127 bits.
func (s Sum) Add(v int64) (Sum, error) {
	return s.Plus(NewSum(v))
}

// Plus returns s+o, or ErrOverflow beyond 127 bits.
func (s Sum) Plus(o Sum) (Sum, error) {
	lo, carry := bits.Add64(s.lo, o.lo, 0)
	hi := s.hi + o.hi + int64(carry)
	if (s.hi >= 0) == (o.hi >= 0) && (hi >= 0) != (s.hi >= 0) {
		return Sum{}, ErrOverflow
	}
	return Sum{hi: hi, lo: lo}, nil
}

// Negative tells whether s is below zero.
func (s Sum) Negative() bool { return s.hi < 0 }

// IsZero tells whether s is zero.
func (s Sum) IsZero() bool { return s.hi == 0 && s.lo == 0 }

// Int64 returns s, and whether it fits.
func (s Sum) Int64() (int64, bool) {
	return int64(s.lo), s.hi == int64(s.lo)>>63
}

// String writes s in decimal.
func (s Sum) String() string {
	if v, ok := s.Int64(); ok {
		return strconv.FormatInt(v, 10)
	}
	hi, lo := uint64(s.hi), s.lo
	if s.hi < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	const chunk = 1e18
	var parts []string
	for hi != 0 || lo >= chunk {
		var rest uint64
		quotientHi := hi / chunk
		lo, rest = bits.Div64(hi%chunk, lo, chunk)
		hi = quotientHi
		digits := strconv.FormatUint(rest, 10)
		for len(digits) < 18 {
			digits = "0" + digits
		}
		parts = append(parts, digits)
	}
	text := strconv.FormatUint(lo, 10)
	for i := len(parts) - 1; i >= 0; i-- {
		text += parts[i]
	}
	if s.hi < 0 {
		return "-" + text
	}
	return text
}

// ParseSum reads what String wrote, every Sum's. It takes leading zeros too, up
// to 39 digits; what does not fit a Sum is ErrOverflow.
func ParseSum(text string) (Sum, error) {
	digits, negative := text, false
	if digits != "" && digits[0] == '-' {
		digits, negative = digits[1:], true
	}
	if digits == "" || len(digits) > 39 {
		return Sum{}, errSum
	}
	var hi, lo uint64
	for _, digit := range []byte(digits) {
		if digit < '0' || digit > '9' {
			return Sum{}, errSum
		}
		over, newHi := bits.Mul64(hi, 10)
		carryHi, newLo := bits.Mul64(lo, 10)
		var carry uint64
		lo, carry = bits.Add64(newLo, uint64(digit-'0'), 0)
		hi, carry = bits.Add64(newHi, carryHi, carry)
		if over != 0 || carry != 0 {
			return Sum{}, ErrOverflow
		}
	}
	if negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	sum := Sum{hi: int64(hi), lo: lo}
	if sum.Negative() != negative && !sum.IsZero() {
		return Sum{}, ErrOverflow
	}
	return sum, nil
}
